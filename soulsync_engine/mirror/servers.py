"""What concerns all that the mirror has of one server: what is missing, forgetting it, moving it to another name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select, update

from soulsync_engine.errors import ConflictError, NotFoundError
from soulsync_engine.mirror import schema
from soulsync_engine.mirror.bookkeeping import checkpoints, leases, seen_pages, staged, sync_runs, votes
from soulsync_engine.mirror.database import Database
from soulsync_engine.mirror.encoding import microseconds
from soulsync_engine.mirror.lease import is_held
from soulsync_engine.mirror.ledger import item_of
from soulsync_engine.mirror.loading import server_number
from soulsync_engine.mirror.records import MirroredItem
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.runs import enter_server
from soulsync_engine.mirror.spool import remove_spool
from soulsync_engine.models import Kind

_UNFINISHED = (checkpoints, seen_pages, staged, votes)


def missing_items(database: Database, server: str, kind: Kind) -> Iterator[MirroredItem]:
    """The items of one kind that are missing on a server."""
    ids, table = schema.native_ids, MAPPERS[kind].table
    with database.reading() as connection:
        uids = connection.scalars(
            select(table.c.uid)
            .join(ids, (ids.c.server_id == table.c.server_id) & (ids.c.native_id == table.c.native_id))
            .where(
                ids.c.server_id == server_number(connection, server),
                ids.c.kind == kind.value,
                ids.c.missing_since.is_not(None),
            )
            .order_by(table.c.uid)
        ).all()
    for uid in uids:
        with database.reading() as connection:
            found = item_of(connection, uid)
        if found is not None:
            yield found


def forget(database: Database, name: str) -> int:
    """Delete everything of a server."""
    with database.writing() as connection:
        number = _idle(connection, name)
        items = 0
        for mapper in MAPPERS.values():
            own = select(mapper.table.c.uid).where(mapper.table.c.server_id == number)
            for table in (schema.item_credits, schema.field_writes):
                connection.execute(delete(table).where(table.c.uid.in_(own)))
        _forget_search(connection, number)
        for table in (schema.changes, schema.native_ids):
            connection.execute(delete(table).where(table.c.server_id == number))
        for mapper in MAPPERS.values():
            items += connection.execute(
                delete(mapper.table).where(mapper.table.c.server_id == number)
            ).rowcount
        for table in (*_UNFINISHED, leases, sync_runs, schema.libraries):
            connection.execute(delete(table).where(table.c.server_id == number))
        connection.execute(delete(schema.servers).where(schema.servers.c.id == number))
        remove_spool(database, number)
    return items


def move(database: Database, old: str, new: str) -> int:
    """Give all that is of one server to another one, as missing there until it is seen."""
    ids = schema.native_ids
    with database.writing() as connection:
        number = _idle(connection, old)
        other = enter_server(connection, new)
        if connection.execute(select(ids.c.uid).where(ids.c.server_id == other).limit(1)).first() is not None:
            raise ConflictError(
                f"The mirror has items of the server {new!r} already.",
                next_step=f"Forget those first, or sync {new} under another name.",
            )
        # The new name takes over the row of the old one, so that nothing that refers to it has to be touched.
        for table in (leases, sync_runs, schema.libraries, *_UNFINISHED):
            connection.execute(delete(table).where(table.c.server_id == other))
        connection.execute(delete(schema.servers).where(schema.servers.c.id == other))
        connection.execute(update(schema.servers).where(schema.servers.c.id == number).values(name=new))
        for table in _UNFINISHED:
            connection.execute(delete(table).where(table.c.server_id == number))
        # Tokens of another server say nothing about this one.
        connection.execute(
            update(sync_runs).where(sync_runs.c.server_id == number).values(token=None, row_version=0)
        )
        missing = update(ids).where(ids.c.server_id == number, ids.c.gone_since.is_(None))
        moved = connection.execute(
            missing.values(missing_since=microseconds(datetime.now(UTC)), missing_sweeps=0)
        ).rowcount
        remove_spool(database, number)
    return moved


def rebuild(database: Database, name: str) -> None:
    """Make what is stored of a server look unlike anything it could send, and the search index empty."""
    with database.writing() as connection:
        number = _idle(connection, name)
        ids = schema.native_ids
        connection.execute(update(ids).where(ids.c.server_id == number).values(content_hash=0))
        connection.execute(update(sync_runs).where(sync_runs.c.server_id == number).values(row_version=0))
        for table in _UNFINISHED:
            connection.execute(delete(table).where(table.c.server_id == number))
        counters = schema.counters
        connection.execute(update(counters).where(counters.c.name == "indexed").values(value=0))
        remove_spool(database, number)


def _idle(connection: Connection, name: str) -> int:
    """The number of a server that no sync is at."""
    number = server_number(connection, name)
    if number is None:
        known = connection.scalars(select(schema.servers.c.name).order_by(schema.servers.c.name)).all()
        raise NotFoundError(
            f"The mirror knows no server {name!r} (it knows: {', '.join(known) or 'none'}).",
            next_step="Correct the name.",
        )
    if is_held(connection, number):
        raise ConflictError(
            "A sync of this server is running.", server=name, next_step="Wait until it is done, or cancel it."
        )
    return number


def _forget_search(connection: Connection, number: int) -> None:
    from soulsync_engine.mirror.search import INDEXES

    for index in INDEXES.values():
        own = select(index.items.c.uid).where(index.items.c.server_id == number)
        connection.execute(delete(index.texts).where(index.texts.c.rowid.in_(own)))
