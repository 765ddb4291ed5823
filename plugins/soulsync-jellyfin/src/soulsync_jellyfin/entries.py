"""Writing the entries of playlists: in place where the server can, and otherwise so that a failure loses little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from soulsync_engine.errors import ConflictError, NotAllowedError, SoulSyncError, UnavailableError
from soulsync_engine.http import BadRequestError, UnexpectedAnswerError, decode
from soulsync_engine.models import Playlist, PlaylistEntry
from soulsync_jellyfin import wire
from soulsync_jellyfin.dialect import Params
from soulsync_jellyfin.failures import ADMIN_ONLY
from soulsync_jellyfin.listing import LARGEST_PAGE
from soulsync_jellyfin.playlists import Playlists
from soulsync_jellyfin.reading import in_batches
from soulsync_jellyfin.values import text_id

_TAKES_A_POSITION: Final = (12,)
"""The version of Jellyfin since which tracks can be added at a position."""


class Entries(Playlists):
    """The operations on entries, and creating, which fills a playlist."""

    def create_playlist(
        self, name: str, track_ids: tuple[str, ...], description: str | None, public: bool
    ) -> Playlist:
        """Create, fill and describe. What the user may not do is refused before anything is created."""
        user = self.connection.user()
        if public and not self.dialect.json_playlists:
            raise self.no_visibility("create_playlist")
        if description and user.admin is False:
            raise NotAllowedError(
                "Only administrators of the server may give a playlist a description; none was created.",
                server=self.server,
                next_step=ADMIN_ONLY,
            )
        tracks = self._possible(track_ids)
        if self.dialect.json_playlists:
            body = {"Name": name, "Ids": tracks, "UserId": user.id, "MediaType": "Audio", "IsPublic": public}
            answer = self.transport.send("POST", ("Playlists",), json=body)
        else:
            params: Params = {"Name": name, "MediaType": "Audio", "UserId": user.id}
            answer = self.transport.send("POST", ("Playlists",), params=params)
        playlist_id = text_id(decode(answer, wire.Created).id)
        if playlist_id is None:
            raise UnexpectedAnswerError(
                f"The server took the playlist {name[:80]!r} and did not say which id it has.",
                server=self.server,
                next_step="Look on the server whether it is there before creating it again.",
            )
        if not self.dialect.json_playlists:
            self._append(playlist_id, tracks)
        if description:
            try:
                self.edit_details(playlist_id, {"Overview": description})
            except SoulSyncError as error:
                raise _saying(
                    error, f"The playlist {playlist_id} was created, but without its description"
                ) from error
        return self.playlist(playlist_id)

    def add_entries(self, playlist_id: str, track_ids: tuple[str, ...], position: int | None) -> Playlist:
        """Append, or insert where the server can; where it did not, append and move."""
        before = self._entries(playlist_id)
        tracks = self._possible(track_ids)
        position = None if position is None else max(position, 0)
        if position is None or position >= len(before):
            self._append(playlist_id, tracks)
            return self.playlist(playlist_id)
        inserts = self.dialect.replaces_in_place and self.connection.version >= _TAKES_A_POSITION
        self._append(playlist_id, tracks, position if inserts else None)
        known = {entry.entry_id for entry in before}
        after = self._entries(playlist_id)
        new = [entry for entry in after if entry.entry_id not in known]
        order = [*before[:position], *new, *before[position:]]
        # A server of before 12 takes a position and does not look at it.
        if [entry.entry_id for entry in after] != [entry.entry_id for entry in order]:
            for place, entry in enumerate(new, start=position):
                if not self._move(playlist_id, entry.entry_id, place):
                    self._rebuild(playlist_id, [each.track_ref.id for each in order])
                    break
        return self.playlist(playlist_id)

    def remove_entries(self, playlist_id: str, entry_ids: tuple[str, ...]) -> Playlist:
        """Remove entries that are all there; otherwise remove none."""
        entries = self._entries(playlist_id)
        there = {entry.entry_id for entry in entries}
        gone = [each for each in entry_ids if each not in there]
        if gone:
            raise ConflictError(
                f"The playlist has no entries {', '.join(gone)} any more; nothing was removed.",
                server=self.server,
                next_step="Read its entries again.",
            )
        self._remove(playlist_id, list(dict.fromkeys(entry_ids)))
        self._check(playlist_id, [entry for entry in entries if entry.entry_id not in set(entry_ids)])
        return self.playlist(playlist_id)

    def move_entry(self, playlist_id: str, entry_id: str, position: int) -> Playlist:
        """Move one entry; where only a user may and there is an API key, remove and append what comes after."""
        entries = self._entries(playlist_id)
        moved = next((entry for entry in entries if entry.entry_id == entry_id), None)
        if moved is None:
            raise ConflictError(
                f"The playlist has no entry {entry_id!r} any more.",
                server=self.server,
                next_step="Read its entries again.",
            )
        place = min(max(position, 0), len(entries) - 1)
        rest = [entry for entry in entries if entry is not moved]
        order = [*rest[:place], moved, *rest[place:]]
        if not self._move(playlist_id, entry_id, place):
            self._rebuild(playlist_id, [entry.track_ref.id for entry in order])
        self._check(playlist_id, order)
        return self.playlist(playlist_id)

    def replace_entries(self, playlist_id: str, track_ids: tuple[str, ...]) -> Playlist:
        """Make these tracks the content. Identity, cover and visibility stay."""
        self._entries(playlist_id)
        tracks = self._possible(track_ids)
        try:
            replaced = self.update_in_place(playlist_id, {"Ids": tracks})
        except UnavailableError as error:
            # The server empties the playlist before it fills it anew.
            raise _saying(
                error,
                f"It is not known what is in the playlist {playlist_id} now; it was to be: {', '.join(tracks)}",
            ) from error
        if not replaced:
            self._rebuild(playlist_id, tracks)
        return self.playlist(playlist_id)

    def _possible(self, track_ids: tuple[str, ...]) -> list[str]:
        """The ids that an item can have; one that cannot be would have the server refuse them all."""
        return [each for each in track_ids if self.dialect.is_id(each)]

    def _entries(self, playlist_id: str) -> list[PlaylistEntry]:
        found: list[PlaylistEntry] = []
        cursor: str | None = None
        while True:
            page = self.list_playlist_entries(playlist_id, cursor, LARGEST_PAGE)
            found.extend(page.items)
            cursor = page.next_cursor
            if cursor is None:
                return found

    def _check(self, playlist_id: str, wanted: list[PlaylistEntry]) -> None:
        """Look whether the entries are the wanted ones; servers also accept what changes nothing.

        Emby numbers entries anew when it refreshes a playlist, so they are compared by their tracks.
        """
        if [each.track_ref for each in self._entries(playlist_id)] != [each.track_ref for each in wanted]:
            raise ConflictError(
                f"The server took the change of the playlist {playlist_id}, but its entries are other ones now.",
                server=self.server,
                next_step="Read its entries again; a library scan at the same time may undo a change.",
            )

    def _append(self, playlist_id: str, tracks: list[str], position: int | None = None) -> None:
        done = 0
        for batch in in_batches(tracks):
            params: Params = {"ids": ",".join(batch), "userId": self.connection.user().id}
            if position is not None:
                params["position"] = position + done
            try:
                self.transport.send("POST", ("Playlists", playlist_id, "Items"), params=params)
            except SoulSyncError as error:
                missing = ", ".join(tracks[done:])
                raise _saying(error, f"Not added to the playlist {playlist_id}: {missing}") from error
            done += len(batch)

    def _remove(self, playlist_id: str, entry_ids: list[str]) -> None:
        done = 0
        for batch in in_batches(entry_ids):
            try:
                self.transport.send(
                    "DELETE", ("Playlists", playlist_id, "Items"), params={"entryIds": ",".join(batch)}
                )
            except SoulSyncError as error:
                left = ", ".join(entry_ids[done:])
                raise _saying(error, f"Not removed from the playlist {playlist_id}: {left}") from error
            done += len(batch)

    def _move(self, playlist_id: str, entry_id: str, position: int) -> bool:
        """Whether the server let these credentials move it."""
        if self._only_a_key:
            return False
        try:
            self.transport.send("POST", ("Playlists", playlist_id, "Items", entry_id, "Move", str(position)))
        except BadRequestError:
            if not self.is_for_a_key():
                raise
            return False
        return True

    def _rebuild(self, playlist_id: str, wanted: list[str]) -> None:
        """Reach the wanted order by appending and removing alone.

        What is new comes before what goes, but for tracks that a server keeps only once: those have to go first.
        """
        current = self._entries(playlist_id)
        keep, append = keeping(current, wanted)
        stale = [entry.entry_id for entry in current if entry.entry_id not in keep]
        if all(entry.entry_id == entry.track_ref.id for entry in current):
            again = [each for each in stale if each in set(append)]
            self._remove(playlist_id, again)
            stale = [each for each in stale if each not in set(again)]
        self._append(playlist_id, append)
        self._remove(playlist_id, stale)


def keeping(current: Sequence[PlaylistEntry], wanted: Sequence[str]) -> tuple[frozenset[str], list[str]]:
    """The entries that can stay, which make a beginning of what is wanted, and the tracks to append to them."""
    kept: set[str] = set()
    place = 0
    for entry in current:
        if place < len(wanted) and entry.track_ref.id == wanted[place]:
            kept.add(entry.entry_id)
            place += 1
    return frozenset(kept), list(wanted[place:])


def _saying(error: SoulSyncError, what: str) -> SoulSyncError:
    """The same kind of error, with what it means here in front."""
    return type(error)(
        f"{what}. {error.message}",
        server=error.server,
        next_step=error.next_step,
        retry_after=error.retry_after,
    )
