"""The migrations of the mirror's tables, run by `soulsync_engine.mirror.migration`."""
