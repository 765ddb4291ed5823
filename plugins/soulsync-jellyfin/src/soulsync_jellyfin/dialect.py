"""What differs between Jellyfin and Emby, in one table each; the rest of the package asks nobody which one it is.

Jellyfin's side is in the published OpenAPI documents. Emby's side is from: [E] Emby's published description of its API
(4.9, as in its client `embyclient`), [K] Emby's own add-on for Kodi, [G] the last open source of the server, from which
both come, [L] what the application that came before this engine met.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Path = tuple[str, ...]
Params = dict[str, str | int | bool | None]

THIN: Final[Params] = {"fields": None, "enableUserData": False, "enableImages": False}
"""Asks for rows with nothing but what names them."""

_GUID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER_OR_GUID: Final = re.compile(rf"[0-9]{{1,19}}|{_GUID.pattern}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How this program introduces itself; a server tells devices apart by it."""

    device: str
    device_id: str
    version: str
    client: str = "soulsync-engine"

    def header(self, scheme: str, token: str | None) -> str:
        """The value of an `Authorization` header."""
        pairs = {
            "Client": self.client,
            "Device": self.device,
            "DeviceId": self.device_id,
            "Version": self.version,
        }
        if token is not None:
            pairs["Token"] = token
        return f"{scheme} " + ", ".join(f'{name}="{value}"' for name, value in pairs.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One kind of server.

    `tells_whose_token` is whether `/Users/Me` exists. `replaces_in_place` is whether the entries, the name and the
    visibility of a playlist can be set in one request (Jellyfin since 10.9). `json_playlists` is whether a playlist is
    created by a JSON body, which has no limit of length. `per_user_paths` is whether a user's relation to items
    lies below `/Users/{id}`, as it does on Emby and did on Jellyfin before 10.9. `pages_folders` is whether the
    folders of the libraries come as a page. `sync_queue` is where the KodiSyncQueue plugin answers, `scan_params`
    what a scan of one library needs besides, `session_params` what keeps silent sessions out, `socket_path` where the
    websocket is, and `token_in_socket_address` whether it reads no header.
    """

    product: str
    scheme: str
    token_header: str | None
    ids: re.Pattern[str]
    tells_whose_token: bool
    replaces_in_place: bool
    json_playlists: bool
    per_user_paths: bool
    pages_folders: bool
    sync_queue: str
    scan_params: Mapping[str, bool]
    session_params: Mapping[str, int]
    socket_path: str
    token_in_socket_address: bool

    def headers(self, identity: Identity, token: str | None) -> Mapping[str, str]:
        """The headers that say who asks. Jellyfin 12 accepts no other form than its own."""
        if self.token_header is None:
            return {"Authorization": identity.header(self.scheme, token)}
        headers = {"X-Emby-Authorization": identity.header(self.scheme, None)}
        if token is not None:
            headers[self.token_header] = token
        return headers

    def is_id(self, text: str) -> bool:
        """Whether an item of such a server can have this id. Servers answer 400 or 500 to others."""
        return self.ids.fullmatch(text) is not None

    def views(self, user: str) -> tuple[Path, Params]:
        """The libraries a user sees."""
        return self._of_user(user, ("Views",), ("UserViews",))

    def item(self, user: str, item: str) -> tuple[Path, Params]:
        """One item with all its fields."""
        return self._of_user(user, ("Items", item), ("Items", item))

    def favorite(self, user: str, item: str) -> tuple[Path, Params]:
        """Whether an item is a favourite: POST sets it, DELETE takes it back."""
        return self._of_user(user, ("FavoriteItems", item), ("UserFavoriteItems", item))

    def rating(self, user: str, item: str) -> tuple[Path, Params]:
        """A user's rating of an item: DELETE clears it."""
        return self._of_user(user, ("Items", item, "Rating"), ("UserItems", item, "Rating"))

    def user_data(self, user: str, item: str) -> tuple[Path, Params]:
        """All that is stored of a user's relation to an item: POST sets what it is given."""
        return self._of_user(user, ("Items", item, "UserData"), ("UserItems", item, "UserData"))

    def _of_user(self, user: str, below: Path, beside: Path) -> tuple[Path, Params]:
        if self.per_user_paths:
            return ("Users", user, *below), {}
        return beside, {"userId": user}


JELLYFIN: Final = Dialect(
    product="Jellyfin",
    scheme="MediaBrowser",
    token_header=None,
    ids=_GUID,
    tells_whose_token=True,
    replaces_in_place=True,
    json_playlists=True,
    per_user_paths=False,
    pages_folders=False,
    sync_queue="Jellyfin.Plugin.KodiSyncQueue",
    scan_params={},
    # Clients report every few seconds; a session that is silent for longer has ended.
    session_params={"activeWithinSeconds": 960},
    socket_path="/socket",
    token_in_socket_address=False,
)

EMBY: Final = Dialect(
    product="Emby",
    scheme="Emby",  # [G] AuthorizationContext
    token_header="X-Emby-Token",  # noqa: S106 - the name of a header [K, L]
    ids=_NUMBER_OR_GUID,  # items have numbers, users 32 digits [L]
    tells_whose_token=False,  # [E] has no /Users/Me
    replaces_in_place=False,  # [E] has no POST /Playlists/{id}
    json_playlists=False,  # [E] takes Name, Ids and MediaType from the query, [G] UserId too
    per_user_paths=True,  # [E, K]
    pages_folders=True,  # [E] /Library/VirtualFolders/Query
    sync_queue="Emby.Kodi.SyncQueue",  # [K]
    scan_params={"recursive": True},  # [E] requires it
    session_params={},  # [E] has no activeWithinSeconds
    socket_path="/embywebsocket",  # [K]
    token_in_socket_address=True,  # [K]
)
