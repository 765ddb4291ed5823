"""Reading playlists."""

from __future__ import annotations

from dataclasses import replace

from soulsync_engine.errors import NotAllowedError, NotFoundError
from soulsync_engine.models import Kind, Page, Playlist, PlaylistEntry, Problem
from soulsync_plex import mapper
from soulsync_plex.decoding import ReadRows
from soulsync_plex.listing import LARGEST_PAGE
from soulsync_plex.mapper import key_of
from soulsync_plex.playlist_plan import Entry
from soulsync_plex.wire import ItemRow, PlaylistRow
from soulsync_plex.writeback import Writeback


class PlaylistReading(Writeback):
    """Playlists and their entries. Those of other accounts are not shown by the server at all."""

    def list_playlists(self, cursor: str | None, limit: int) -> Page[Playlist]:
        """As in the contract."""
        start, size = self._offset(cursor), min(limit, LARGEST_PAGE)
        while True:
            read = self._transport.rows(
                PlaylistRow,
                "/playlists",
                {"playlistType": "audio"},
                kind=Kind.PLAYLIST,
                start=start,
                size=size,
            )
            following = read.next_start(start, size)
            audio = [row for row in read.rows if _is_audio(row)]
            if audio or read.problems or following is None:
                break
            # A server that ignores the filter may send a page of nothing but films.
            start = following
        foreign = len(read.rows) - len(audio)
        return Page(
            items=tuple(mapper.playlist(row, server=self.server) for row in audio),
            next_cursor=None if following is None else str(following),
            total=read.total if foreign == 0 and start == self._offset(cursor) else None,
            problems=read.problems,
        )

    def list_playlist_entries(self, playlist_id: str, cursor: str | None, limit: int) -> Page[PlaylistEntry]:
        """As in the contract. Entries that are no tracks are told as problems and keep their positions."""
        start, size = self._offset(cursor), min(limit, LARGEST_PAGE)
        read = self._entry_rows(playlist_id, start, size)
        following = read.next_start(start, size)
        entries: list[PlaylistEntry] = []
        problems = list(read.problems)
        rows: list[tuple[int, ItemRow]] = []
        for position, row in enumerate(read.rows, start):
            if row.type in (None, "track") and key_of(row.ratingKey):
                rows.append((position, row))
            else:
                reason = f"the playlist holds an item of the type {row.type!r}"
                problems.append(Problem(kind=Kind.TRACK, reason=reason, id=key_of(row.ratingKey)))
        found = self._with_albums(
            [self._track(row, key_of(row.librarySectionID) or "", {}) for _, row in rows]
        )
        for (position, row), track in zip(rows, found, strict=True):
            entries.append(
                PlaylistEntry(
                    # The tracks of a smart playlist have no places of their own, and none can be edited.
                    entry_id=key_of(row.playlistItemID) or f"{position}",
                    position=position,
                    track_ref=track.ref,
                    track=track if track.library_id else replace(track, library_id=None),
                )
            )
        return Page(
            items=tuple(entries),
            next_cursor=None if following is None else str(following),
            total=start + len(read) if read.total is None and following is None else read.total,
            problems=tuple(problems),
        )

    def _entry_rows(
        self, playlist_id: str, start: int, size: int, params: dict[str, str] | None = None
    ) -> ReadRows[ItemRow]:
        path = f"{self._path_of(Kind.PLAYLIST, playlist_id)}/items"
        try:
            return self._transport.rows(
                ItemRow, path, {"includeGuids": 1, **(params or {})}, kind=Kind.TRACK, start=start, size=size
            )
        except NotFoundError:
            raise self._not_found(Kind.PLAYLIST, playlist_id) from None

    def _entries(self, playlist_id: str) -> list[Entry]:
        """All entries, in order. Raises where one cannot be read, since nothing may be written then."""
        entries: list[Entry] = []
        trimmed = {"excludeElements": "Media,Guid,Genre", "includeGuids": "0"}
        start: int | None = 0
        while start is not None:
            read = self._entry_rows(playlist_id, start, LARGEST_PAGE, trimmed)
            if (strange := _strange(read)) is not None:
                raise NotAllowedError(
                    f"The playlist {playlist_id} has an entry that is no track ({strange}), so it is left as it is.",
                    server=self.server,
                    next_step="Edit it on the server.",
                )
            entries += [(key_of(row.playlistItemID) or "", key_of(row.ratingKey) or "") for row in read.rows]
            start = read.next_start(start, LARGEST_PAGE)
        return entries

    def _playlist_row(self, playlist_id: str) -> PlaylistRow:
        try:
            rows = self._transport.rows(
                PlaylistRow, self._path_of(Kind.PLAYLIST, playlist_id), kind=Kind.PLAYLIST
            ).rows
        except NotFoundError:
            rows = ()
        if not rows:
            raise self._not_found(Kind.PLAYLIST, playlist_id)
        return rows[0]

    def _stored(self, playlist_id: str) -> Playlist:
        """The playlist as the server has it now."""
        return mapper.playlist(self._playlist_row(playlist_id), server=self.server)

    def _editable(self, playlist_id: str) -> PlaylistRow:
        """The playlist, if it may be edited; `NotAllowedError` otherwise, before anything is written."""
        row = self._playlist_row(playlist_id)
        if (reason := mapper.playlist(row, server=self.server).read_only) is not None:
            raise NotAllowedError(
                f"The playlist {row.title!r} cannot be edited: {reason}.",
                server=self.server,
                next_step="Copy it into a new playlist and edit that.",
            )
        return row


def _is_audio(row: PlaylistRow) -> bool:
    """Servers have listed tags and photos among playlists, and ignored what kind was asked for."""
    return (
        row.type in (None, "playlist")
        and row.playlistType in (None, "audio")
        and key_of(row.ratingKey) is not None
    )


def _strange(read: ReadRows[ItemRow]) -> str | None:
    """What of a page of entries cannot be written back, if anything."""
    if read.problems:
        return read.problems[0].reason
    for row in read.rows:
        if row.type not in (None, "track"):
            return f"it is of the type {row.type!r}"
        if key_of(row.ratingKey) is None or key_of(row.playlistItemID) is None:
            return "it has no id"
    return None
