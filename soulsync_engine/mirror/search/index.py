"""Keeping the index up to the change feed, and finding in it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, insert, select, update
from sqlalchemy.engine import Dialect

from soulsync_engine.matching import NORMALISATION
from soulsync_engine.mirror import schema
from soulsync_engine.mirror.database import Cursor, Database, driver_cursor
from soulsync_engine.mirror.encoding import unescape_text
from soulsync_engine.mirror.records import ChangeType
from soulsync_engine.mirror.search import fts5, tsvector
from soulsync_engine.mirror.search.layout import INDEXES, RANKED, Index
from soulsync_engine.mirror.search.tokens import Entry, shared_tokens, tokens, words_asked
from soulsync_engine.models import Kind

_WINDOW: Final = 10_000
_TIERS: Final = 1 + max(len(index.columns) for index in INDEXES.values())


def refresh_index(
    database: Database, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Bring the index up to the change feed, in windows, each in a transaction of its own.

    `progress` is told how many changes are done, of how many. Writes nothing when the index is current.
    """
    with database.reading() as connection:
        start, end, floor = _position(connection)
    if start <= floor < end:
        # From the very beginning, or from before what the feed still tells: from the items themselves.
        _make_anew(database)
        return
    low = start
    while low < end:
        with database.writing() as connection:
            # Another thread may be at it too.
            low, end, _ = _position(connection)
            high = min(low + _WINDOW, end)
            for index in INDEXES.values():
                _index_window(database, connection, index, low, high)
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


def write_entries(
    database: Database, cursor: Cursor, kind: Kind, outdated: Iterable[int], entries: Iterable[Entry]
) -> None:
    """Take what is outdated out of an index, then put entries in."""
    index, way = INDEXES[kind], _way(database.dialect)
    gone = [(uid,) for uid in outdated]
    if gone:
        cursor.executemany(way.clear(index), gone)
    cursor.executemany(way.fill(index), way.rows(entries))


def find(
    database: Database,
    connection: Connection,
    kind: Kind,
    text: str,
    *,
    server: int | None = None,
    libraries: Sequence[str] | None = None,
) -> list[tuple[float, int]]:
    """Scores and uids of the hits for a text, the best first.

    Titles that begin with the first word come before others, then those hits whose words are in fewer columns, then
    those of shorter titles. `server` and `libraries` narrow the search.
    """
    words = words_asked(text)
    if not words:
        return []
    way, index = _way(database.dialect), INDEXES[kind]
    scope = {"server": server, "libraries": libraries}
    narrowed = frozenset(name for name, value in scope.items() if value is not None)
    query = _first_of(way, index, narrowed)
    hits: set[tuple[float, int]] = set()
    # Where there are more hits than are looked at, those whose titles begin so are looked at as well.
    for starting in (False, True):
        parameters = {**scope, **way.asked(index, words, starting=starting)}
        found = connection.execute(query, parameters).all()
        hits.update((_TIERS - tier + 1 / (2 + length), uid) for uid, tier, length in found)
        if len(found) < RANKED:
            break
    return sorted(hits, key=lambda hit: (-hit[0], hit[1]))


@lru_cache(maxsize=64)
def _first_of(way: _Way, index: Index, narrowed: frozenset[str]) -> Select[int, int, int]:
    """The uids, tiers and lengths of the titles of the first `RANKED` hits."""
    items, texts = index.items, index.texts
    length = way.length(index)
    query = (
        select(texts.c.rowid, way.tier(index), length)
        .where(way.matches(index))
        .order_by(texts.c.rowid)
        .limit(RANKED)
    )
    if narrowed or way.needs_items:
        query = query.join_from(texts, items, items.c.uid == texts.c.rowid)
    if "server" in narrowed:
        query = query.where(items.c.server_id == bindparam("server"))
    if "libraries" in narrowed:
        query = query.where(items.c.library_id.in_(bindparam("libraries", expanding=True)))
    return query


class _Way(Hashable, Protocol):
    """What `fts5` and `tsvector` have, as modules."""

    def fill(self, index: Index) -> str: ...

    def clear(self, index: Index) -> str: ...

    def rows(self, entries: Iterable[Entry]) -> Iterable[Entry]: ...

    def joined(self, names: ColumnElement[str]) -> ColumnElement[Any]: ...

    def matches(self, index: Index) -> ColumnElement[bool]: ...

    @property
    def needs_items(self) -> bool: ...

    def length(self, index: Index) -> ColumnElement[int]: ...

    def tier(self, index: Index) -> ColumnElement[int]: ...

    def asked(self, index: Index, words: Sequence[str], *, starting: bool) -> Mapping[str, str]: ...


def _way(dialect: Dialect) -> _Way:
    return fts5 if dialect.name == "sqlite" else tsvector


def _make_anew(database: Database) -> None:
    with database.writing() as connection:
        start, end, floor = _position(connection)
        if not start <= floor < end:
            return
        for index in INDEXES.values():
            connection.execute(delete(index.texts))
            _index_all(database, connection, index)
        for name, value in position_at(end).items():
            _keep(connection, name, value)


def _index_all(database: Database, connection: Connection, index: Index) -> None:
    query = _texts(database.dialect, index).order_by(index.items.c.uid).limit(_WINDOW)
    cursor, last = driver_cursor(connection), 0
    while found := connection.execute(query.where(index.items.c.uid > last)).all():
        write_entries(database, cursor, index.kind, (), _entries(found))
        last = found[-1][0]


def _position(connection: Connection) -> tuple[int, int, int]:
    """Up to where the index is, where the feed ends, and before where it has forgotten."""
    counters = schema.counters
    stored = {name: value for name, value in connection.execute(select(counters.c.name, counters.c.value))}  # noqa: C416
    start = stored.get("indexed", 0) if stored.get("normalisation") == NORMALISATION else 0
    return start, stored.get("seq", 0), stored.get("feed_floor", 0)


def _keep(connection: Connection, name: str, value: int) -> None:
    counters = schema.counters
    if not connection.execute(update(counters).where(counters.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(counters).values(name=name, value=value))


def _index_window(database: Database, connection: Connection, index: Index, low: int, high: int) -> None:
    sql = _window_statements(database.dialect, index)
    window = (low, high, index.kind.value)
    reader, writer = driver_cursor(connection), driver_cursor(connection)
    # What was only just added is in no index.
    reader.execute(sql.outdated, (*window, ChangeType.ADDED.value))
    outdated = [uid for (uid,) in reader.fetchall()]
    reader.execute(sql.texts, window)
    write_entries(database, writer, index.kind, outdated, _entries(reader.fetchall()))


@dataclass(frozen=True, slots=True)
class _Statements:
    """With positional parameters: a window and the kind, `outdated` also the type of change to leave out."""

    outdated: str
    texts: str


@lru_cache(maxsize=16)
def _window_statements(dialect: Dialect, index: Index) -> _Statements:
    changes, items = schema.changes, index.items
    concerned = select(changes.c.uid).where(
        changes.c.seq > bindparam("low"),
        changes.c.seq <= bindparam("high"),
        changes.c.kind == bindparam("kind"),
    )
    outdated = concerned.where(changes.c.type != bindparam("added")).distinct()
    texts = _texts(dialect, index).where(items.c.uid.in_(concerned)).order_by(items.c.uid)
    return _Statements(
        outdated=str(outdated.compile(dialect=dialect)), texts=str(texts.compile(dialect=dialect))
    )


def _texts(dialect: Dialect, index: Index) -> Select[*tuple[Any, ...]]:
    """uid, escaped, and the texts as they are, of what is to be indexed."""
    items, credited = index.items, schema.item_credits
    wanted: list[ColumnElement[Any]] = [items.c.uid, items.c.escaped, index.title]
    if "artists" in index.columns:
        names = _way(dialect).joined(credited.c.name)
        wanted.append(select(names).where(credited.c.uid == items.c.uid).scalar_subquery())
    if "album" in index.columns:
        wanted.append(items.c.album)
    return select(*wanted).where(items.c.removed_at.is_(None))


def _entries(rows: Iterable[Sequence[Any]]) -> Iterator[Entry]:
    for uid, escaped, *texts in rows:
        if escaped:
            texts = [unescape_text(text) if text else "" for text in texts]
        title, *others = texts
        yield uid, tokens(title), *[shared_tokens(text) if text else "" for text in others]
