"""Reading the change feed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from sqlalchemy import select

from soulsync_engine.mirror import schema
from soulsync_engine.mirror.database import Database
from soulsync_engine.mirror.encoding import moment
from soulsync_engine.mirror.loading import server_names, server_number
from soulsync_engine.mirror.records import Change, ChangeType
from soulsync_engine.models import ItemRef, Kind

_PAGE: Final = 2000
_TYPES: Final = {entry.value: entry for entry in ChangeType}
_KINDS: Final = {kind.value: kind for kind in Kind}

# A page of items is stored at one moment, with mostly the same fields.
_moment = lru_cache(maxsize=64)(moment)


@lru_cache(maxsize=256)
def _fields(stored: str) -> tuple[str, ...]:
    return tuple(stored.split(",")) if stored else ()


def read_changes(
    database: Database, since: int, *, server: str | None, limit: int | None
) -> Iterator[Change]:
    """The changes after `since`, in order, up to `limit`; no connection is held between two pages."""
    changes = schema.changes
    query = select(changes).order_by(changes.c.seq)
    left = limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        with database.reading() as connection:
            names = server_names(connection)
            page = query.where(changes.c.seq > since).limit(size)
            if server is not None:
                page = page.where(changes.c.server_id == server_number(connection, server))
            rows = connection.execute(page).all()
        for seq, change, kind, uid, number, native_id, title, fields, at in rows:
            yield Change(
                seq=seq,
                type=_TYPES[change],
                kind=_KINDS[kind],
                uid=str(uid),
                ref=ItemRef(names[number], _KINDS[kind], native_id),
                title=title,
                fields=_fields(fields),
                at=_moment(at),
            )
        if len(rows) < size:
            return
        since = rows[-1][0]
        left = None if left is None else left - len(rows)
