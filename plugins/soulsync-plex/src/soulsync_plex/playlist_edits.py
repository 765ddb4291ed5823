"""Writing playlists: in place, by entry, in batches that fit into an address, and read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from soulsync_engine.capabilities import Support
from soulsync_engine.errors import ConflictError, SoulSyncError, UnsupportedError
from soulsync_engine.models import EVERYTHING, FieldResult, Kind, MediaBytes, Playlist
from soulsync_plex.connection import is_key
from soulsync_plex.decoding import read_rows
from soulsync_plex.mapper import key_of
from soulsync_plex.playlists import Entry, PlaylistReading
from soulsync_plex.transport import RefusedError
from soulsync_plex.wire import PlaylistRow

_ADDRESS_ROOM: Final = 6000
"""Characters of an address that the keys of one batch may take; servers and proxies stop at some 8,000."""
_COMMA: Final = 3
_PRIVATE: Final = "a playlist of Plex belongs to one account; it has no switch that shows it to all"


class PlaylistEdits(PlaylistReading):
    """The writing half of the group playlists."""

    def create_playlist(
        self, name: str, track_ids: tuple[str, ...], description: str | None, public: bool
    ) -> Playlist:
        """As in the contract. Public ones are `UnsupportedError`."""
        self._refuse_public("create_playlist", public)
        self._known_keys(track_ids)
        batches = list(_batches(track_ids))
        first = batches[0] if batches else ()
        playlist_id = self._create(name, first)
        try:
            for batch in batches[1:]:
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
        """As in the contract."""
        self._editable(playlist_id)
        self._known_keys(track_ids)
        before = self._entries(playlist_id)
        if position is not None and not 0 <= position <= len(before):
            raise self._no_position(position)
        for batch in _batches(track_ids):
            self._append_batch(playlist_id, batch)
        entries = self._complete(playlist_id, track_ids, before=len(before))
        if position is not None and position < len(before):
            after = before[position - 1][0] if position > 0 else None
            for entry_id, _ in entries[len(before) :]:
                self._move(playlist_id, entry_id, after)
                after = entry_id
        return self._stored(playlist_id)

    def remove_entries(self, playlist_id: str, entry_ids: tuple[str, ...]) -> Playlist:
        """As in the contract. Nothing is removed unless all of them are there."""
        self._editable(playlist_id)
        there = {entry_id for entry_id, _ in self._entries(playlist_id)}
        if gone := [entry_id for entry_id in entry_ids if entry_id not in there]:
            raise self._gone(gone)
        for entry_id in dict.fromkeys(entry_ids):
            self._remove(playlist_id, entry_id)
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
            others = [entry for entry in ids if entry != entry_id]
            self._move(playlist_id, entry_id, others[position - 1] if position > 0 else None)
        return self._stored(playlist_id)

    def replace_entries(self, playlist_id: str, track_ids: tuple[str, ...]) -> Playlist:
        """As in the contract: what is there already stays, then the rest is added, put in order, and removed.

        A failure in between leaves too much rather than too little.
        """
        self._editable(playlist_id)
        self._known_keys(track_ids)
        before = self._entries(playlist_id)
        kept = _kept(before, track_ids)
        missing = tuple(key for place, key in enumerate(track_ids) if place not in kept)
        for batch in _batches(missing):
            self._append_batch(playlist_id, batch)
        entries = self._complete(playlist_id, missing, before=len(before)) if missing else before
        wanted = _assigned(track_ids, kept, entries[len(before) :])
        self._arrange(playlist_id, [entry for entry, _ in entries], wanted)
        staying = set(wanted)
        for entry_id, _ in before:
            if entry_id not in staying:
                self._remove(playlist_id, entry_id)
        stored = [entry for entry, _ in self._entries(playlist_id)]
        if stored != wanted:
            raise ConflictError(
                f"The playlist {playlist_id} was changed by somebody else while it was written.",
                server=self.server,
                next_step="Read it again, then retry.",
            )
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
        return was

    def _create(self, name: str, keys: Sequence[str]) -> str:
        params: dict[str, str | int] = {"type": "audio", "title": name, "smart": 0}
        if keys:
            params["uri"] = self._uri(keys)
        try:
            playlist_id = self._posted(params)
        except RefusedError:
            if keys:
                raise
            # Some servers want to be given something to put into it.
            playlist_id = self._posted({**params, "uri": self._uri([self._any_track()])})
        if not keys:
            for entry_id, _ in self._entries(playlist_id):
                self._remove(playlist_id, entry_id)
        return playlist_id

    def _posted(self, params: dict[str, str | int]) -> str:
        answer = self._transport.send("POST", "/playlists", params=params)
        rows = read_rows(answer, PlaylistRow, kind=Kind.PLAYLIST).rows
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
        missing = _missing(stored, keys)
        self._context.log.info(
            "%s stored %d of %d tracks of a batch; the others are sent one by one",
            self.server,
            len(keys) - len(missing),
            len(keys),
        )
        for key in missing:
            self._append_batch(playlist_id, [key])
        entries = self._entries(playlist_id)
        wanted = _assigned(keys, {}, entries[before:])
        ids = [entry for entry, _ in entries]
        self._arrange(playlist_id, ids, [*ids[:before], *wanted])
        entries = self._entries(playlist_id)
        if lost := _missing([key for _, key in entries[before:]], keys):
            self._context.log.warning(
                "%s does not store these tracks in the playlist %s: %s",
                self.server,
                playlist_id,
                ", ".join(lost),
            )
        return entries

    def _arrange(self, playlist_id: str, ids: list[str], wanted: list[str]) -> None:
        """Move as few entries as need be so that `wanted` come in that order, ahead of all others."""
        others = [entry for entry in ids if entry not in set(wanted)]
        target = [*wanted, *others]
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
            missing = _missing([key for _, key in self._entries(playlist_id)], track_ids)
        except SoulSyncError:
            return "what is in it is not known"
        return f"not in it are {', '.join(missing)}" if missing else "all tracks are in it"

    def _refuse_public(self, operation: str, public: bool | None) -> None:
        if public:
            support = Support.server_cannot(_PRIVATE)
            raise UnsupportedError(
                f"The playlist cannot be made public: {_PRIVATE}.",
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
        return ConflictError(f"The playlist has no position {position}.", server=self.server)


def _batches(keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The keys in batches whose part of an address, commas encoded, stays short."""
    batch: list[str] = []
    room = _ADDRESS_ROOM
    for key in keys:
        if batch and len(key) + _COMMA > room:
            yield tuple(batch)
            batch, room = [], _ADDRESS_ROOM
        batch.append(key)
        room -= len(key) + _COMMA
    if batch:
        yield tuple(batch)


def _missing(stored: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """What is wanted more often than it is stored, in order."""
    rest = list(stored)
    missing: list[str] = []
    for key in wanted:
        if key in rest:
            rest.remove(key)
        else:
            missing.append(key)
    return missing


def _kept(entries: Sequence[Entry], wanted: Sequence[str]) -> dict[int, str]:
    """Which entry may stay for which place: first those that are in order already, then any of the same track."""
    keys = [key for _, key in entries]
    kept: dict[int, str] = {}
    used: set[int] = set()
    for block in SequenceMatcher(None, keys, wanted, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            kept[block.b + step] = entries[block.a + step][0]
            used.add(block.a + step)
    spare: dict[str, list[str]] = {}
    for place, (entry_id, key) in enumerate(entries):
        if place not in used:
            spare.setdefault(key, []).append(entry_id)
    for place, key in enumerate(wanted):
        if place not in kept and spare.get(key):
            kept[place] = spare[key].pop(0)
    return kept


def _assigned(wanted: Sequence[str], kept: dict[int, str], added: Sequence[Entry]) -> list[str]:
    """The entry ids in the order wanted. Tracks that the server did not store are left out."""
    new: dict[str, list[str]] = {}
    for entry_id, key in added:
        new.setdefault(key, []).append(entry_id)
    order: list[str] = []
    for place, key in enumerate(wanted):
        if place in kept:
            order.append(kept[place])
        elif new.get(key):
            order.append(new[key].pop(0))
    return order
