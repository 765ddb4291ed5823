"""Removing what complete sweeps did not see. Nothing else removes an item.

What a sweep did not see is missing. Once that lasted for the grace of the policy, it is removed, unless that is so much
that somebody has to confirm it. Its row stays, as a tombstone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select

from soulsync_engine.mirror import schema
from soulsync_engine.mirror.loading import load
from soulsync_engine.mirror.recording import Recording
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.seen import Seen
from soulsync_engine.mirror.store import Store
from soulsync_engine.mirror.sweep import CompleteSweep
from soulsync_engine.mirror.writer import Writer
from soulsync_engine.models import Kind, Scope
from soulsync_engine.policy import SyncPolicy

_CHUNK: Final = 2000
_HOUR: Final = 3_600_000_000


def any_missing(connection: Connection, number: int) -> bool:
    """Whether items of that server are missing."""
    ids = schema.native_ids
    query = select(ids.c.uid).where(ids.c.server_id == number, ids.c.missing_since.is_not(None))
    return connection.execute(query.limit(1)).first() is not None


def is_populated(store: Store, kind: Kind, scope: Scope) -> bool:
    """Whether the mirror has items of this kind in the scope."""
    with store.database.reading() as connection:
        return connection.execute(_there(store, kind, scope).limit(1)).first() is not None


def count_stored(store: Store, kind: Kind, scope: Scope) -> int:
    """How many items of this kind the mirror has in the scope."""
    with store.database.reading() as connection:
        return _count(connection, store, kind, scope)


@dataclass(slots=True)
class Due:
    """The missing items of one kind whose grace is over, of how many there are."""

    kind: Kind
    uids: array[int]
    of: int

    def is_much(self, policy: SyncPolicy) -> bool:
        """Whether so much is removed only after a confirmation."""
        return bool(self.uids) and len(self.uids) > policy.confirm_above * self.of


def miss(store: Store, writer: Writer, proof: CompleteSweep, policy: SyncPolicy) -> Due:
    """Count one more sweep that did not see what it did not see."""
    if proof.store is not store:
        raise ValueError("this sweep saw what another store marked")
    if proof.empty:
        # That nothing is left is believed only when it is seen twice.
        policy = replace(policy, grace_sweeps=max(2, policy.grace_sweeps))
    unseen = absent(store, writer.connection, proof.kind, proof.scope, proof.seen)
    return _note_missing(store, writer, proof.kind, proof.scope, policy, unseen)


def miss_again(store: Store, writer: Writer, kind: Kind, scope: Scope, policy: SyncPolicy) -> Due:
    """Count the server's proof that nothing changed as one more sweep that did not see what is missing already."""
    uids = iter(writer.connection.scalars(_missing(store, kind, scope)).all())
    return _note_missing(store, writer, kind, scope, policy, uids)


def _note_missing(
    store: Store,
    writer: Writer,
    kind: Kind,
    scope: Scope,
    policy: SyncPolicy,
    unseen: Iterator[int],
) -> Due:
    ids, table = schema.native_ids, MAPPERS[kind].table
    due, number = array("q"), 0
    while uids := list(islice(unseen, _CHUNK)):
        recording = Recording(store, writer, kind)
        found = _ids_in_use(
            store, kind, ids.c.native_id, table.c.uid, ids.c.missing_since, ids.c.missing_sweeps
        ).where(table.c.uid.in_(uids))
        for native_id, uid, since, sweeps in writer.connection.execute(found.order_by(table.c.uid)).all():
            before = since, sweeps
            since, sweeps = since or writer.now, min((sweeps or 0) + 1, policy.grace_sweeps)
            # A clock that was set back must not make the wait longer than it is.
            waited = abs(writer.now - since)
            if sweeps >= policy.grace_sweeps and waited >= policy.grace_hours * _HOUR:
                due.append(uid)
            if (since, sweeps) != before:
                recording.miss(native_id, since, sweeps)
            number += 1
        recording.write()
    store.count(kind, {"missing": number})
    return Due(kind, due, _count(writer.connection, store, kind, scope))


def _ids_in_use(store: Store, kind: Kind, *columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Columns of items and of the ledger's rows for the ids they have now."""
    ids, table = schema.native_ids, MAPPERS[kind].table
    return select(*columns).join_from(
        table,
        ids,
        (ids.c.server_id == store.number)
        & (ids.c.kind == kind.value)
        & (ids.c.native_id == table.c.native_id),
    )


def remove_due(
    store: Store,
    writer: Writer,
    dues: Sequence[Due],
    policy: SyncPolicy,
    confirm: str | None,
) -> str | None:
    """Remove what is due; nothing of it while a part of it waits for a confirmation, which is then given."""
    if any(due.is_much(policy) for due in dues):
        confirmation = _confirmation(store, dues)
        if confirm != confirmation:
            return confirmation
    for due in dues:
        for start in range(0, len(due.uids), _CHUNK):
            _remove(store, writer, due.kind, due.uids[start : start + _CHUNK])
    return None


def _confirmation(store: Store, dues: Sequence[Due]) -> str:
    """A text that stands for the removal of just these items."""
    digest = blake2b(store.server.encode(), digest_size=6)
    for due in dues:
        digest.update(due.kind.encode() + due.uids.tobytes())
    return f"remove-{digest.hexdigest()}"


def _remove(store: Store, writer: Writer, kind: Kind, uids: Sequence[int]) -> None:
    ids, table = schema.native_ids, MAPPERS[kind].table
    removed = load(writer.connection, kind, list(uids))
    found = _ids_in_use(store, kind, table.c.uid, ids.c.content_hash).where(table.c.uid.in_(list(uids)))
    recording = Recording(store, writer, kind)
    for uid, digest in writer.connection.execute(found.order_by(table.c.uid)).all():
        recording.remove(uid, removed[uid][0], digest)
    recording.write()
    store.count(kind, {"missing": -len(removed)})


def _there(store: Store, kind: Kind, scope: Scope) -> Select[int]:
    """The numbers of the items of a kind in the scope."""
    table = MAPPERS[kind].table
    query = select(table.c.uid).where(table.c.server_id == store.number, table.c.removed_at.is_(None))
    if scope.libraries is not None:
        # What belongs to no library is in no part of the server either, so only a look at all of it proves anything.
        query = query.where(table.c.library_id.in_(scope.libraries))
    return query


def _missing(store: Store, kind: Kind, scope: Scope) -> Select[int]:
    ids, table = schema.native_ids, MAPPERS[kind].table
    missing = select(ids.c.native_id).where(
        ids.c.server_id == store.number, ids.c.kind == kind.value, ids.c.missing_since.is_not(None)
    )
    return _there(store, kind, scope).where(table.c.native_id.in_(missing)).order_by(table.c.uid)


def _count(connection: Connection, store: Store, kind: Kind, scope: Scope) -> int:
    return connection.scalar(select(func.count()).select_from(_there(store, kind, scope).subquery())) or 0


def absent(store: Store, connection: Connection, kind: Kind, scope: Scope, seen: Seen) -> Iterator[int]:
    """The items in the scope that a sweep did not see, in the order of their numbers."""
    uid = MAPPERS[kind].table.c.uid
    query = _there(store, kind, scope).order_by(uid).limit(_CHUNK)
    last = -1
    while uids := connection.scalars(query.where(uid > last)).all():
        yield from (number for number in uids if number not in seen)
        last = uids[-1]
