"""A simulated Jellyfin or Emby server, on the wire.

with JellyfinSimulator(scenario, personality=JELLYFIN_12) as simulator:
    settings = simulator.settings()
"""

from __future__ import annotations

from soulsync_jellyfin.simulator.accounts import User
from soulsync_jellyfin.simulator.catalogue import Catalogue, Entry, Library, Picture
from soulsync_jellyfin.simulator.personality import (
    EMBY_4_9,
    JELLYFIN_10_9,
    JELLYFIN_10_11,
    JELLYFIN_12,
    Credentials,
    Personality,
)
from soulsync_jellyfin.simulator.server import Check, JellyfinSimulator

__all__ = [
    "EMBY_4_9",
    "JELLYFIN_10_9",
    "JELLYFIN_10_11",
    "JELLYFIN_12",
    "Catalogue",
    "Check",
    "Credentials",
    "Entry",
    "JellyfinSimulator",
    "Library",
    "Personality",
    "Picture",
    "User",
]
