"""The rows that one transaction writes, collected first and then handed to the driver, statement by statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import is_, itemgetter
from typing import Final

from sqlalchemy import Table

from soulsync_engine.mirror.database import Cursor, Database
from soulsync_engine.mirror.encoding import Credit, Value
from soulsync_engine.mirror.rows import Mapper
from soulsync_engine.mirror.search import Entry, write_entries
from soulsync_engine.mirror.statements import insert_of, of_rows, statements

Parameters = tuple[Value, ...]

# Below this many rows a statement of their own costs more to make than it saves.
_WORTH_A_STATEMENT: Final = 40
# How many short rows one run of a statement inserts: running it costs more than a row does.
_TOGETHER: Final = 32


@dataclass(slots=True)
class Batch:
    """Rows for the tables of one kind, as tuples in the order of `Statements`."""

    items: list[Parameters] = field(default_factory=list)
    ids: list[Parameters] = field(default_factory=list)
    changes: list[Parameters] = field(default_factory=list)
    item_updates: list[Parameters] = field(default_factory=list)
    item_removals: list[Parameters] = field(default_factory=list)
    id_updates: list[Parameters] = field(default_factory=list)
    id_misses: list[Parameters] = field(default_factory=list)
    id_points: list[Parameters] = field(default_factory=list)
    field_writes: list[Parameters] = field(default_factory=list)
    votes: list[Parameters] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    outdated_entries: list[int] = field(default_factory=list)
    _linked: list[Parameters] = field(default_factory=list)
    _unlinked: list[Parameters] = field(default_factory=list)
    _outdated: list[Parameters] = field(default_factory=list)

    def credit(self, uid: int, credits: Sequence[Credit]) -> None:
        """Add the credits of an item that has none yet."""
        for role, position, name, artist in credits:
            if artist is None:
                self._unlinked.append((uid, role, position, name))
            else:
                self._linked.append((uid, role, position, name, artist))

    def replace_credits(self, uid: int, credits: Sequence[Credit]) -> None:
        """Put other credits in the place of those an item has."""
        self._outdated.append((uid,))
        self.credit(uid, credits)

    def leave_to(self, other: Batch) -> None:
        """Leave to another batch what is best written for many items at once.

        Sorted ids share pages of the file. And after SQLite has written a full-text index it compiles every statement
        anew, which takes a millisecond for one that inserts many rows.
        """
        other.ids += self.ids
        other.entries += self.entries
        other.outdated_entries += self.outdated_entries
        self.ids.clear()
        self.entries.clear()
        self.outdated_entries.clear()

    def write(self, database: Database, cursor: Cursor, mapper: Mapper) -> None:
        """Run all of it."""
        sql = statements(database.dialect, mapper.table)
        self._insert_items(database, cursor, mapper.table)
        # In the ledger's order: they come in none, and each would touch another page of the file.
        _insert(cursor, sql.insert_id, sorted(self.ids))
        for statement, rows in (
            (sql.update_item, self.item_updates),
            (sql.remove_item, self.item_removals),
            (sql.update_id, self.id_updates),
            (sql.miss_id, self.id_misses),
            (sql.point_id, self.id_points),
            (sql.delete_credits, self._outdated),
            (sql.note_write, self.field_writes),
            (sql.vote, self.votes),
        ):
            if rows:
                cursor.executemany(statement, rows)
        _insert(cursor, sql.insert_credit, self._linked)
        _insert(cursor, sql.insert_unlinked_credit, self._unlinked)
        _insert(cursor, sql.insert_change, self.changes)
        if self.outdated_entries or self.entries:
            write_entries(database, cursor, mapper.kind, self.outdated_entries, self.entries)

    def _insert_items(self, database: Database, cursor: Cursor, table: Table) -> None:
        # The driver takes ten times as long for a None as for a number, and most rows have many; so rows that lack
        # the same columns share a statement without those columns.
        shapes: dict[tuple[bool, ...], list[Parameters]] = {}
        for row in self.items:
            shapes.setdefault(tuple(map(is_, row, repeat(None))), []).append(row)
        names = table.columns.keys()
        for shape, rows in shapes.items():
            if len(rows) < _WORTH_A_STATEMENT:
                cursor.executemany(insert_of(database.dialect, table, tuple(names)), rows)
            else:
                places = [place for place, missing in enumerate(shape) if not missing]
                filled = tuple([names[place] for place in places])
                cursor.executemany(
                    insert_of(database.dialect, table, filled), list(map(itemgetter(*places), rows))
                )


def _insert(cursor: Cursor, statement: str, rows: list[Parameters]) -> None:
    together = len(rows) - len(rows) % _TOGETHER
    if together:
        parts = (rows[start : start + _TOGETHER] for start in range(0, together, _TOGETHER))
        cursor.executemany(
            of_rows(statement, _TOGETHER), [tuple(chain.from_iterable(part)) for part in parts]
        )
    if together < len(rows):
        cursor.executemany(statement, rows[together:])
