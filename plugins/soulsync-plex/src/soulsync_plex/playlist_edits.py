"""Writing playlists: in place, by entry, in batches that fit into an address, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from soulsync_engine.capabilities import Support
from soulsync_engine.errors import ConflictError, NotFoundError, SoulSyncError, UnsupportedError
from soulsync_engine.http import BadRequestError
from soulsync_engine.models import EVERYTHING, FieldResult, Kind, MediaBytes, Playlist
from soulsync_plex.connection import is_key
from soulsync_plex.decoding import raw_rows, read_rows
from soulsync_plex.mapper import key_of
from soulsync_plex.playlist_plan import Entry, assigned, batches, kept, missing
from soulsync_plex.playlists import PlaylistReading
from soulsync_plex.wire import PlaylistRow

_KEY_ALONE: Final = {
    "includeGuids": "0",
    "excludeElements": "Media,Guid,Genre,Mood",
    "excludeFields": "summary",
}
_PRIVATE: Final = "a playlist of Plex belongs to one account; it has no switch that shows it to all"


class PlaylistEdits(PlaylistReading):
    """The writing half of the group playlists."""

    def create_playlist(
        self, name: str, track_ids: tuple[str, ...], description: str | None, public: bool
    ) -> Playlist:
        """As in the contract. Public ones are `UnsupportedError`."""
        self._refuse_public("create_playlist", public)
        self._known_keys(track_ids)
        first, *rest = list(batches(track_ids)) or [()]
        playlist_id = self._create(name, first)
        try:
            if not track_ids:
                self._empty(playlist_id)
            for batch in rest:
                self._append_batch(playlist_id, batch)
            if description:
                self._edit(self._playlist_row(playlist_id), None, description)
            self._complete(playlist_id, track_ids, before=0)
            return self._stored(playlist_id)
        except SoulSyncError as error:
            lacks = self._lacks(playlist_id, track_ids)
            error.message = f"{error.message} The playlist {playlist_id} was made before that; {lacks}."
            raise

    def add_entries(self, playlist_id: str, track_ids: tuple[str, ...], position: int | None) -> Playlist:
        """As in the contract. Nothing is added unless the server has all of the tracks."""
        self._editable(playlist_id)
        self._known_keys(track_ids)
        before = self._entries(playlist_id)
        if position is not None and not 0 <= position <= len(before):
            raise self._no_position(position)
        if absent := self._absent(track_ids):
            raise NotFoundError(
                f"The server does not have these tracks: {', '.join(absent)}. Nothing was added.",
                server=self.server,
                next_step="Look them up again; a library that was made anew has other ids.",
            )
        for batch in batches(track_ids):
            self._append_batch(playlist_id, batch)
        entries = self._complete(playlist_id, track_ids, before=len(before))
        added = assigned(track_ids, {}, entries[len(before) :])
        wanted = [entry for entry, _ in before]
        place = len(before) if position is None else position
        wanted[place:place] = added
        if position is not None and position < len(before):
            after = before[position - 1][0] if position > 0 else None
            for entry_id in added:
                self._move(playlist_id, entry_id, after)
                after = entry_id
            entries = self._entries(playlist_id)
        if lost := missing([key for _, key in entries], [*(key for _, key in before), *track_ids]):
            raise ConflictError(
                f"The server took these tracks and does not have them in the playlist {playlist_id}: "
                f"{', '.join(lost)}.",
                server=self.server,
                next_step="Read it again before adding anything.",
            )
        self._verify(playlist_id, entries, wanted)
        return self._stored(playlist_id)

    def remove_entries(self, playlist_id: str, entry_ids: tuple[str, ...]) -> Playlist:
        """As in the contract. Nothing is removed unless all of them are there."""
        self._editable(playlist_id)
        before = [entry_id for entry_id, _ in self._entries(playlist_id)]
        there, unwanted = set(before), set(entry_ids)
        if gone := [entry_id for entry_id in entry_ids if entry_id not in there]:
            raise self._gone(gone)
        for entry_id in dict.fromkeys(entry_ids):
            self._remove(playlist_id, entry_id)
        wanted = [entry_id for entry_id in before if entry_id not in unwanted]
        self._verify(playlist_id, self._entries(playlist_id), wanted)
        return self._stored(playlist_id)

    def move_entry(self, playlist_id: str, entry_id: str, position: int) -> Playlist:
        """As in the contract."""
        self._editable(playlist_id)
        ids = [entry for entry, _ in self._entries(playlist_id)]
        if entry_id not in ids:
            raise self._gone([entry_id])
        if not 0 <= position < len(ids):
            raise self._no_position(position)
        if ids.index(entry_id) != position:
            wanted = [entry for entry in ids if entry != entry_id]
            self._move(playlist_id, entry_id, wanted[position - 1] if position > 0 else None)
            wanted.insert(position, entry_id)
            self._verify(playlist_id, self._entries(playlist_id), wanted)
        return self._stored(playlist_id)

    def replace_entries(self, playlist_id: str, track_ids: tuple[str, ...]) -> Playlist:
        """As in the contract: what is there already stays, then the rest is added, put in order, and removed.

        A failure in between leaves too much rather than too little.
        """
        self._editable(playlist_id)
        self._known_keys(track_ids)
        before = self._entries(playlist_id)
        staying = kept(before, track_ids)
        new = tuple(key for place, key in enumerate(track_ids) if place not in staying)
        for batch in batches(new):
            self._append_batch(playlist_id, batch)
        entries = self._complete(playlist_id, new, before=len(before)) if new else before
        wanted = assigned(track_ids, staying, entries[len(before) :])
        self._arrange(playlist_id, [entry for entry, _ in entries], wanted)
        final = set(wanted)
        for entry_id, _ in before:
            if entry_id not in final:
                self._remove(playlist_id, entry_id)
        self._verify(playlist_id, self._entries(playlist_id), wanted)
        return self._stored(playlist_id)

    def edit_playlist(
        self, playlist_id: str, name: str | None, description: str | None, public: bool | None
    ) -> Playlist:
        """As in the contract. Smart playlists may be renamed too."""
        self._refuse_public("edit_playlist", public)
        row = self._playlist_row(playlist_id)
        if name is not None or description is not None:
            self._edit(row, name, description)
        return self._stored(playlist_id)

    def set_playlist_image(self, playlist_id: str, image: MediaBytes) -> FieldResult:
        """As in the contract."""
        return self._upload(self._plex_playlist(self._playlist_row(playlist_id)), playlist_id, image)

    def delete_playlist(self, playlist_id: str) -> Playlist:
        """As in the contract."""
        was = self._stored(playlist_id)
        self._plex_playlist(PlaylistRow(ratingKey=playlist_id, title=was.name)).delete()
        try:
            self._stored(playlist_id)
        except NotFoundError:
            return was
        raise ConflictError(
            f"The server took the deletion of the playlist {was.name!r} and still shows it.",
            server=self.server,
            next_step="Delete it on the server.",
        )

    def _create(self, name: str, keys: Sequence[str]) -> str:
        params: dict[str, str | int] = {"type": "audio", "title": name, "smart": 0}
        if keys:
            params["uri"] = self._uri(keys)
        try:
            return self._posted(params)
        except BadRequestError:
            if keys:
                raise
            # Some servers want to be given something to put into it.
            return self._posted({**params, "uri": self._uri([self._any_track()])})

    def _empty(self, playlist_id: str) -> None:
        for entry_id, _ in self._entries(playlist_id):
            self._remove(playlist_id, entry_id)

    def _posted(self, params: dict[str, str | int]) -> str:
        answer = self._transport.send("POST", "/playlists", params=params)
        rows = read_rows(raw_rows(answer), PlaylistRow, kind=Kind.PLAYLIST).rows
        if rows and (key := key_of(rows[0].ratingKey)):
            return key
        raise ConflictError(
            "The server took the playlist and does not say which one it is.",
            server=self.server,
            next_step="Look for it on the server before trying again.",
        )

    def _any_track(self) -> str:
        page = self.list_ids(Kind.TRACK, EVERYTHING, None, 1)
        if not page.items:
            raise UnsupportedError(
                "This server makes no empty playlists, and its library has no track to make one with.",
                next_step="Make it once the library has tracks.",
                operation="create_playlist",
                support=Support.server_cannot("an empty playlist needs a track to begin with"),
                server=self.server,
            )
        return page.items[0]

    def _append_batch(self, playlist_id: str, keys: Sequence[str]) -> None:
        self._transport.send("PUT", f"/playlists/{playlist_id}/items", params={"uri": self._uri(keys)})

    def _complete(self, playlist_id: str, keys: Sequence[str], *, before: int) -> list[Entry]:
        """The entries, after looking whether what was appended is there; what is not is sent once more, one by one.

        Servers answer 200 to a batch of which they store a part. Keys that the server does not have stay missing.
        """
        entries = self._entries(playlist_id)
        stored = [key for _, key in entries[before:]]
        if stored == list(keys):
            return entries
        dropped = missing(stored, keys)
        self._context.log.info(
            "%s stored %d of %d tracks of a batch; the others are sent one by one",
            self.server,
            len(keys) - len(dropped),
            len(keys),
        )
        for key in dropped:
            self._append_batch(playlist_id, [key])
        entries = self._entries(playlist_id)
        wanted = assigned(keys, {}, entries[before:])
        ids = [entry for entry, _ in entries]
        self._arrange(playlist_id, ids, [*ids[:before], *wanted])
        entries = self._entries(playlist_id)
        if lost := missing([key for _, key in entries[before:]], keys):
            self._context.log.warning(
                "%s does not store these tracks in the playlist %s: %s",
                self.server,
                playlist_id,
                ", ".join(lost),
            )
        return entries

    def _verify(self, playlist_id: str, entries: list[Entry], wanted: list[str]) -> None:
        """Raise `ConflictError` unless the playlist has these entries, in this order, and no others."""
        if [entry for entry, _ in entries] != wanted:
            raise ConflictError(
                f"The playlist {playlist_id} is not what was written: the server did not do it, or somebody else "
                "changed it meanwhile.",
                server=self.server,
                next_step="Read it again, then retry.",
            )

    def _absent(self, track_ids: Sequence[str]) -> list[str]:
        """Those of the tracks that the server does not have."""
        there = {
            key_of(row.ratingKey)
            for row in self._rows_by_key(Kind.TRACK, dict.fromkeys(track_ids), _KEY_ALONE)
        }
        return [key for key in dict.fromkeys(track_ids) if key not in there]

    def _arrange(self, playlist_id: str, ids: list[str], wanted: list[str]) -> None:
        """Move as few entries as need be so that `wanted` come in that order, ahead of all others."""
        leading = set(wanted)
        target = [*wanted, *(entry for entry in ids if entry not in leading)]
        still = {
            entry
            for block in SequenceMatcher(None, ids, target, autojunk=False).get_matching_blocks()
            for entry in target[block.b : block.b + block.size]
        }
        for place, entry in enumerate(target):
            if entry not in still:
                self._move(playlist_id, entry, target[place - 1] if place else None)

    def _move(self, playlist_id: str, entry_id: str, after: str | None) -> None:
        self._transport.send(
            "PUT", f"/playlists/{playlist_id}/items/{entry_id}/move", params={"after": after}, idempotent=True
        )

    def _remove(self, playlist_id: str, entry_id: str) -> None:
        self._transport.send("DELETE", f"/playlists/{playlist_id}/items/{entry_id}")

    def _edit(self, row: PlaylistRow, name: str | None, description: str | None) -> None:
        playlist = self._plex_playlist(row).batchEdits()
        if name is not None:
            playlist.editTitle(name, locked=False)
        if description is not None:
            playlist.editSummary(description, locked=False)
        playlist.saveEdits()

    def _uri(self, keys: Sequence[str]) -> str:
        return f"server://{self._machine_id()}/com.plexapp.plugins.library/library/metadata/{','.join(keys)}"

    def _known_keys(self, track_ids: Sequence[str]) -> None:
        """Refuse what cannot be a key, before anything is written."""
        if wrong := [track_id for track_id in track_ids if not is_key(track_id)]:
            raise self._not_found(Kind.TRACK, wrong[0])

    def _lacks(self, playlist_id: str, track_ids: Sequence[str]) -> str:
        try:
            lacking = missing([key for _, key in self._entries(playlist_id)], track_ids)
        except SoulSyncError:
            return "what is in it is not known"
        return f"not in it are {', '.join(lacking)}" if lacking else "all tracks are in it"

    def _refuse_public(self, operation: str, public: bool | None) -> None:
        if public:
            support = Support.server_cannot(_PRIVATE)
            raise UnsupportedError(
                f"The playlist cannot be made public: {_PRIVATE}.",
                next_step="Leave it private.",
                operation=operation,
                support=support,
                server=self.server,
            )

    def _gone(self, entry_ids: Sequence[str]) -> ConflictError:
        return ConflictError(
            f"These entries are not in the playlist: {', '.join(entry_ids)}.",
            server=self.server,
            next_step="Read it again, then retry.",
        )

    def _no_position(self, position: int) -> ConflictError:
        return ConflictError(
            f"The playlist has no position {position}.",
            server=self.server,
            next_step="Read it again, then retry.",
        )
