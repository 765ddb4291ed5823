"""A backend for a catalogue that is one JSON file."""

from soulsync_engine.plugin import BackendSpec

backend = BackendSpec(
    name="fifth",
    title="One JSON file",
    contract=1,
    client="soulsync_fifth.client:FifthClient",
    settings="soulsync_fifth.settings:FifthSettings",
)
