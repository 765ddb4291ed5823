"""Libraries of known content, as data and as real audio files, with what a server must show for them."""

from soulsync_engine.testing.scenarios.catalogue import (
    COVER,
    DIFFICULT_CHARS,
    LONG_TITLE,
    PAGE,
    VARIOUS_ARTISTS,
    empty,
    odd,
    paged,
    shared,
    small,
)
from soulsync_engine.testing.scenarios.model import MUSIC, ExpectedAlbum, Scenario, ScenarioTrack
from soulsync_engine.testing.scenarios.writing import rewrite_scenario, write_scenario

__all__ = [
    "COVER",
    "DIFFICULT_CHARS",
    "LONG_TITLE",
    "MUSIC",
    "PAGE",
    "VARIOUS_ARTISTS",
    "ExpectedAlbum",
    "Scenario",
    "ScenarioTrack",
    "empty",
    "odd",
    "paged",
    "rewrite_scenario",
    "shared",
    "small",
    "write_scenario",
]
