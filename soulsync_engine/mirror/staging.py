"""Items under ids that the mirror does not know, waiting until it is clear whether they are new.

Where a server gave its items other ids, each of them looks like a new one, until a complete listing shows which known
ids are gone. So they are kept here, and are in no other table before that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    select,
)

from soulsync_engine.mirror.bookkeeping import staged
from soulsync_engine.mirror.database import Cursor, Database
from soulsync_engine.mirror.loading import chunks
from soulsync_engine.mirror.rows import Row
from soulsync_engine.mirror.statements import upsert_of
from soulsync_engine.models import Kind

TEMPORARY: Final = MetaData()
"""Tables of one connection, for what a rehearsal must not write."""

_REHEARSED: Final = Table(
    "rehearsed",
    TEMPORARY,
    Column("server_id", Integer, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("uid", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    prefixes=["TEMPORARY"],
)

_CHUNK: Final = 500

_encode = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(
    tuple[str | None, int | None, tuple[Any, ...], tuple[tuple[str, int, str, str | None], ...], int]
).decode


class Staging:
    """What one server and scope has staged. `in_use` says for which kinds there may be anything."""

    def __init__(self, database: Database, *, server: int, scope: str, rehearsal: bool) -> None:
        self._table = _REHEARSED if rehearsal else staged
        self._own = (self._table.c.server_id == server, self._table.c.scope == scope)
        self._key = (server, scope)
        self._insert = upsert_of(database.dialect, self._table)
        self.in_use: set[Kind] = set()

    def look_at(self, connection: Connection) -> None:
        """Find out what an earlier sync left."""
        kinds = connection.scalars(select(self._table.c.kind).where(*self._own).distinct())
        self.in_use = {Kind(kind) for kind in kinds}

    def look_up(self, connection: Connection, kind: Kind, ids: Collection[str]) -> dict[str, int]:
        """The numbers of those ids that are staged."""
        if kind not in self.in_use:
            return {}
        table = self._table
        found: dict[str, int] = {}
        for chunk in chunks(list(ids), _CHUNK):
            rows = connection.execute(
                select(table.c.native_id, table.c.uid).where(
                    *self._own, table.c.kind == kind.value, table.c.native_id.in_(chunk)
                )
            )
            found.update((native_id, uid) for native_id, uid in rows)
        return found

    def put(self, cursor: Cursor, kind: Kind, rows: Sequence[tuple[str, int, Row]]) -> None:
        """Stage items: native id, number, row. One that is there already is replaced."""
        if rows:
            self.in_use.add(kind)
            cursor.executemany(
                self._insert,
                [(*self._key, kind.value, native_id, uid, _encode(row)) for native_id, uid, row in rows],
            )

    def pages(self, connection: Connection, kind: Kind, size: int) -> Iterator[list[tuple[str, int, Row]]]:
        """Everything staged of a kind in the order of its numbers, so many at a time."""
        if kind not in self.in_use:
            return
        table, last = self._table, -1
        query = select(table.c.native_id, table.c.uid, table.c.body).where(
            *self._own, table.c.kind == kind.value
        )
        while True:
            rows = connection.execute(query.where(table.c.uid > last).order_by(table.c.uid).limit(size)).all()
            if not rows:
                return
            yield [(native_id, uid, _decode(body)) for native_id, uid, body in rows]
            last = rows[-1][1]

    def clear(self, connection: Connection, kind: Kind | None = None) -> None:
        """Forget what is staged, of one kind or of all."""
        forgotten = delete(self._table).where(*self._own)
        connection.execute(forgotten if kind is None else forgotten.where(self._table.c.kind == kind.value))
        self.in_use = set() if kind is None else self.in_use - {kind}
