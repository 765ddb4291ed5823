"""The statements that run for every row, made once by SQLAlchemy and run on the driver's cursor.

SQLAlchemy's own execution costs more per row than SQLite does, so these take plain tuples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite.pysqlite import dialect
from sqlalchemy.sql import ClauseElement

from soulsync_engine.mirror import schema

DIALECT = dialect()
"""What all statements are made for, once for all databases of a process."""

LOOK_UP = 250
"""How many ids one look-up statement takes; the rest of its places are filled with NULL."""


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL texts with positional parameters, for one table of items.

    - `update_item`: native_id, removed_at, omitted, escaped and all values; then the uid
    - `remove_item`: removed_at; uid
    - `insert_credit`: all columns; `insert_unlinked_credit`: without the artist's id
    - `insert_id`: server_id, kind, native_id, uid, content_hash, first_seen
    - `update_id`: content_hash, gone_since; then server_id, kind, native_id
    - `look_up`: server_id, kind, `LOOK_UP` native ids; gives native_id, uid, content_hash, gone_since
    """

    update_item: str
    remove_item: str
    insert_credit: str
    insert_unlinked_credit: str
    delete_credits: str
    insert_id: str
    update_id: str
    look_up: str
    insert_change: str


@lru_cache(maxsize=16)
def statements(table: Table) -> Statements:
    """The statements of one table of items."""
    ids, credited, changes = schema.native_ids, schema.item_credits, schema.changes
    this_id = [ids.c[name] == bindparam(f"key_{name}") for name in ("server_id", "kind", "native_id")]
    values = [column.name for column in table.columns if column.name not in ("uid", "server_id")]
    this_item = table.c.uid == bindparam("key_uid")
    credit = tuple(credited.columns.keys())
    return Statements(
        update_item=_text(update(table).where(this_item), values, ["key_uid"]),
        remove_item=_text(update(table).where(this_item), ["removed_at"], ["key_uid"]),
        insert_credit=insert_of(credited, credit),
        insert_unlinked_credit=insert_of(credited, credit[:-1]),
        delete_credits=_text(delete(credited).where(credited.c.uid == bindparam("key_uid")), [], ["key_uid"]),
        insert_id=insert_of(ids, ("server_id", "kind", "native_id", "uid", "content_hash", "first_seen")),
        update_id=_text(
            update(ids).where(*this_id),
            ["content_hash", "gone_since"],
            ["key_server_id", "key_kind", "key_native_id"],
        ),
        look_up=_look_up(),
        insert_change=insert_of(changes, tuple(changes.columns.keys())),
    )


@lru_cache(maxsize=1)
def _look_up() -> str:
    ids = schema.native_ids
    wanted = [f"id_{number}" for number in range(LOOK_UP)]
    query = select(ids.c.native_id, ids.c.uid, ids.c.content_hash, ids.c.gone_since).where(
        ids.c.server_id == bindparam("key_server_id"),
        ids.c.kind == bindparam("key_kind"),
        ids.c.native_id.in_([bindparam(name) for name in wanted]),
    )
    return _text(query, [], ["key_server_id", "key_kind", *wanted])


@lru_cache(maxsize=512)
def insert_of(table: Table, columns: tuple[str, ...]) -> str:
    """An insert of these columns, in the table's order."""
    return _text(insert(table).inline(), columns)


@lru_cache(maxsize=16)
def of_rows(insertion: str, number: int) -> str:
    """An insert of one row, as one of that many."""
    _, _, row = insertion.partition(" VALUES ")
    return insertion + f", {row}" * (number - 1)


def _text(clause: ClauseElement, names: Sequence[str], keys: Sequence[str] = ()) -> str:
    compiled = clause.compile(dialect=DIALECT, column_keys=list(names) or None)
    order = getattr(compiled, "positiontup", None)
    # The callers build tuples by this order.
    if order != [*names, *keys]:
        raise AssertionError(f"{compiled} takes {order}")
    return str(compiled)
