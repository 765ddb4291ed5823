"""What is read from an index that is up to date: items by id, and pages of them in the order of ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Final, TypeVar

import msgspec

from soulsync_engine.models import Album, Artist, Item, Kind, Track
from soulsync_local.mapping import PART_COLUMNS, CreditedPart, Mapper
from soulsync_local.records import FILE_COLUMNS, file_row

_T = TypeVar("_T")

# Lists of ids go into a statement as one JSON text, so that every statement is a constant.
_IDS: Final = "(SELECT value FROM json_each(?))"

_TRACKS: Final = f"SELECT {FILE_COLUMNS} FROM file WHERE id IN {_IDS} AND problem IS NULL"
_PARTS: Final = f"SELECT {PART_COLUMNS} FROM part WHERE album IN {_IDS} ORDER BY album, folder"
_CREDITS: Final = (
    f"SELECT credit.artist, credit.name, credit.musicbrainz_id, {PART_COLUMNS} FROM credit "
    "JOIN part ON part.album = credit.album AND part.folder = credit.folder "
    f"WHERE credit.artist IN {_IDS} ORDER BY credit.artist, part.album, part.folder"
)

_ID_PAGES: Final = {
    Kind.TRACK: f"SELECT id FROM file WHERE library IN {_IDS} AND problem IS NULL AND id > ? ORDER BY id LIMIT ?",
    Kind.ALBUM: f"SELECT DISTINCT album FROM part WHERE library IN {_IDS} AND album > ? ORDER BY album LIMIT ?",
    Kind.ARTIST: f"SELECT DISTINCT artist FROM credit WHERE library IN {_IDS} AND artist > ? ORDER BY artist LIMIT ?",
}
_COUNTS: Final = {
    Kind.TRACK: f"SELECT count(*) FROM file WHERE library IN {_IDS} AND problem IS NULL",
    Kind.ALBUM: f"SELECT count(DISTINCT album) FROM part WHERE library IN {_IDS}",
    Kind.ARTIST: f"SELECT count(DISTINCT artist) FROM credit WHERE library IN {_IDS}",
}


def json_list(values: Iterable[str]) -> str:
    """Values for a statement that takes a JSON list."""
    return msgspec.json.encode(list(values)).decode()


def ids_after(
    connection: sqlite3.Connection, kind: Kind, libraries: Sequence[str], after: str, limit: int
) -> list[str]:
    """Up to `limit` ids behind one, in order."""
    rows = connection.execute(_ID_PAGES[kind], (json_list(libraries), after, limit))
    return [id for (id,) in rows]


def count(connection: sqlite3.Connection, kind: Kind, libraries: Sequence[str]) -> int:
    """How many items there are."""
    return int(connection.execute(_COUNTS[kind], (json_list(libraries),)).fetchone()[0])


def tracks(connection: sqlite3.Connection, mapper: Mapper, ids: Iterable[str]) -> list[Track]:
    """The tracks with these ids, in that order."""
    ids = list(ids)
    rows = map(file_row, connection.execute(_TRACKS, (json_list(ids),)))
    found = {row.id: mapper.track(row) for row in rows}
    return _ordered(found, ids)


def albums(connection: sqlite3.Connection, mapper: Mapper, ids: Iterable[str]) -> list[Album]:
    """The albums with these ids, in that order."""
    ids = list(ids)
    rows = connection.execute(_PARTS, (json_list(ids),))
    found = {id: mapper.album(list(parts)) for id, parts in groupby(rows, key=itemgetter(0))}
    return _ordered(found, ids)


def artists(connection: sqlite3.Connection, mapper: Mapper, ids: Iterable[str]) -> list[Artist]:
    """The artists with these ids, in that order."""
    ids = list(ids)
    credited = _credited(connection.execute(_CREDITS, (json_list(ids),)))
    found = {id: mapper.artist(list(parts)) for id, parts in groupby(credited, key=attrgetter("artist"))}
    return _ordered(found, ids)


def items(connection: sqlite3.Connection, mapper: Mapper, kind: Kind, ids: Iterable[str]) -> tuple[Item, ...]:
    """The items of a kind with these ids, in that order; ids that are not there are left out."""
    if kind is Kind.TRACK:
        return tuple(tracks(connection, mapper, ids))
    if kind is Kind.ALBUM:
        return tuple(albums(connection, mapper, ids))
    return tuple(artists(connection, mapper, ids))


def _credited(
    rows: Iterable[tuple[str, str, str | None, str, str, bytes, int, int]],
) -> Iterator[CreditedPart]:
    for artist, name, musicbrainz_id, album, library, body, tracks, added in rows:
        yield CreditedPart(artist, name, musicbrainz_id, (album, library, body, tracks, added))


def _ordered(found: dict[str, _T], ids: Iterable[str]) -> list[_T]:
    return [found[id] for id in ids if id in found]
