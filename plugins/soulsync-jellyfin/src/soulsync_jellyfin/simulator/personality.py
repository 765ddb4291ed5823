"""What kind of server is simulated.

The facts modelled here and in the other modules come from: [A] probes of a real 10.11.11, [I] notes of the same project
on the shapes of items, [S] the source of the server, [N] another server's Jellyfin API, [O] the published OpenAPI
documents, [F] recorded answers. Of Emby: [E] its published description of its API (4.9, as in its client `embyclient`),
[K] its own add-on for Kodi, [G] the last open source of the server from which both come, [L] what the application that
came before this engine met. That Emby keeps a track in a playlist as often as it was put there is [L], that only
administrators may do this or that [E].
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Credentials(StrEnum):
    """With what `settings()` of the simulator asks."""

    ADMIN_KEY = "an administrator's API key"
    ADMIN_TOKEN = "an administrator's access token"  # noqa: S105
    USER_TOKEN = "a plain user's access token"  # noqa: S105
    PASSWORD = "an administrator's password"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Personality:
    """One kind of server.

    `legacy_auth` is whether the headers and parameters of Emby's time are taken; 12.0 switches them off
    (migration 20260531160000) [S]. `keeps_duplicates` is whether a track can be in a playlist twice: Jellyfin keeps an
    item at most once [A 2.7]. `takes_position` is whether tracks can be added at a position [O 12.0].
    `implies_recursion` is whether a library's items of some type are all of them, also where `recursive` is not said
    [S, after 10.11].
    """

    name: str
    version: str
    product: str = "Jellyfin Server"
    emby: bool = False
    legacy_auth: bool = True
    keeps_duplicates: bool = False
    takes_position: bool = False
    implies_recursion: bool = False


JELLYFIN_10_9: Final = Personality(name="Jellyfin 10.9", version="10.9.11")
JELLYFIN_10_11: Final = Personality(name="Jellyfin 10.11", version="10.11.11")
JELLYFIN_12: Final = Personality(
    name="Jellyfin 12.0", version="12.0.0", legacy_auth=False, takes_position=True, implies_recursion=True
)
EMBY_4_9: Final = Personality(
    name="Emby", version="4.9.1.80", product="Emby Server", emby=True, keeps_duplicates=True
)
