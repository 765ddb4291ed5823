"""A simulated Plex Media Server that speaks XML and JSON over HTTP, for tests of any client.

    with PlexSimulator(scenario, personality=OLD) as plex:
        PlexServer(plex.base_url, plex.token).library.sections()

It needs `pip install "soulsync-engine[testing]"`.
"""

from soulsync_plex.simulator.personality import (
    CURRENT,
    FORGETFUL,
    ITALIAN,
    OLD,
    PERSONALITIES,
    REKEYING,
    SEVERAL,
    TIMES,
    Personality,
)
from soulsync_plex.simulator.plextv import ACCOUNT_TOKEN, ListedServer, ListedUser, PlexTvSimulator, Way
from soulsync_plex.simulator.server import TOKEN, PlexSimulator
from soulsync_plex.simulator.state import MACHINE_ID, SimulatedAccount

__all__ = [
    "ACCOUNT_TOKEN",
    "CURRENT",
    "FORGETFUL",
    "ITALIAN",
    "MACHINE_ID",
    "OLD",
    "PERSONALITIES",
    "REKEYING",
    "SEVERAL",
    "TIMES",
    "TOKEN",
    "ListedServer",
    "ListedUser",
    "Personality",
    "PlexSimulator",
    "PlexTvSimulator",
    "SimulatedAccount",
    "Way",
]
