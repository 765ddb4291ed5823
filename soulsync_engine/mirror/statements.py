"""The statements that run for every row, made once by SQLAlchemy and run on the driver's cursor.

SQLAlchemy's own execution costs more per row than SQLite does, so these take plain tuples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, bindparam, delete, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from soulsync_engine.mirror import schema
from soulsync_engine.mirror.bookkeeping import votes

LOOK_UP: Final = 250
"""How many ids one look-up statement takes; the rest of its places are filled with NULL."""

_KEY: Final = ("server_id", "kind", "native_id")


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL texts with positional parameters, for one table of items.

    - `update_item`: native_id, removed_at, omitted, escaped and all values; then the uid
    - `remove_item`: removed_at; uid
    - `insert_credit`: all columns; `insert_unlinked_credit`: without the artist's id
    - `insert_id`: server_id, kind, native_id, uid, content_hash, first_seen
    - `update_id`: content_hash, gone_since, missing_since, missing_sweeps; then server_id, kind, native_id
    - `miss_id`: missing_since, missing_sweeps; then server_id, kind, native_id
    - `point_id`: uid, content_hash; then server_id, kind, native_id: the id is in use, for that item
    - `look_up`: server_id, kind, `LOOK_UP` native ids; gives uid, content_hash, gone_since, missing_since, native_id
    - `note_write`: uid, field, run_id
    - `vote`: server_id, scope, kind, old_id, new_id, votes
    """

    update_item: str
    remove_item: str
    insert_credit: str
    insert_unlinked_credit: str
    delete_credits: str
    insert_id: str
    update_id: str
    miss_id: str
    point_id: str
    look_up: str
    insert_change: str
    note_write: str
    vote: str


@lru_cache(maxsize=16)
def statements(dialect: Dialect, table: Table) -> Statements:
    """The statements of one table of items."""
    ids, credited, changes = schema.native_ids, schema.item_credits, schema.changes
    keys = [f"key_{name}" for name in _KEY]
    this_id = [ids.c[name] == bindparam(key) for name, key in zip(_KEY, keys, strict=True)]
    values = [column.name for column in table.columns if column.name not in ("uid", "server_id")]
    this_item = table.c.uid == bindparam("key_uid")
    credit = tuple(credited.columns.keys())

    def update_of_id(*names: str, cleared: Sequence[str] = ()) -> str:
        values: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in names}
        values |= {name: null() for name in cleared}
        return _text(dialect, update(ids).where(*this_id).values(values), [], [*names, *keys])

    return Statements(
        update_item=_text(dialect, update(table).where(this_item), values, ["key_uid"]),
        remove_item=_text(dialect, update(table).where(this_item), ["removed_at"], ["key_uid"]),
        insert_credit=insert_of(dialect, credited, credit),
        insert_unlinked_credit=insert_of(dialect, credited, credit[:-1]),
        delete_credits=_text(
            dialect, delete(credited).where(credited.c.uid == bindparam("key_uid")), [], ["key_uid"]
        ),
        insert_id=insert_of(dialect, ids, (*_KEY, "uid", "content_hash", "first_seen")),
        update_id=update_of_id("content_hash", "gone_since", "missing_since", "missing_sweeps"),
        miss_id=update_of_id("missing_since", "missing_sweeps"),
        point_id=update_of_id(
            "uid", "content_hash", cleared=("gone_since", "missing_since", "missing_sweeps")
        ),
        look_up=_look_up(dialect),
        insert_change=insert_of(dialect, changes, tuple(changes.columns.keys())),
        note_write=upsert_of(dialect, schema.field_writes),
        vote=upsert_of(dialect, votes, adding="votes"),
    )


@lru_cache(maxsize=4)
def _look_up(dialect: Dialect) -> str:
    ids = schema.native_ids
    wanted = [f"id_{number}" for number in range(LOOK_UP)]
    found = (ids.c.uid, ids.c.content_hash, ids.c.gone_since, ids.c.missing_since, ids.c.native_id)
    query = select(*found).where(
        ids.c.server_id == bindparam("key_server_id"),
        ids.c.kind == bindparam("key_kind"),
        ids.c.native_id.in_([bindparam(name) for name in wanted]),
    )
    return _text(dialect, query, [], ["key_server_id", "key_kind", *wanted])


@lru_cache(maxsize=512)
def insert_of(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    """An insert of these columns, in the table's order."""
    return _text(dialect, insert(table).inline(), columns)


@lru_cache(maxsize=64)
def of_rows(insertion: str, number: int) -> str:
    """An insert of one row, as one of that many."""
    _, _, row = insertion.partition(" VALUES ")
    return insertion + f", {row}" * (number - 1)


@lru_cache(maxsize=32)
def upsert_of(dialect: Dialect, table: Table, *, adding: str | None = None) -> str:
    """An insert of whole rows that replaces what is not the key, or adds to a number."""
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    insertion = make(table).inline()
    new = {
        column.name: insertion.excluded[column.name] + column
        if column.name == adding
        else insertion.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    upsert = insertion.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=new)
    return _text(dialect, upsert, table.columns.keys())


def _text(dialect: Dialect, clause: ClauseElement, names: Sequence[str], keys: Sequence[str] = ()) -> str:
    compiled = clause.compile(dialect=dialect, column_keys=list(names) or None)
    order = getattr(compiled, "positiontup", None)
    # The callers build tuples by this order.
    if order != [*names, *keys]:
        raise AssertionError(f"{compiled} takes {order}")
    return str(compiled)
