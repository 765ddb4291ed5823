"""Playlists. An entry is named by its place and its track, so that a place that has shifted is noticed."""

from __future__ import annotations

from typing import Final

import msgspec

from soulsync_engine.http import DecodedItems
from soulsync_engine.models import (
    Kind,
    Page,
    Playlist,
    PlaylistEntry,
    Track,
)
from soulsync_engine.plugin import (
    ConflictError,
    NotAllowedError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_navidrome import mapper
from soulsync_navidrome.failures import PageRefusedError, RefusedError, gone
from soulsync_navidrome.pages import Snapshot, offset_of
from soulsync_navidrome.scanning import ScanningClient
from soulsync_navidrome.transport import Parameters
from soulsync_navidrome.wire import WirePlaylist

_BATCH: Final = 2000
"""Songs in one request. They travel in a body, so the address sets no limit; servers cap the number of parameters."""


class PlaylistsClient(ScanningClient):
    """Playlists."""

    def list_playlists(self, cursor: str | None, limit: int) -> Page[Playlist]:
        """As in the contract; the server sends them in one piece."""
        return Snapshot(self._all_playlists()).page(offset_of(cursor, self.server), limit)

    def list_playlist_entries(self, playlist_id: str, cursor: str | None, limit: int) -> Page[PlaylistEntry]:
        """As in the contract; the server sends them in one piece."""
        offset = offset_of(cursor, self.server)
        tracks = self._content(playlist_id)[1]
        part = tuple(
            PlaylistEntry(
                entry_id=_entry_id(place, track.ref.id), position=place, track_ref=track.ref, track=track
            )
            for place, track in enumerate(tracks[offset : offset + limit], start=offset)
        )
        end = offset + len(part)
        return Page(items=part, next_cursor=str(end) if end < len(tracks) else None, total=len(tracks))

    def create_playlist(
        self, name: str, track_ids: tuple[str, ...], description: str | None, public: bool
    ) -> Playlist:
        """As in the contract."""
        before = (
            set() if self._connection.facts.rich else {entry.ref.id for entry in self._all_playlists().items}
        )
        songs: Parameters = [("songId", track_id) for track_id in track_ids[:_BATCH]]
        response = self._connection.transport.call(
            "createPlaylist", [("name", name), *songs], idempotent=False
        )
        made = self._asking.one(response.playlist, WirePlaylist)
        playlist_id = str(made.id) if made is not None and made.id is not None else self._newest(name, before)
        try:
            self._append(playlist_id, track_ids[_BATCH:])
            self._edit(playlist_id, None, description, public or None)
        except SoulSyncError as error:
            raise self._half_done(playlist_id, "created", track_ids, error) from None
        return self._content(playlist_id)[0]

    def add_entries(self, playlist_id: str, track_ids: tuple[str, ...], position: int | None) -> Playlist:
        """As in the contract. Servers only append; for another place the whole list is written anew."""
        playlist, tracks = self._editable(playlist_id)
        ids = [track.ref.id for track in tracks]
        if position is None or position >= len(ids):
            self._append(playlist_id, track_ids)
        else:
            place = max(0, position)
            self._overwrite(playlist, (*ids[:place], *track_ids, *ids[place:]))
        return self._content(playlist_id)[0]

    def remove_entries(self, playlist_id: str, entry_ids: tuple[str, ...]) -> Playlist:
        """As in the contract. The last place goes first, so that the others do not shift."""
        playlist, tracks = self._editable(playlist_id)
        places = sorted({self._place(entry_id, tracks) for entry_id in entry_ids}, reverse=True)
        if not places:
            return playlist
        wanted = [track.ref.id for place, track in enumerate(tracks) if place not in set(places)]
        for start in range(0, len(places), _BATCH):
            self._update(
                playlist_id, [("songIndexToRemove", place) for place in places[start : start + _BATCH]]
            )
        stored, left = self._content(playlist_id)
        if [track.ref.id for track in left] != wanted:
            raise ConflictError(
                f"After removing {len(places)} entries the playlist {playlist.name!r} is not what it should be.",
                server=self.server,
                next_step="Read it again; somebody else may have changed it at the same time.",
            )
        return stored

    def move_entry(self, playlist_id: str, entry_id: str, position: int) -> Playlist:
        """As in the contract. Servers cannot move, so the list is written anew in one request."""
        playlist, tracks = self._editable(playlist_id)
        ids = [track.ref.id for track in tracks]
        moved = ids.pop(self._place(entry_id, tracks))
        ids.insert(max(0, position), moved)
        self._overwrite(playlist, tuple(ids))
        return self._content(playlist_id)[0]

    def replace_entries(self, playlist_id: str, track_ids: tuple[str, ...]) -> Playlist:
        """As in the contract."""
        playlist, tracks = self._editable(playlist_id)
        if tuple(track.ref.id for track in tracks) != track_ids:
            self._overwrite(playlist, track_ids)
        return self._content(playlist_id)[0]

    def edit_playlist(
        self, playlist_id: str, name: str | None, description: str | None, public: bool | None
    ) -> Playlist:
        """As in the contract."""
        self._editable(playlist_id)
        self._edit(playlist_id, name, description, public)
        return self._content(playlist_id)[0]

    def delete_playlist(self, playlist_id: str) -> Playlist:
        """As in the contract."""
        playlist, _ = self._editable(playlist_id)
        self._connection.transport.call("deletePlaylist", [("id", playlist_id)])
        return playlist

    def _all_playlists(self) -> DecodedItems[Playlist]:
        response = self._connection.transport.call("getPlaylists")
        raw = response.playlists.playlist if response.playlists else msgspec.Raw()
        user = self._connection.facts.user
        return self._asking.items(
            raw, WirePlaylist, lambda wire: mapper.playlist(wire, self.server, user), Kind.PLAYLIST
        )

    def _content(self, playlist_id: str) -> tuple[Playlist, tuple[Track, ...]]:
        """A playlist and its tracks, read at this moment."""
        try:
            raw = self._connection.transport.call("getPlaylist", [("id", playlist_id)]).playlist
        except (RefusedError, PageRefusedError) as error:
            raise self._unknown(error) from None
        wire = self._asking.one(raw, WirePlaylist)
        if wire is None:
            raise gone(f"The server has no playlist {playlist_id!r}.", server=self.server)
        found = self._asking.tracks(wire.entry, self._connection.reading)
        if found.problems:
            # Places are counted, so that an entry left out would put every later one in a wrong place.
            raise UnavailableError(
                f"{len(found.problems)} entries of the playlist {playlist_id!r} cannot be read: "
                f"{found.problems[0].reason}.",
                server=self.server,
                next_step="Take them out of the playlist on the server's own page.",
            )
        user = self._connection.facts.user
        return self._asking.made(lambda: mapper.playlist(wire, self.server, user)), found.items

    def _editable(self, playlist_id: str) -> tuple[Playlist, tuple[Track, ...]]:
        playlist, tracks = self._content(playlist_id)
        if playlist.read_only is not None:
            raise NotAllowedError(
                f"The playlist {playlist.name!r} cannot be changed: {playlist.read_only}.",
                server=self.server,
                next_step="Copy it, and change the copy.",
            )
        return playlist, tracks

    def _place(self, entry_id: str, tracks: tuple[Track, ...]) -> int:
        """Where an entry is, if it still is there."""
        place, _, track_id = entry_id.partition(":")
        known = place.isascii() and place.isdigit() and int(place) < len(tracks)
        if known and tracks[int(place)].ref.id == track_id:
            return int(place)
        raise ConflictError(
            f"The playlist has no entry {entry_id!r} any more.",
            server=self.server,
            next_step="Read the playlist again.",
        )

    def _append(self, playlist_id: str, track_ids: tuple[str, ...]) -> None:
        for start in range(0, len(track_ids), _BATCH):
            self._update(
                playlist_id, [("songIdToAdd", track_id) for track_id in track_ids[start : start + _BATCH]]
            )

    def _overwrite(self, playlist: Playlist, track_ids: tuple[str, ...]) -> None:
        """Other content for the same playlist, in one request up to the size of a batch."""
        playlist_id = playlist.ref.id
        songs: Parameters = [("songId", track_id) for track_id in track_ids[:_BATCH]]
        self._connection.transport.call("createPlaylist", [("playlistId", playlist_id), *songs])
        try:
            self._append(playlist_id, track_ids[_BATCH:])
        except SoulSyncError as error:
            raise self._half_done(playlist_id, "begun anew", track_ids, error) from None
        stored, tracks = self._content(playlist_id)
        if not track_ids and tracks:
            # Without a song in the request some servers leave everything as it was.
            self._update(
                playlist_id, [("songIndexToRemove", place) for place in range(len(tracks) - 1, -1, -1)]
            )
        if (stored.name, stored.description, stored.public) != (
            playlist.name,
            playlist.description,
            playlist.public,
        ):
            # Overwriting loses comment and visibility on some servers.
            self._edit(playlist_id, playlist.name, playlist.description, playlist.public)

    def _half_done(
        self, playlist_id: str, what: str, track_ids: tuple[str, ...], error: SoulSyncError
    ) -> UnavailableError:
        """The error for a playlist of which only the first batches are stored: it names the others."""
        try:
            stored = len(self._content(playlist_id)[1])
            lacking = f"not in it are: {', '.join(track_ids[stored:]) or 'none'}"
        except SoulSyncError as unread:
            lacking = f"how much of it is stored cannot be read ({unread.message})"
        return UnavailableError(
            f"The playlist {playlist_id!r} was {what}, but then something went wrong ({error.message}); {lacking}.",
            server=self.server,
            next_step="Add what is missing, or delete the playlist.",
        )

    def _edit(self, playlist_id: str, name: str | None, description: str | None, public: bool | None) -> None:
        given: Parameters = [("name", name), ("comment", description), ("public", public)]
        changes = [(key, value) for key, value in given if value is not None]
        if changes:
            self._update(playlist_id, changes)

    def _update(self, playlist_id: str, changes: Parameters) -> None:
        self._connection.transport.call(
            "updatePlaylist", [("playlistId", playlist_id), *changes], idempotent=False
        )

    def _newest(self, name: str, before: set[str]) -> str:
        """The playlist that was made just now, on servers that do not say what they made."""
        made = [
            entry
            for entry in self._all_playlists().items
            if entry.ref.id not in before and entry.name == name
        ]
        if len(made) != 1:
            raise UnavailableError(
                f"The server accepted the playlist {name!r} but does not show it.",
                server=self.server,
                next_step="List the playlists to see what became of it.",
            )
        return made[0].ref.id


def _entry_id(place: int, track_id: str) -> str:
    return f"{place}:{track_id}"
