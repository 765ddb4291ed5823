"""Storing what a sync reads: compared with what is there, a group of pages in one transaction.

A store belongs to one sync. What the sync has seen is kept in a temporary table of the store's connection, so that
memory does not grow with the library.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from soulsync_engine.errors import ContractViolationError
from soulsync_engine.mirror import schema
from soulsync_engine.mirror.batch import Batch
from soulsync_engine.mirror.database import Database, driver_cursor
from soulsync_engine.mirror.encoding import microseconds
from soulsync_engine.mirror.loading import chunks, load
from soulsync_engine.mirror.records import ChangeType, KindCounts
from soulsync_engine.mirror.rows import MAPPERS, Mapper, Row
from soulsync_engine.mirror.search_index import entry_of, is_current, position_at
from soulsync_engine.mirror.statements import DIALECT, LOOK_UP, Statements, statements
from soulsync_engine.mirror.sweep import Sweep
from soulsync_engine.models import Item, Kind

_temporary = MetaData()
SEEN = Table(
    "seen",
    _temporary,
    Column("uid", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
# Ids that a rehearsal would have added or restored.
FRESH = Table(
    "fresh",
    _temporary,
    Column("kind", Text, primary_key=True),
    Column("native_id", Text, primary_key=True),
    prefixes=["TEMPORARY"],
)

_INSERT_SEEN = str(insert(SEEN).prefix_with("OR IGNORE").inline().compile(dialect=DIALECT))
_INSERT_FRESH = str(insert(FRESH).prefix_with("OR IGNORE").inline().compile(dialect=DIALECT))

# What a file that only moved may change beside its path.
_MOVES_ALONG = frozenset({"path", "library_id", "updated"})

_ADDED = ChangeType.ADDED.value

State = tuple[int, int, int | None]
"""uid, content hash, the sync since which it is gone."""


class Writer:
    """A transaction of a store: its cursor and the next numbers."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.cursor = driver_cursor(connection)
        self.now = microseconds(datetime.now(UTC))
        counters = schema.counters
        rows = connection.execute(select(counters.c.name, counters.c.value)).all()
        self._stored: dict[str, int] = {name: value for name, value in rows}  # noqa: C416
        self.uid = self._stored.get("uid", 0)
        self.seq = self._stored.get("seq", 0)
        # An index that has fallen behind is brought up by `refresh_index`, from the change feed.
        self.indexes = is_current(self._stored)

    def keep_counters(self) -> None:
        """Write the numbers that were used up. Readers see them together with the rows that bear them."""
        counters = {"uid": self.uid, "seq": self.seq}
        if self.indexes and self.seq:
            counters |= position_at(self.seq)
        for name, value in counters.items():
            if name not in self._stored:
                if value:
                    self.connection.execute(insert(schema.counters).values(name=name, value=value))
            elif value != self._stored[name]:
                table = schema.counters
                self.connection.execute(update(table).where(table.c.name == name).values(value=value))


class Store:
    """Where one sync puts what it reads. With `rehearsal` everything is compared and nothing is written.

    `counts` says what was done, or would be, so far.
    """

    def __init__(
        self,
        database: Database,
        connection: Connection,
        *,
        server: str,
        number: int,
        run: int,
        rehearsal: bool,
    ) -> None:
        self.server = server
        self.rehearsal = rehearsal
        self.number = number
        self.counts = dict.fromkeys(MAPPERS, KindCounts())
        self._database = database
        self._connection = connection
        self.run = run
        with database.reading_on(connection):
            _temporary.create_all(connection, checkfirst=False)

    def put(self, kind: Kind, items: Sequence[Item], sweep: Sweep[Item] | Sweep[str] | None = None) -> None:
        """Store the items that are new or differ from what is stored, in one transaction.

        With a `sweep`, they are marked as seen by it; an id that it saw before raises `IncompleteSweepError` and
        stores none of them.
        """
        mapper = MAPPERS[kind]
        wanted = {item.ref.id: item for item in items}
        if sweep is not None and len(wanted) != len(items):
            raise sweep.repeated()
        self._check_ids(wanted)
        with self.transaction() as writer:
            sql = statements(mapper.table)
            known = self._look_up(writer.cursor, sql, kind, list(wanted))
            self._complete_omitted(writer.connection, kind, wanted, known)
            uids = [state[0] for state in known.values()]
            new: list[str] = []
            touched: dict[int, tuple[Item, Row, State]] = {}
            batch, first = Batch(), writer.uid + 1
            for native_id, item in wanted.items():
                row = mapper.to_row(item)
                state = known.get(native_id)
                if state is None:
                    new.append(native_id)
                    if not self.rehearsal:
                        self._add(writer, batch, mapper, item, row)
                elif state[1] != row[-1] or state[2] is not None:
                    touched[state[0]] = (item, row, state)
            self.count(kind, added=len(new))
            self._touch(writer, batch, mapper, touched)
            if not self.rehearsal:
                batch.write(writer.cursor, mapper)
                self._mark_added(writer, mapper.table, first, sweep)
            else:
                self._mark_fresh(writer, kind, new, sweep)
                if sweep is None:
                    # Still removed in the database, so the sweep that follows must not take them for passed over.
                    back = [item.ref.id for item, _, (_, _, gone) in touched.values() if gone is not None]
                    self._mark_fresh(writer, kind, back, None)
            self._mark_seen(writer, uids, sweep)

    def mark(self, kind: Kind, ids: Sequence[str], sweep: Sweep[str]) -> list[str]:
        """Mark the ids of a page as seen; returns those whose items are not stored, or stored as removed."""
        self._check_ids(ids)
        if len(set(ids)) != len(ids):
            raise sweep.repeated()
        with self.transaction() as writer:
            sql = statements(MAPPERS[kind].table)
            known = self._look_up(writer.cursor, sql, kind, ids)
            there = [uid for uid, _, gone in known.values() if gone is None]
            self._mark_seen(writer, there, sweep)
            fresh = self._fresh(writer.connection, kind) if self.rehearsal else set()
        there_ids = {native_id for native_id, state in known.items() if state[2] is None} | fresh
        return [native_id for native_id in ids if native_id not in there_ids]

    def excuse(self, kind: Kind, ids: Sequence[str]) -> None:
        """Mark items that are there but could not be read, so that they are not taken for absent."""
        self._check_ids(ids)
        with self.transaction() as writer:
            sql = statements(MAPPERS[kind].table)
            known = self._look_up(writer.cursor, sql, kind, ids)
            self._mark_seen(writer, [state[0] for state in known.values()], None, force=True)

    def count_seen(self, kind: Kind, seen: int) -> None:
        """Note how many items of a kind the server has, once its listing has ended."""
        counts = self.counts[kind]
        known = counts.added + counts.changed + counts.moved + counts.restored
        self.counts[kind] = replace(counts, seen=seen, unchanged=max(seen - known, 0))

    def forget(self) -> None:
        """Begin anew: nothing was seen yet. What was stored is stored; what a rehearsal found is found again."""
        with self.transaction() as writer:
            for table in (SEEN, FRESH):
                writer.connection.execute(delete(table))
        if self.rehearsal:
            self.counts = dict.fromkeys(MAPPERS, KindCounts())

    @contextmanager
    def transaction(self) -> Iterator[Writer]:
        """One transaction; the counts go back with it when it fails."""
        counts = dict(self.counts)
        begun = self._database.reading_on if self.rehearsal else self._database.writing
        try:
            with begun(self._connection):
                writer = Writer(self._connection)
                yield writer
                if not self.rehearsal:
                    writer.keep_counters()
        except OverflowError as error:
            self.counts = counts
            raise ContractViolationError(
                "The backend returned an item with a number that no database holds.",
                server=self.server,
                next_step="Report this to the authors of the backend.",
            ) from error
        except BaseException:
            self.counts = counts
            raise

    def _look_up(
        self, cursor: sqlite3.Cursor, sql: Statements, kind: Kind, ids: Sequence[str]
    ) -> dict[str, State]:
        known: dict[str, State] = {}
        for chunk in chunks(ids, LOOK_UP):
            filling = [None] * (LOOK_UP - len(chunk))
            cursor.execute(sql.look_up, (self.number, kind.value, *chunk, *filling))
            for native_id, uid, digest, gone in cursor.fetchall():
                known[native_id] = uid, digest, gone
        return known

    def _complete_omitted(
        self, connection: Connection, kind: Kind, wanted: dict[str, Item], known: dict[str, State]
    ) -> None:
        """Give the fields that were not sent the value that is stored."""
        partial = {known[key][0]: key for key, item in wanted.items() if item.omitted and key in known}
        for uid, (stored, _) in load(connection, kind, partial).items() if partial else ():
            item = wanted[partial[uid]]
            kept: dict[str, object] = {name: getattr(stored, name) for name in item.omitted}
            kept["omitted"] = item.omitted & stored.omitted
            wanted[partial[uid]] = replace(item, **kept)  # type: ignore[arg-type]

    def _add(self, writer: Writer, batch: Batch, mapper: Mapper, item: Item, row: Row) -> None:
        omitted, escaped, values, credited, digest = row
        kind, number, native_id = mapper.kind.value, self.number, item.ref.id
        writer.uid = uid = writer.uid + 1
        writer.seq = seq = writer.seq + 1
        title = mapper.title(item)
        batch.items.append((uid, number, native_id, None, omitted, escaped, *values))
        batch.ids.append((number, kind, native_id, uid, digest, self.run))
        batch.credit(uid, credited)
        batch.changes.append((seq, _ADDED, kind, uid, number, native_id, title, "", writer.now))
        if writer.indexes:
            batch.entries.append(entry_of(uid, item))

    def _touch(
        self, writer: Writer, batch: Batch, mapper: Mapper, touched: dict[int, tuple[Item, Row, State]]
    ) -> None:
        """Items whose hash differs, or that were gone."""
        stored = load(writer.connection, mapper.kind, touched) if touched else {}
        for uid, (item, row, (_, _, gone)) in touched.items():
            omitted, escaped, values, credited, digest = row
            before, _ = stored[uid]
            differing = differences(before, item)
            change = _type_of_change(differing, restored=gone is not None)
            native_id = item.ref.id
            batch.item_updates.append((native_id, None, omitted, escaped, *values, uid))
            batch.id_updates.append((digest, None, self.number, mapper.kind.value, native_id))
            batch.replace_credits(uid, credited)
            if change is None:
                continue
            if writer.indexes:
                batch.outdated_entries.append(uid)
                batch.entries.append(entry_of(uid, item))
            writer.seq += 1
            batch.changes.append(
                (
                    writer.seq,
                    change.value,
                    mapper.kind.value,
                    uid,
                    self.number,
                    native_id,
                    mapper.title(item),
                    ",".join(differing),
                    writer.now,
                )
            )
            self.count(mapper.kind, **{change.value: 1})

    def _mark_seen(
        self, writer: Writer, uids: list[int], sweep: Sweep[Item] | Sweep[str] | None, *, force: bool = False
    ) -> None:
        if (sweep is None and not force) or not uids:
            return
        writer.cursor.executemany(_INSERT_SEEN, [(uid,) for uid in uids])
        if sweep is not None and writer.cursor.rowcount != len(uids):
            raise sweep.repeated()

    def _mark_added(
        self, writer: Writer, table: Table, first: int, sweep: Sweep[Item] | Sweep[str] | None
    ) -> None:
        # No sweep can have seen them before, and their numbers follow each other.
        if sweep is not None and writer.uid >= first:
            added = select(table.c.uid).where(table.c.uid.between(first, writer.uid))
            writer.connection.execute(insert(SEEN).from_select(["uid"], added))

    def _mark_fresh(
        self, writer: Writer, kind: Kind, ids: list[str], sweep: Sweep[Item] | Sweep[str] | None
    ) -> None:
        if ids:
            writer.cursor.executemany(_INSERT_FRESH, [(kind.value, native_id) for native_id in ids])
            if sweep is not None and writer.cursor.rowcount != len(ids):
                raise sweep.repeated()

    def _fresh(self, connection: Connection, kind: Kind) -> set[str]:
        return set(connection.scalars(select(FRESH.c.native_id).where(FRESH.c.kind == kind.value)))

    def _check_ids(self, ids: Collection[str]) -> None:
        try:
            "".join(ids).encode()
        except (UnicodeEncodeError, TypeError) as error:
            raise ContractViolationError(
                "The backend returned an id that is no valid text.",
                server=self.server,
                next_step="Report this to the authors of the backend.",
            ) from error

    def count(self, kind: Kind, **more: int) -> None:
        """Add to the counts of a kind."""
        counts = self.counts[kind]
        self.counts[kind] = replace(
            counts, **{name: getattr(counts, name) + number for name, number in more.items()}
        )


def differences(before: Item, after: Item) -> tuple[str, ...]:
    """The names of the fields in which two states of an item differ, sorted."""
    return tuple(
        sorted(
            entry.name
            for entry in fields(after)
            if entry.name not in ("ref", "omitted")
            and getattr(before, entry.name) != getattr(after, entry.name)
        )
    )


def _type_of_change(differing: tuple[str, ...], *, restored: bool) -> ChangeType | None:
    if restored:
        return ChangeType.RESTORED
    if not differing:
        return None
    return (
        ChangeType.MOVED if "path" in differing and _MOVES_ALONG.issuperset(differing) else ChangeType.CHANGED
    )
