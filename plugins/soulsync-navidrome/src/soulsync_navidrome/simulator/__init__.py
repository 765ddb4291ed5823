"""Wire-level fakes of Navidrome and of other Subsonic servers, to test clients against.

    with NavidromeSimulator(STRICT_OPENSUBSONIC, scenario=small()) as server:
        ...                     # any client, at server.base_url, with server.settings()

What a request has that the real server would not know is refused, and leaving the block then fails. Faults are
ordered with `server.faults`, see `soulsync_engine.testing.simulator`.
"""

from __future__ import annotations

from soulsync_navidrome.simulator.library import Catalogue, Naming, Song, from_scenario
from soulsync_navidrome.simulator.personality import (
    API_KEYS,
    NAVIDROME,
    NAVIDROME_AFTER_REID,
    NAVIDROME_BEFORE_REID,
    OLD_NAVIDROME,
    STRICT_OPENSUBSONIC,
    SUBSONIC_1_12,
    EmptySearch,
    Personality,
)
from soulsync_navidrome.simulator.server import ADMIN, LISTENER, PASSWORD, NavidromeSimulator

__all__ = [
    "ADMIN",
    "API_KEYS",
    "LISTENER",
    "NAVIDROME",
    "NAVIDROME_AFTER_REID",
    "NAVIDROME_BEFORE_REID",
    "OLD_NAVIDROME",
    "PASSWORD",
    "STRICT_OPENSUBSONIC",
    "SUBSONIC_1_12",
    "Catalogue",
    "EmptySearch",
    "Naming",
    "NavidromeSimulator",
    "Personality",
    "Song",
    "from_scenario",
]
