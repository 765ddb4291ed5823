"""Libraries of any size whose rows are made when they are looked at, so that a large one costs nothing to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, overload

from soulsync_plex.simulator.rows import (
    ALBUM,
    ARTIST,
    TRACK,
    TYPE_NAMES,
    Row,
    base_row,
    media_row,
    parent_fields,
)

_FIRST_KEYS: Final = {ARTIST: 1_000_000, ALBUM: 2_000_000, TRACK: 3_000_000}
_KEYS_EACH: Final = 10_000_000
_GENRES: Final = ("Rock", "Jazz", "Folk", "Pop")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadeLibrary:
    """How much there is, and where it is. `number` keeps the keys of several libraries apart.

    It is known by its identity, since looking up what was made already would otherwise hash every field for every row.
    """

    section: str
    title: str
    path: str
    number: int
    artists: int
    albums_each: int
    tracks_each: int
    moment: int

    def count(self, kind: int) -> int:
        """How many items of a kind there are."""
        albums = self.artists * self.albums_each
        return {ARTIST: self.artists, ALBUM: albums, TRACK: albums * self.tracks_each}[kind]

    def first_key(self, kind: int) -> int:
        """The key of the first item of a kind; the others follow it."""
        return self.number * _KEYS_EACH + _FIRST_KEYS[kind]

    def row(self, kind: int, number: int) -> Row:
        """The item of a kind with that number, from 0."""
        if kind == ARTIST:
            return _artist(self, number)
        return _album(self, number) if kind == ALBUM else _track(self, number)


@lru_cache(maxsize=4096)
def _artist(library: MadeLibrary, number: int) -> Row:
    row = _base(library, ARTIST, number, f"Artist {number:05}")
    return {**row, "key": f"{row['key']}/children"}


@lru_cache(maxsize=4096)
def _album(library: MadeLibrary, number: int) -> Row:
    row = _base(library, ALBUM, number, f"Album {number:06}")
    return {
        **row,
        **parent_fields(_artist(library, number // library.albums_each), "parent"),
        "key": f"{row['key']}/children",
        "leafCount": library.tracks_each,
        "year": 1960 + number % 60,
        "Genre": [{"tag": _GENRES[number % len(_GENRES)]}],
    }


@lru_cache(maxsize=4096)
def _common(library: MadeLibrary, album: int) -> Row:
    """What all tracks of an album have."""
    artist = _artist(library, album // library.albums_each)
    row = _base(library, TRACK, 0, "")
    parents = {**parent_fields(artist, "grandparent"), **parent_fields(_album(library, album), "parent")}
    return {**row, **parents, "parentIndex": 1}


def _track(library: MadeLibrary, number: int) -> Row:
    common = _common(library, number // library.tracks_each)
    key = str(library.first_key(TRACK) + number)
    title = f"Track {number:07}"
    path = f"{library.path}/{common['grandparentTitle']}/{common['parentTitle']}/{title}.flac"
    return {
        **common,
        "ratingKey": key,
        "key": f"/library/metadata/{key}",
        "guid": f"plex://track/{number:024x}",
        "title": title,
        "index": number % library.tracks_each + 1,
        "duration": 200_000 + number % 1000,
        "Guid": [{"id": f"mbid://00000000-0000-4000-8000-{number:012d}"}],
        "Media": [media_row(key, path, "flac", "flac", 200_000, 20_000_000, None)],
    }


def _base(library: MadeLibrary, kind: int, number: int, title: str) -> Row:
    key = str(library.first_key(kind) + number)
    return base_row(key, TYPE_NAMES[kind], title, library.section, library.title, library.moment)


class MadeRows(Mapping[str, Row]):
    """All items of a kind by their keys."""

    def __init__(self, library: MadeLibrary, kind: int) -> None:
        self._library = library
        self._kind = kind

    @property
    def in_order(self) -> Sequence[Row]:
        """The items in the order of their keys, which is that of their titles too."""
        return MadeList(self._library, self._kind)

    def __len__(self) -> int:
        return self._library.count(self._kind)

    def __iter__(self) -> Iterator[str]:
        first = self._library.first_key(self._kind)
        return (str(first + number) for number in range(len(self)))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._number(key) is not None

    def __getitem__(self, key: str) -> Row:
        number = self._number(key)
        if number is None:
            raise KeyError(key)
        return self._library.row(self._kind, number)

    def _number(self, key: str) -> int | None:
        """Which item has the key, found without making it."""
        number = int(key) - self._library.first_key(self._kind) if key.isascii() and key.isdigit() else -1
        return number if 0 <= number < len(self) else None


class MadeList(Sequence[Row]):
    """All items of a kind, of which only those are made that are asked for."""

    def __init__(self, library: MadeLibrary, kind: int) -> None:
        self._library = library
        self._kind = kind

    def __len__(self) -> int:
        return self._library.count(self._kind)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._library.row(self._kind, number) for number in range(len(self))[index]]
        return self._library.row(self._kind, range(len(self))[index])
