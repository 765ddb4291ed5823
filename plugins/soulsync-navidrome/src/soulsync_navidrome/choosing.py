"""Which way a library is read, and why: the fewest requests that are proven to bring everything.

native    Navidrome's own API, if its answers have the expected shape and its total is what the search finds
search    an empty `search3`, if its end is where independent evidence says that it must be
albums    `getAlbumList2`, then `getAlbum` for each
artists   `getArtists`, then `getArtist`, then `getAlbum`, where there is no list of albums
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from soulsync_engine.http import DecodedItems
from soulsync_engine.models import Track
from soulsync_engine.plugin import NotFoundError
from soulsync_navidrome.asking import Asking, NotProvenError
from soulsync_navidrome.failures import PageRefusedError, RefusedError
from soulsync_navidrome.heeding import Heeding
from soulsync_navidrome.libraries import Selection
from soulsync_navidrome.listings import (
    AlbumRow,
    Part,
    SearchedTracks,
    TracksByAlbum,
    album_rows,
    walked_rows,
)
from soulsync_navidrome.native import NativeApi, NativeUnavailableError
from soulsync_navidrome.native_listing import SONGS, NativeListing
from soulsync_navidrome.pages import Listing, PageSize, arrived
from soulsync_navidrome.values import flag, whole

_QUERIES: Final = ("", '""')
"""How to search for everything; old versions of Navidrome want the quotes."""

_REFUSALS: Final = (NotFoundError, RefusedError, PageRefusedError)


class Route(StrEnum):
    """A way to read a library."""

    NATIVE = "native"
    SEARCH = "search"
    ALBUMS = "albums"
    ARTISTS = "artists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The way that was chosen, why, and the listing of tracks that follows from it."""

    route: Route
    reason: str
    tracks: Listing[Track]
    total: int


class Chooser:
    """Chooses the way for one server and remembers nothing: what was true an hour ago may not be."""

    def __init__(self, asking: Asking, native: NativeApi, heeding: Heeding, size: PageSize) -> None:
        self._asking = asking
        self._native = native
        self._heeding = heeding
        self._size = size

    def choose(self, selection: Selection) -> Choice:
        """The way to read the tracks of these libraries."""
        self._heeding.check_albums(selection)
        chosen = self._native.tried(partial(self._by_native, selection))
        return chosen or self._by_subsonic(
            selection, f"Navidrome's own API is not used ({self._native.excluded})"
        )

    def _by_native(self, selection: Selection) -> Choice:
        listing = NativeListing(self._native, self._asking.server, SONGS, selection, self._size)
        total = listing.total
        reason = "its answers have the expected shape"
        # A search of several libraries at once there is not, and an empty one is proven empty by other evidence.
        if total and len(selection.parts) == 1:
            if self._query(selection.parts[0], total) is None:
                raise NativeUnavailableError(
                    f"it declares {total} songs, and the search finds another number"
                )
            reason += f", and the search ends at its total of {total} too"
        return Choice(route=Route.NATIVE, reason=reason, tracks=listing, total=total)

    def _by_subsonic(self, selection: Selection, why_not_native: str) -> Choice:
        albums: tuple[Route, DecodedItems[AlbumRow]] | None = None
        # Songs of servers from before OpenSubsonic do not say who their album is by; the albums do.
        if not self._asking.connection.facts.rich or len(selection.parts) > 1:
            albums = self._rows(selection)
        elif (counted := self._counted(selection)) and (
            query := self._query(selection.parts[0], counted)
        ) is not None:
            parts = (self._part(selection, selection.parts[0], counted, ()),)
            return Choice(
                route=Route.SEARCH,
                reason=f"an empty search ends where the scan status says, after {counted} songs; {why_not_native}",
                tracks=SearchedTracks(self._asking, query, parts, self._size),
                total=counted,
            )
        route, rows = albums or self._rows(selection)
        return self._with_rows(selection, route, rows, why_not_native)

    def _with_rows(
        self, selection: Selection, route: Route, albums: DecodedItems[AlbumRow], why_not_native: str
    ) -> Choice:
        """The search, if it brings at least what the albums count; else the albums."""
        parts: list[Part] = []
        searched = ""
        for folder in selection.parts:
            own = [row for row in albums.items if folder is None or row.library_id == folder]
            counted = sum(row.songs for row in own)
            query, end = self._search_end(folder, counted)
            if (lacks := self._lacks(selection, albums, query, end, counted)) is not None:
                return self._album_by_album(selection, route, albums, f"{lacks}; {why_not_native}")
            searched = query or searched
            parts.append(self._part(selection, folder, end, tuple(own)))
        total = sum(part.total for part in parts)
        return Choice(
            route=Route.SEARCH,
            reason=f"an empty search brings {total} songs, no fewer than the albums count; {why_not_native}",
            tracks=SearchedTracks(self._asking, searched, tuple(parts), self._size),
            total=total,
        )

    def _lacks(
        self,
        selection: Selection,
        albums: DecodedItems[AlbumRow],
        query: str | None,
        end: int,
        counted: int,
    ) -> str | None:
        """Why a search that ends there is not what the albums count, as a phrase; None when it may well be.

        A search that nothing can be compared with is an error, since it may stop anywhere.
        """
        if query is None:
            return "an empty search finds nothing" if counted or albums.problems else None
        if end < counted:
            return f"an empty search finds {end} of {counted} songs"
        if not counted and albums.problems:
            return "no album tells how many songs it has"
        if not counted:
            raise NotProvenError(
                f"A search finds {end} songs, and nothing else tells how many there are: no album has any.",
                server=self._asking.server,
                next_step="Try again when the server is at rest; if it stays, look into the server's log.",
            )
        if not self._heeding.search(selection, query):
            return "a search does not heed which music folder is asked for"
        return None

    def _album_by_album(
        self, selection: Selection, route: Route, albums: DecodedItems[AlbumRow], reason: str
    ) -> Choice:
        reading = self._asking.connection.reading.in_library(selection.library_id)
        how = reading.with_album_artists({row.id: row.artists for row in albums.items})
        tracks = TracksByAlbum(self._asking, albums, how)
        return Choice(route=route, reason=reason, tracks=tracks, total=tracks.total)

    def _rows(self, selection: Selection) -> tuple[Route, DecodedItems[AlbumRow]]:
        """The albums of the selection with what they count, and how they were found."""
        try:
            listed = [
                album_rows(self._asking, folder, folder or selection.library_id, self._size)
                for folder in selection.parts
            ]
        except _REFUSALS:
            listed = []
        rows = {row.id: row for part in listed for row in part.items}
        problems = tuple(problem for part in listed for problem in part.problems)
        if rows or problems or selection.folders is not None:
            return Route.ALBUMS, DecodedItems(items=tuple(rows.values()), problems=problems)
        try:
            found = walked_rows(self._asking)
        except _REFUSALS:
            found = DecodedItems[AlbumRow](items=())
        return (Route.ARTISTS if arrived(found) else Route.ALBUMS), found

    def _part(self, selection: Selection, folder: str | None, total: int, rows: tuple[AlbumRow, ...]) -> Part:
        how = self._asking.connection.reading.in_library(folder or selection.library_id)
        return Part(
            folder=folder, how=how.with_album_artists({row.id: row.artists for row in rows}), total=total
        )

    def _counted(self, selection: Selection) -> int:
        """What the scan status counts, 0 where that says nothing about these libraries."""
        if selection.folders is not None or self._asking.connection.facts.scan_refusal is not None:
            return 0
        status = self._asking.connection.transport.call("getScanStatus").scan_status
        if status is None or flag(status.scanning):
            return 0
        return whole(status.count) or 0

    def _query(self, folder: str | None, total: int) -> str | None:
        """The search that ends after exactly so many songs, None when none does."""
        return next((query for query in _QUERIES if self._ends_at(query, folder, total)), None)

    def _ends_at(self, query: str, folder: str | None, total: int) -> bool:
        return self._length(query, folder, total - 1, 2) == 1

    def _length(self, query: str, folder: str | None, offset: int, count: int) -> int:
        """How many of `count` songs a search brings from `offset` on."""
        try:
            return arrived(
                self._asking.search_songs(query, folder, offset, count, self._asking.connection.reading)
            )
        except _REFUSALS:
            return 0

    def _search_end(self, folder: str | None, expected: int) -> tuple[str | None, int]:
        """The search that finds anything, and after how many songs it ends, looked for from what is expected."""
        for query in _QUERIES:
            if expected and self._ends_at(query, folder, expected):
                return query, expected
            if self._length(query, folder, 0, 1):
                return query, self._end_of(query, folder, expected)
        return None, 0

    def _end_of(self, query: str, folder: str | None, expected: int) -> int:
        """The length of a search, by doubling and halving; at least one song is there."""
        low, high = 1, max(2, expected)
        while self._length(query, folder, high - 1, 1):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            if self._length(query, folder, middle - 1, 1):
                low = middle
            else:
                high = middle
        return low
