"""The end of a sync: what becomes of the items that it did not see, and of those that are staged.

In this order, for tracks, then albums, then artists, since what tracks tell helps with the others: staged items that
are known ones under other ids take their places, with the uids they had; the other staged items are added; what was
not seen is missing, and removed when its time has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete

from soulsync_engine.mirror.bookkeeping import votes
from soulsync_engine.mirror.placing import Placing
from soulsync_engine.mirror.records import Ambiguity
from soulsync_engine.mirror.removal import Due, miss, miss_again, remove_due
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.store import Store
from soulsync_engine.mirror.sweep import CompleteSweep, Sweep
from soulsync_engine.mirror.writer import Writer
from soulsync_engine.models import Kind, Scope
from soulsync_engine.policy import SyncPolicy


@dataclass(slots=True)
class Settled:
    """What came of it. `held` says how many items of a kind wait for the `confirmation`."""

    ambiguities: list[Ambiguity] = field(default_factory=list)
    held: dict[Kind, int] = field(default_factory=dict)
    confirmation: str | None = None

    def hold(self, dues: Sequence[Due], confirmation: str | None) -> None:
        """Note what was not removed, and the confirmation that it waits for, if it does."""
        self.confirmation = confirmation
        if confirmation is not None:
            self.held = {due.kind: len(due.uids) for due in dues if due.uids}


def settle(
    store: Store,
    writer: Writer,
    sweeps: Sequence[Sweep[Any]],
    proofs: Mapping[Kind, CompleteSweep],
    policy: SyncPolicy,
    *,
    confirm: str | None = None,
) -> Settled:
    """Settle everything, in the transaction of `writer`, so that no reader sees an item under both of its ids, or none.

    Without a proof for a kind nothing of it becomes missing, and staged items that may be known ones stay out.
    """
    settled = Settled()
    for sweep in sweeps:
        kind = sweep.kind
        placing = Placing(store, writer, kind, sweep.scope, sweep.marked, proven=kind in proofs)
        settled.ambiguities += placing.run()
    dues = [miss(store, writer, proofs[kind], policy) for kind in MAPPERS if kind in proofs]
    settled.hold(dues, remove_due(store, writer, dues, policy, confirm))
    store.staging.clear(writer.connection)
    if not store.rehearsal:
        store.checkpoints.clear(writer.connection)
        writer.connection.execute(
            delete(votes).where(votes.c.server_id == store.number, votes.c.scope == store.scope)
        )
    return settled


def settle_missing(
    store: Store, writer: Writer, scope: Scope, policy: SyncPolicy, *, confirm: str | None = None
) -> Settled:
    """Another look at what is missing already, after the server proved that it is as the last sweep left it."""
    settled = Settled()
    dues = [miss_again(store, writer, kind, scope, policy) for kind in MAPPERS]
    settled.hold(dues, remove_due(store, writer, dues, policy, confirm))
    return settled
