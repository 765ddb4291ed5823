"""The full-text index: written together with the items, brought up from the change feed, and searched.

Texts are normalised by `search_key` before they are indexed and before they are looked for, so case, accents
and punctuation do not matter. Scripts that are written without blanks between words are indexed by pairs of
characters, so that any two characters next to each other are found.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Label,
    Select,
    Table,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    table,
    update,
)
from sqlalchemy.sql.expression import TableClause

from soulsync_engine.matching import NORMALISATION, search_key
from soulsync_engine.mirror import schema
from soulsync_engine.mirror.database import Database, driver_cursor
from soulsync_engine.mirror.encoding import unescape_text
from soulsync_engine.mirror.records import ChangeType
from soulsync_engine.mirror.statements import DIALECT
from soulsync_engine.models import Album, ArtistCredit, Item, Kind, Track

Entry: TypeAlias = tuple[object, ...]
"""uid, then the texts of the columns, as search keys."""

RANKED: Final = 10_000
"""How many hits of one kind are ranked. A word that more items have hardly tells them apart, and ranking is slow."""

_WINDOW: Final = 10_000
_INDEXED_LENGTH: Final = 2000
_ASKED_LENGTH: Final = 500
_SEPARATOR: Final = "\x1f"

_UNSPACED: Final = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "]+"
)


@dataclass(frozen=True, slots=True)
class Index:
    """The index of one kind: its columns, what each weighs in the order of hits, and where the texts are."""

    kind: Kind
    items: Table
    texts: TableClause
    weights: tuple[float, ...]
    has_artists: bool
    has_album: bool


def _index(kind: Kind, items: Table, columns: tuple[str, ...], weights: tuple[float, ...]) -> Index:
    names = ("rowid", *columns)
    return Index(
        kind,
        items,
        table(f"{items.name}_search", *(column(name) for name in names)),
        weights,
        "artists" in columns,
        "album" in columns,
    )


INDEXES: Final = {
    Kind.ARTIST: _index(Kind.ARTIST, schema.artists, ("name",), (10.0,)),
    Kind.ALBUM: _index(Kind.ALBUM, schema.albums, ("title", "artists"), (10.0, 5.0)),
    Kind.TRACK: _index(Kind.TRACK, schema.tracks, ("title", "artists", "album"), (10.0, 5.0, 2.0)),
}


def refresh_index(
    database: Database, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Bring the index up to the change feed, in windows, each in a transaction of its own.

    `progress` is told how many changes are done, of how many. Writes nothing when the index is current.
    """
    with database.reading() as connection:
        start, end = _position(connection)
    if start == 0 < end:
        _empty(database)
    low = start
    while low < end:
        with database.writing() as connection:
            # Another thread may be at it too.
            low, end = _position(connection)
            high = min(low + _WINDOW, end)
            for index in INDEXES.values():
                _index_window(connection, index, low, high)
            _keep(connection, "indexed", high)
        low = high
        progress(high - start, end - start)


def is_current(counters: Mapping[str, int]) -> bool:
    """Whether everything up to the last change is in the index, by the rules of today."""
    end = counters.get("seq", 0)
    return end == 0 or position_at(end).items() <= counters.items()


def position_at(seq: int) -> dict[str, int]:
    """The counters of an index that has everything up to a change."""
    return {"indexed": seq, "normalisation": NORMALISATION}


def entry_of(uid: int, item: Item) -> Entry:
    """What the index holds of an item."""
    if isinstance(item, Track):
        album = _shared_tokens(item.album) if item.album else ""
        return uid, _tokens(item.title), _credited_tokens(item.album_artists + item.artists), album
    if isinstance(item, Album):
        return uid, _tokens(item.title), _credited_tokens(item.artists)
    return uid, _tokens(item.name)


def write_entries(
    cursor: sqlite3.Cursor, kind: Kind, outdated: Iterable[int], entries: Iterable[Entry]
) -> None:
    """Take what is outdated out of an index, then put entries in."""
    sql = _statements(INDEXES[kind])
    cursor.executemany(sql.clear, ((uid,) for uid in outdated))
    cursor.executemany(sql.fill, entries)


def search_index(index: Index, text: str, *conditions: ColumnElement[bool]) -> Select[int, float] | None:
    """A query for the uids whose texts hold every word asked for, or a word that begins so, and their scores.

    The conditions are on the items. Of more than `RANKED` the first are taken. None when the text holds no word.
    """
    expression = _expression(text)
    if not expression:
        return None
    weights = ", ".join(str(weight) for weight in index.weights)
    rank: Label[float] = literal_column(f"-bm25({index.texts.name}, {weights})", Float()).label("score")
    hits = (
        select(index.items.c.uid, rank)
        .join_from(index.texts, index.items, index.items.c.uid == index.texts.c.rowid)
        .where(literal_column(index.texts.name).op("MATCH")(expression), *conditions)
        .order_by(index.texts.c.rowid)
        .limit(RANKED)
        .subquery()
    )
    return select(hits.c.uid, hits.c.score).order_by(hits.c.score.desc(), hits.c.uid)


def _empty(database: Database) -> None:
    with database.writing() as connection:
        if _position(connection)[0] == 0:
            for index in INDEXES.values():
                connection.execute(delete(index.texts))
            _keep(connection, "normalisation", NORMALISATION)
            _keep(connection, "indexed", 0)


def _position(connection: Connection) -> tuple[int, int]:
    counters = schema.counters
    stored = {name: value for name, value in connection.execute(select(counters.c.name, counters.c.value))}  # noqa: C416
    start = stored.get("indexed", 0) if stored.get("normalisation") == NORMALISATION else 0
    return start, stored.get("seq", 0)


def _keep(connection: Connection, name: str, value: int) -> None:
    counters = schema.counters
    if not connection.execute(update(counters).where(counters.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(counters).values(name=name, value=value))


def _index_window(connection: Connection, index: Index, low: int, high: int) -> None:
    sql = _statements(index)
    window = (low, high, index.kind.value)
    reader, writer = driver_cursor(connection), driver_cursor(connection)
    # What was only just added is in no index.
    outdated = reader.execute(sql.outdated, (*window, ChangeType.ADDED.value)).fetchall()
    write_entries(writer, index.kind, (uid for (uid,) in outdated), ())
    # Read and written row by row, so that a window takes no memory.
    texts = reader.execute(sql.texts, window)
    write_entries(writer, index.kind, (), _keys(texts))


@dataclass(frozen=True, slots=True)
class _Statements:
    """What runs for every row, with positional parameters; `outdated` and `texts` take a window and the kind."""

    outdated: str
    clear: str
    texts: str
    fill: str


@lru_cache(maxsize=8)
def _statements(index: Index) -> _Statements:
    changes, items = schema.changes, index.items
    concerned = select(changes.c.uid).where(
        changes.c.seq > bindparam("low"),
        changes.c.seq <= bindparam("high"),
        changes.c.kind == bindparam("kind"),
    )
    outdated = concerned.where(changes.c.type != bindparam("added")).distinct()
    texts = (
        _texts(index).where(items.c.removed_at.is_(None), items.c.uid.in_(concerned)).order_by(items.c.uid)
    )
    clear = delete(index.texts).where(index.texts.c.rowid == bindparam("uid"))
    names = [entry.name for entry in index.texts.columns]
    fill = insert(index.texts).inline().compile(dialect=DIALECT, column_keys=names)
    return _Statements(
        outdated=str(outdated.compile(dialect=DIALECT)),
        clear=str(clear.compile(dialect=DIALECT)),
        texts=str(texts.compile(dialect=DIALECT)),
        fill=str(fill),
    )


def _texts(index: Index) -> Select[*tuple[Any, ...]]:
    """uid, escaped, and the texts as they are, of what is to be indexed."""
    items, credited = index.items, schema.item_credits
    title = items.c.name if index.kind is Kind.ARTIST else items.c.title
    wanted: list[ColumnElement[Any]] = [items.c.uid, items.c.escaped, title]
    if index.has_artists:
        wanted.append(
            select(func.group_concat(credited.c.name, literal_column(f"char({ord(_SEPARATOR)})")))
            .where(credited.c.uid == items.c.uid)
            .scalar_subquery()
        )
    if index.has_album:
        wanted.append(items.c.album)
    return select(*wanted)


def _keys(rows: Iterable[Sequence[Any]]) -> Iterator[Entry]:
    for uid, escaped, *texts in rows:
        if escaped:
            texts = [unescape_text(text) if text else "" for text in texts]
        title, *others = texts
        yield uid, _tokens(title), *[_shared_tokens(text) if text else "" for text in others]


def _tokens(text: str) -> str:
    key = search_key(text[:_INDEXED_LENGTH])
    return key if key.isascii() else _UNSPACED.sub(_in_pairs, _valid(key))


def _valid(key: str) -> str:
    # A title of nothing but broken characters is its own key.
    return key.encode("utf-8", "ignore").decode()


def _credited_tokens(credits: tuple[ArtistCredit, ...]) -> str:
    return _shared_tokens(_SEPARATOR.join([credit.name for credit in credits])) if credits else ""


@lru_cache(maxsize=4096)
def _shared_tokens(texts: str) -> str:
    # Artists are mostly credited twice, for the track and for its album.
    return " ".join(dict.fromkeys(_tokens(text) for text in texts.split(_SEPARATOR)))


def _in_pairs(match: re.Match[str]) -> str:
    run = match[0]
    return f" {' '.join(run[place : place + 2] for place in range(len(run)))} "


def _expression(text: str) -> str:
    key = _valid(search_key(text[:_ASKED_LENGTH]))
    words = _UNSPACED.sub(_asked_pairs, key).split()
    return " ".join('"' + word.replace('"', '""') + '" *' for word in words)


def _asked_pairs(match: re.Match[str]) -> str:
    run = match[0]
    if len(run) == 1:
        return f" {run} "
    return f" {' '.join(run[place : place + 2] for place in range(len(run) - 1))} "
