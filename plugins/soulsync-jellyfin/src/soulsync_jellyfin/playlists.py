"""Reading playlists, and what is true of one alone: its name, its description, who sees it, its cover."""

from __future__ import annotations

from typing import Final

import msgspec

from soulsync_engine.capabilities import Support
from soulsync_engine.errors import (
    IncompleteSweepError,
    NotAllowedError,
    NotFoundError,
    UnsupportedError,
)
from soulsync_engine.http import BadRequestError, decode, decode_items, decode_listing
from soulsync_engine.models import FieldResult, Kind, MediaBytes, Page, Playlist, PlaylistEntry
from soulsync_jellyfin import wire
from soulsync_jellyfin.dialect import Params
from soulsync_jellyfin.editing import Editing
from soulsync_jellyfin.listing import offset_of
from soulsync_jellyfin.reading import FIELDS
from soulsync_jellyfin.values import text_id

_FIELDS: Final = "CanDelete,ChildCount,DateCreated,Etag,Overview"
_FOREIGN: Final = "it belongs to another user"
_NEEDS_A_USER: Final = (
    "Sign in with user name and password, or by Quick Connect, instead of using an API key."
)


class Playlists(Editing):
    """The operations on playlists that do not touch their entries."""

    _only_a_key = False
    """Whether the server showed that the credentials are an API key, which may not do all to playlists."""

    def list_playlists(self, cursor: str | None, limit: int) -> Page[Playlist]:
        """The playlists the user sees, but for those of videos."""
        start = offset_of(cursor)
        while True:
            params: Params = {
                "userId": self.connection.user().id,
                "recursive": True,
                "includeItemTypes": "Playlist",
                "fields": _FIELDS,
                "sortBy": "SortName,DateCreated",
                "enableImages": False,
                "startIndex": start,
                "limit": limit,
                "enableTotalRecordCount": True,
            }
            result = self.transport.get(("Items",), wire.Result[wire.Item], params)
            rows = result.items or []
            start += len(rows)
            last = not rows or start >= (result.total_record_count or 0)
            ours = tuple(
                self.mapper.playlist(row, public=None, read_only=self._read_only(row))
                for row in rows
                if row.media_type != "Video" and row.id is not None
            )
            if ours or last:
                return Page(items=ours, next_cursor=None if last else str(start))

    def list_playlist_entries(self, playlist_id: str, cursor: str | None, limit: int) -> Page[PlaylistEntry]:
        """The entries in playlist order, with their tracks."""
        start = offset_of(cursor)
        params: Params = {
            "userId": self.connection.user().id,
            "fields": FIELDS[Kind.TRACK],
            "enableImages": False,
            "startIndex": start,
            "limit": limit,
        }
        path = ("Playlists", self.checked_id(Kind.PLAYLIST, playlist_id), "Items")
        result = decode_listing(
            self.transport.page(path, params), wire.Result[wire.Track], wire.Result[msgspec.Raw]
        )
        if result.start_index not in (None, start):
            raise IncompleteSweepError(
                f"The server was asked for the entries from {start} on and sent others.", server=self.server
            )
        rows = result.items or []
        places = iter(range(start, start + len(rows)))
        decoded = decode_items(
            rows, wire.Track, lambda row: self.mapper.entry(next(places), row), kind=Kind.TRACK, id_key="Id"
        )
        total = result.total_record_count or 0
        end = start + len(rows)
        last = not rows or end >= total
        return Page(
            items=decoded.items,
            problems=decoded.problems,
            total=total,
            next_cursor=None if last else str(end),
        )

    def edit_playlist(
        self, playlist_id: str, name: str | None, description: str | None, public: bool | None
    ) -> Playlist:
        """Name and visibility are the owner's to set, the description an administrator's."""
        self.item(Kind.PLAYLIST, playlist_id)
        if public is not None and not self.dialect.replaces_in_place:
            raise self.no_visibility("edit_playlist")
        details: dict[str, object] = {
            key: value for key, value in (("Name", name), ("IsPublic", public)) if value is not None
        }
        if details and not self.update_in_place(playlist_id, details):
            if public is not None:
                raise NotAllowedError(
                    "An API key cannot change who sees a playlist.",
                    server=self.server,
                    next_step=_NEEDS_A_USER,
                )
            self.edit_details(playlist_id, {"Name": name})
        if description is not None:
            self.edit_details(playlist_id, {"Overview": description})
        return self.playlist(playlist_id)

    def set_playlist_image(self, playlist_id: str, image: MediaBytes) -> FieldResult:
        """Set the cover, which needs an administrator."""
        return self.set_picture(Kind.PLAYLIST, playlist_id, image)

    def delete_playlist(self, playlist_id: str) -> Playlist:
        """Delete a playlist, and nothing that is none."""
        doomed = self.playlist(playlist_id)
        self.transport.send("DELETE", ("Items", playlist_id))
        return doomed

    def playlist(self, playlist_id: str) -> Playlist:
        """A playlist as the server has it now."""
        item = self.item(Kind.PLAYLIST, playlist_id)
        return self.mapper.playlist(item, public=self._public(playlist_id), read_only=self._read_only(item))

    def update_in_place(self, playlist_id: str, changes: dict[str, object]) -> bool:
        """Change a playlist in one request; whether the server lets these credentials do so."""
        if self._only_a_key or not self.dialect.replaces_in_place:
            return False
        try:
            self.transport.send("POST", ("Playlists", playlist_id), json=changes, idempotent=True)
        except BadRequestError:
            self._only_a_key = True
            return False
        return True

    def edit_details(self, playlist_id: str, changes: dict[str, object]) -> None:
        """Change a playlist as an item, which needs an administrator."""
        item = self.whole(Kind.PLAYLIST, playlist_id)
        self.store(playlist_id, {**item, **changes})

    def no_visibility(self, operation: str) -> UnsupportedError:
        """The error for playlists whose visibility cannot be set."""
        return UnsupportedError(
            f"The visibility of a playlist cannot be set on {self.dialect.product}.",
            operation=operation,
            support=Support.server_cannot(f"playlists of {self.dialect.product} are shared by other means"),
            server=self.server,
        )

    def _public(self, playlist_id: str) -> bool | None:
        if self._only_a_key or not self.dialect.replaces_in_place:
            return None
        try:
            details = decode(self.transport.send("GET", ("Playlists", playlist_id)), wire.PlaylistDetails)
        except BadRequestError:
            self._only_a_key = True
            return None
        return details.open_access

    def _read_only(self, row: wire.Item) -> str | None:
        """Why a playlist cannot be edited. Its owner may delete it; others may be allowed to edit."""
        if row.can_delete is not False or not self.dialect.replaces_in_place:
            return None if row.can_delete is not False else _FOREIGN
        path = ("Playlists", text_id(row.id) or "", "Users", self.connection.user().id)
        try:
            shared = decode(self.transport.send("GET", path), wire.Permission)
        except (NotFoundError, NotAllowedError, BadRequestError):
            return _FOREIGN
        return None if shared.can_edit else _FOREIGN
