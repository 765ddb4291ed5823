"""The ways to read a library by the Subsonic API: by search, album by album, as the server's list of albums."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from soulsync_engine.http import DecodedItems, decode_items
from soulsync_engine.models import Album, ArtistCredit, Item, Kind, Page, Problem, Track
from soulsync_navidrome import pages
from soulsync_navidrome.asking import Asking
from soulsync_navidrome.credits import credits
from soulsync_navidrome.mapper import Reading
from soulsync_navidrome.pages import COMMON_CAP, PageSize, Progress, arrived
from soulsync_navidrome.values import text_id, whole
from soulsync_navidrome.wire import AlbumID3, Wire

T = TypeVar("T", bound=Item)
WireT = TypeVar("WireT", bound=Wire)

SONGS_AT_ONCE: Final = 1000
"""Songs in a page of a search. Of larger ones each song takes longer: what is made of them outgrows the cache."""

_BY_NAME: Final = "alphabeticalByName"
_UNCOUNTED: Final = "it does not tell how many songs it has"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One stretch of a listing: what to ask for, how to read it, and how long it is."""

    folder: str | None
    how: Reading
    total: int


class SearchedTracks:
    """All songs, by a search that finds everything. The totals were proven before."""

    def __init__(self, asking: Asking, query: str, parts: tuple[Part, ...], size: PageSize) -> None:
        self._asking = asking
        self._query = query
        self._parts = parts
        self._starts = (0, *itertools.accumulate(part.total for part in parts))
        self._size = size
        self._progress = Progress(asking.server)

    def page(self, offset: int, limit: int) -> Page[Track]:
        """See `Listing`."""
        total = self._starts[-1]
        end = min(offset + min(limit, SONGS_AT_ONCE), total)
        found: list[DecodedItems[Track]] = []
        for part, start in zip(self._parts, self._starts, strict=False):
            low, high = max(offset, start) - start, min(end, start + part.total) - start
            if low < high:
                found += self._stretch(part, start, low, high)
        return pages.page_of(pages.joined(found), offset, total)

    def _search(self, part: Part, offset: int, count: int) -> DecodedItems[Track]:
        return self._asking.search_songs(self._query, part.folder, offset, count, part.how)

    def _stretch(self, part: Part, start: int, low: int, high: int) -> list[DecodedItems[Track]]:
        """Exactly the songs from `low` to before `high` of a part."""
        found = pages.gathered(
            self._size,
            self._progress,
            partial(self._search, part),
            (low, high),
            missing=partial(pages.short, self._asking.server, "tracks", part.total),
            # One more than there should be shows whether the listing became longer.
            extra=1 if high == part.total else 0,
            start=start,
        )
        if low + sum(map(arrived, found)) > high:
            raise pages.grown(self._asking.server, "tracks", part.total)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumRow:
    """An album as far as reading its songs needs it."""

    id: str
    songs: int
    artists: tuple[ArtistCredit, ...]
    library_id: str | None = None


class TracksByAlbum:
    """All songs, album by album, for servers whose search does not find everything.

    An album that cannot be read is a problem of the last page: what songs it has is not known.
    """

    def __init__(self, asking: Asking, albums: DecodedItems[AlbumRow], how: Reading) -> None:
        self._asking = asking
        self._rows = albums.items
        self._problems = tuple(
            Problem(
                kind=Kind.TRACK,
                reason=f"the songs of the {odd.kind} {odd.id!r} cannot be found: {odd.reason}",
            )
            for odd in albums.problems
        )
        self._starts = (0, *itertools.accumulate(row.songs for row in self._rows))
        self._how = how
        self._progress = Progress(asking.server)

    @property
    def total(self) -> int:
        """How many songs there are, each album that cannot be read counted as one."""
        return self._starts[-1] + len(self._problems)

    def page(self, offset: int, limit: int) -> Page[Track]:
        """See `Listing`."""
        end = min(offset + limit, self._starts[-1])
        found: list[DecodedItems[Track]] = []
        index = max(0, bisect_right(self._starts, offset) - 1)
        while index < len(self._rows) and self._starts[index] < end:
            start = self._starts[index]
            songs = self._songs(self._rows[index])
            self._progress.note(start, songs)
            found.append(_cut(songs, max(0, offset - start), end - start))
            index += 1
        if end == self._starts[-1]:
            found.append(DecodedItems(items=(), problems=self._problems))
        return pages.page_of(pages.joined(found), offset, self.total)

    def _songs(self, row: AlbumRow) -> DecodedItems[Track]:
        if not row.songs:
            return DecodedItems(items=())
        how = self._how.in_library(row.library_id or self._how.library_id)
        songs = self._asking.tracks(self._asking.album(row.id).song, how)
        if arrived(songs) != row.songs:
            raise pages.short(
                self._asking.server, f"songs of the album {row.id!r}", row.songs, arrived(songs)
            )
        return songs


class ListedAlbums:
    """All albums as the server lists them, in pages that no server refuses. The end is asked for twice."""

    def __init__(
        self, asking: Asking, folder: str | None, how: Reading, size: PageSize, kind: str = _BY_NAME
    ) -> None:
        self._asking = asking
        self._folder = folder
        self._how = how
        self._size = size
        self._kind = kind
        self._progress = Progress(asking.server)

    def page(self, offset: int, limit: int) -> Page[Album]:
        """See `Listing`. The total is known at the end only."""
        found: list[DecodedItems[Album]] = []
        place, end = offset, offset + limit
        ended = False
        # A look at the one behind a small page saves asking for an empty page at the end.
        wanted = limit + 1 if limit < COMMON_CAP else limit
        while place < offset + wanted and not ended:
            asked, came = self._size.ask(place, min(COMMON_CAP, offset + wanted - place), self._counted)
            self._progress.note(place, came)
            found.append(came)
            place += arrived(came)
            ended = arrived(came) < asked and self._ends_at(place)
        whole_page = _cut(pages.joined(found), 0, limit)
        if place > end:
            ended = False
        place = offset + arrived(whole_page)
        return Page(
            items=whole_page.items,
            next_cursor=None if ended else str(place),
            total=place if ended else None,
            problems=whole_page.problems,
        )

    def _ask(self, offset: int, count: int) -> DecodedItems[Album]:
        raw = self._asking.album_list(self._kind, self._folder, offset, count)
        return self._asking.albums(raw, self._how)

    def _counted(self, offset: int, count: int) -> tuple[int, DecodedItems[Album]]:
        return count, self._ask(offset, count)

    def _ends_at(self, end: int) -> bool:
        """Whether the list really ends here, or the server just sends less than it was asked for."""
        if end == 0:
            return True
        last = arrived(self._ask(end - 1, 2))
        if last == 0:
            raise pages.short(self._asking.server, "albums", end, end - 1)
        return last == 1


def album_rows(
    asking: Asking, folder: str | None, library_id: str | None, size: PageSize
) -> DecodedItems[AlbumRow]:
    """Every album of a folder as a row, read from the server's list."""
    listing = ListedAlbums(asking, folder, asking.connection.reading.in_library(library_id), size)
    rows: list[AlbumRow] = []
    problems: list[Problem] = []
    offset: int | None = 0
    while offset is not None:
        page = listing.page(offset, COMMON_CAP)
        problems += page.problems
        problems += [
            Problem(kind=Kind.ALBUM, reason=_UNCOUNTED, id=album.ref.id)
            for album in page.items
            if album.track_count is None
        ]
        rows += [
            AlbumRow(
                id=album.ref.id,
                songs=album.track_count,
                artists=album.artists,
                library_id=album.library_id,
            )
            for album in page.items
            if album.track_count is not None
        ]
        offset = None if page.next_cursor is None else int(page.next_cursor)
    if len({row.id for row in rows}) != len(rows):
        # Where one comes twice, another one may have been passed over, with all its songs.
        raise pages.repeated(asking.server, "albums")
    return DecodedItems(items=tuple(rows), problems=tuple(problems))


def walked_albums(asking: Asking) -> DecodedItems[AlbumID3]:
    """Every album, found by way of the artists; one that several artists lead to is kept once."""
    found: dict[str, AlbumID3] = {}
    artists = asking.artists(None, asking.connection.reading)
    problems = list(artists.problems)
    for artist in artists.items:
        albums = asking.albums_of(artist.ref.id)
        declared = artist.album_count or 0
        if arrived(albums) < declared:
            # There may be more, since an artist is also a guest on albums of others.
            raise pages.short(
                asking.server, f"albums of the artist {artist.ref.id!r}", declared, arrived(albums)
            )
        problems += albums.problems
        for album in albums.items:
            found.setdefault(text_id(album.id), album)
    return DecodedItems(items=tuple(found.values()), problems=tuple(dict.fromkeys(problems)))


def walked_rows(asking: Asking) -> DecodedItems[AlbumRow]:
    """Every album as a row, found by way of the artists."""
    walked = walked_albums(asking)
    rows = decode_items(walked.items, AlbumID3, _row, kind=Kind.ALBUM)
    return DecodedItems(items=rows.items, problems=(*walked.problems, *rows.problems))


def _row(album: AlbumID3) -> AlbumRow:
    songs = whole(album.song_count)
    if songs is None:
        raise ValueError(_UNCOUNTED)
    artists = credits(album.artists, album.artist, album.artist_id)
    return AlbumRow(id=text_id(album.id), songs=songs, artists=artists)


def _cut(found: DecodedItems[T], low: int, high: int) -> DecodedItems[T]:
    """A stretch of a page. Problems have no place; they go with its end."""
    if low <= 0 and high >= arrived(found):
        return found
    items = found.items[max(0, low) : high]
    problems = found.problems if high >= arrived(found) else ()
    return DecodedItems(items=items, problems=problems)
