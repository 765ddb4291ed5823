"""Reading playlists, and what is true of one alone: its name, its description, who sees it, its cover."""

from __future__ import annotations

from typing import Final

from soulsync_engine.capabilities import Support
from soulsync_engine.errors import (
    NotAllowedError,
    NotFoundError,
    UnsupportedError,
)
from soulsync_engine.http import BadRequestError, decode
from soulsync_engine.models import FieldResult, Kind, MediaBytes, Page, Playlist, PlaylistEntry
from soulsync_jellyfin import wire
from soulsync_jellyfin.editing import Editing
from soulsync_jellyfin.listing import Query
from soulsync_jellyfin.mapper import TYPES
from soulsync_jellyfin.readers import ENTRIES, PLAYLISTS
from soulsync_jellyfin.reading import FIELDS
from soulsync_jellyfin.values import text_id

_PLAYLISTS: Final = Query(
    name="playlists",
    kind=Kind.PLAYLIST,
    path=("Items",),
    params={
        "recursive": True,
        "includeItemTypes": TYPES[Kind.PLAYLIST],
        "fields": "CanDelete,ChildCount,DateCreated,Etag,Overview",
        "sortBy": "SortName,DateCreated",
        "enableImages": False,
    },
)
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
        while True:
            page = self.lister.page_beside(_PLAYLISTS, cursor, limit, PLAYLISTS)
            ours = tuple(
                self.mapper.playlist(row, public=None, read_only=self._read_only(row))
                for row in page.items
                if row.media_type != "Video"
            )
            cursor = page.next_cursor
            if ours or page.problems or cursor is None:
                return Page(items=ours, problems=page.problems, next_cursor=cursor)

    def list_playlist_entries(self, playlist_id: str, cursor: str | None, limit: int) -> Page[PlaylistEntry]:
        """The entries in playlist order, with their tracks."""
        query = Query(
            name=f"entries of {playlist_id}",
            kind=Kind.TRACK,
            path=("Playlists", self.checked_id(Kind.PLAYLIST, playlist_id), "Items"),
            params={"fields": FIELDS[Kind.TRACK], "enableImages": False},
            counts_always=True,
        )
        return self.lister.page_beside(query, cursor, limit, ENTRIES)

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
            if not self.is_for_a_key():
                raise
            return False
        return True

    def is_for_a_key(self) -> bool:
        """Whether what was just refused is refused to every API key, and these credentials are one; then remembered."""
        self._only_a_key = self.connection.is_key()
        return self._only_a_key

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
            if not self.is_for_a_key():
                raise
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
