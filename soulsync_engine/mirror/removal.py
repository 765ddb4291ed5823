"""Removing what a complete sweep did not see. Nothing else in the engine removes an item."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from soulsync_engine.mirror import schema
from soulsync_engine.mirror.batch import Batch
from soulsync_engine.mirror.encoding import unescape_text
from soulsync_engine.mirror.records import ChangeType
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.store import SEEN, Store, Writer
from soulsync_engine.mirror.sweep import CompleteSweep
from soulsync_engine.models import Kind, Scope

_CHUNK = 2000


def remove_absent(store: Store, sweep: CompleteSweep, *more: CompleteSweep) -> None:
    """Mark as removed whatever the mirror has in the scope of a sweep and the sweep did not see.

    All sweeps are dealt with in one transaction, or none. Rows stay, as tombstones.
    """
    with store.transaction() as writer:
        for complete in (sweep, *more):
            if complete.store is not store:
                raise ValueError("this sweep saw what another store marked")
            if store.rehearsal:
                absent = select(func.count()).select_from(_absent(store, complete).subquery())
                store.count(complete.kind, removed=writer.connection.scalar(absent) or 0)
            else:
                _remove(store, writer, complete)


def is_populated(store: Store, kind: Kind, scope: Scope) -> bool:
    """Whether the mirror has items of this kind in the scope."""
    with store.transaction() as writer:
        return writer.connection.execute(_there(store, kind, scope).limit(1)).first() is not None


def count_stored(store: Store, kind: Kind, scope: Scope) -> int:
    """How many items of this kind the mirror has in the scope."""
    with store.transaction() as writer:
        there = select(func.count()).select_from(_there(store, kind, scope).subquery())
        return writer.connection.scalar(there) or 0


def _remove(store: Store, writer: Writer, sweep: CompleteSweep) -> None:
    kind = sweep.kind.value
    ids = schema.native_ids.c.native_id
    query = _absent(store, sweep).order_by(ids).limit(_CHUNK)
    last = ""
    while rows := writer.connection.execute(query.where(ids > last)).all():
        batch = Batch()
        for native_id, uid, digest, title, escaped in rows:
            writer.seq += 1
            if writer.indexes:
                batch.outdated_entries.append(uid)
            shown = _shown(title, escaped=bool(escaped))
            batch.item_removals.append((writer.now, uid))
            batch.id_updates.append((digest, store.run, store.number, kind, native_id))
            batch.changes.append(
                (
                    writer.seq,
                    ChangeType.REMOVED.value,
                    kind,
                    uid,
                    store.number,
                    native_id,
                    shown,
                    "",
                    writer.now,
                )
            )
        batch.write(writer.cursor, MAPPERS[sweep.kind])
        store.count(sweep.kind, removed=len(rows))
        last = rows[-1][0]


def _shown(title: str, *, escaped: bool) -> str:
    if escaped:
        title = unescape_text(title)
    return title[:200].encode("utf-8", "backslashreplace").decode()


def _there(store: Store, kind: Kind, scope: Scope) -> Select[*tuple[Any, ...]]:
    ids, mapper = schema.native_ids, MAPPERS[kind]
    table = mapper.table
    query: Select[*tuple[Any, ...]] = (
        select(ids.c.native_id, ids.c.uid, ids.c.content_hash, table.c[mapper.title_field], table.c.escaped)
        .join(table, table.c.uid == ids.c.uid)
        .where(ids.c.server_id == store.number, ids.c.kind == kind.value, ids.c.gone_since.is_(None))
    )
    if scope.libraries is not None:
        # What belongs to no library is in no part of the server either, so only a look at all of it proves anything.
        query = query.where(table.c.library_id.in_(scope.libraries))
    return query


def _absent(store: Store, sweep: CompleteSweep) -> Select[*tuple[Any, ...]]:
    return (
        _there(store, sweep.kind, sweep.scope)
        .outerjoin(SEEN, SEEN.c.uid == schema.native_ids.c.uid)
        .where(SEEN.c.uid.is_(None))
    )
