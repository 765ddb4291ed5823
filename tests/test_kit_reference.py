"""The kit on the reference backend."""

from soulsync_engine.testing.reference.conformance import TestReference

__all__ = ["TestReference"]
