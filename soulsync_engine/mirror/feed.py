"""The change feed: what happened to items, one entry after the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from soulsync_engine.errors import FeedCursorError
from soulsync_engine.mirror import schema
from soulsync_engine.mirror.database import Database
from soulsync_engine.mirror.encoding import microseconds, moment, understood
from soulsync_engine.mirror.loading import server_names, server_number
from soulsync_engine.mirror.records import Change, ChangeType
from soulsync_engine.models import ItemRef, Kind

FLOOR: Final = "feed_floor"
"""The counter of the last entry that was forgotten."""

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
    """The changes after `since`, in order, up to `limit`; no connection is held between two pages.

    Raises `FeedCursorError` when the feed no longer has what follows, or has not come to that number.
    """
    changes = schema.changes
    query = select(changes).order_by(changes.c.seq)
    left = limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        with database.reading() as connection:
            _check(connection, since)
            names = server_names(connection)
            page = query.where(changes.c.seq > since).limit(size)
            if server is not None:
                page = page.where(changes.c.server_id == server_number(connection, server))
            rows = connection.execute(page).all()
        with understood():
            for seq, change, of, uid, number, native_id, title, fields, at, run in rows:
                kind = _KINDS[of]
                yield Change(
                    seq=seq,
                    type=_TYPES[change],
                    kind=kind,
                    uid=str(uid),
                    ref=ItemRef(names[number], kind, native_id),
                    title=title,
                    fields=_fields(fields),
                    at=_moment(at),
                    run=run,
                )
        if len(rows) < size:
            return
        since = rows[-1][0]
        left = None if left is None else left - len(rows)


def bounds(connection: Connection) -> tuple[int, int]:
    """The last number that was forgotten, and the last that there is; 0 where there is none."""
    counters = schema.counters
    rows = connection.execute(
        select(counters.c.name, counters.c.value).where(counters.c.name.in_(["seq", FLOOR]))
    )
    stored: dict[str, int] = {name: value for name, value in rows}  # noqa: C416
    return stored.get(FLOOR, 0), stored.get("seq", 0)


def forget_changes(connection: Connection, before: datetime) -> int:
    """Forget the changes from before a time; gives how many. Call it in a transaction that writes."""
    changes = schema.changes
    # By number, so that a clock that was set back leaves no hole.
    first_kept = connection.scalar(
        select(func.min(changes.c.seq)).where(changes.c.at >= microseconds(before))
    )
    floor, last = bounds(connection)
    forgotten = last if first_kept is None else first_kept - 1
    if forgotten <= floor:
        return 0
    number = connection.execute(delete(changes).where(changes.c.seq <= forgotten)).rowcount
    counters = schema.counters
    kept = connection.execute(update(counters).where(counters.c.name == FLOOR).values(value=forgotten))
    if not kept.rowcount:
        connection.execute(insert(counters).values(name=FLOOR, value=forgotten))
    return number


def _check(connection: Connection, since: int) -> None:
    floor, last = bounds(connection)
    if since < floor:
        raise FeedCursorError(
            f"The change feed begins after number {floor}; what followed {since} is forgotten.",
            first=floor,
            last=last,
            next_step=f"Read the items themselves once, then go on from {last}.",
        )
    if since > last:
        raise FeedCursorError(
            f"The change feed ends at number {last}, so {since} is none of this mirror's.",
            first=floor,
            last=last,
            next_step=f"Read the items themselves once, then go on from {last}.",
        )
