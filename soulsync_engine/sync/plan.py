"""Which way a sync goes. One rule for all servers: by what they offer, and what earlier syncs left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from soulsync_engine.errors import UnsupportedError
from soulsync_engine.mirror import Mirror, SyncMode
from soulsync_engine.mirror.loading import server_number
from soulsync_engine.mirror.runs import RESUMABLE_HOURS, Known, Unfinished, known_of, scope_key, unfinished_of
from soulsync_engine.mirror.spool import spool_of
from soulsync_engine.models import Scope
from soulsync_engine.policy import SyncPolicy

if TYPE_CHECKING:
    from soulsync_engine.server import MediaServer


@dataclass(frozen=True, slots=True)
class Plan:
    """The way and why. `token` is the state of the server before anything was read, `since` that of the last sync.

    `sweep_due` says whether to look for what is gone, even where nothing seems to have changed. `resumes` says that
    an unfinished sync is gone on with. `staging` says that items under unknown ids may be known ones.
    """

    mode: SyncMode
    reason: str
    token: str | None = None
    since: str | None = None
    sweep_due: bool = True
    resumes: bool = False
    staging: bool = False


def make_plan(
    server: MediaServer, mirror: Mirror, scope: Scope, policy: SyncPolicy, *, full: bool, rehearsal: bool
) -> Plan:
    """Ask the server whether anything changed, where it can tell, and choose. A rehearsal goes on with nothing."""
    token = _token(server, scope)
    with mirror.database.reading() as connection:
        known = known_of(connection, server.name, scope)
        number = server_number(connection, server.name)
        unfinished = None
        if number is not None and not rehearsal:
            spool = spool_of(mirror.database, server=server.name, number=number, scope=scope_key(scope))
            spooled = spool is not None and spool.is_of(connection)
            unfinished = unfinished_of(connection, number, scope, spooled=spooled)
    plan = replace(_plan(server, known, token, policy, full=full), staging=known.staging)
    if unfinished is None or not _goes_on(plan, unfinished):
        return plan
    return replace(
        plan,
        mode=unfinished.mode,
        since=unfinished.since,
        reason=f"an unfinished sync is gone on with ({plan.reason})",
        resumes=True,
    )


def _plan(server: MediaServer, known: Known, token: str | None, policy: SyncPolicy, *, full: bool) -> Plan:
    if full:
        return Plan(SyncMode.FULL, "a full sync was asked for", token)
    if not known.completed:
        return Plan(SyncMode.FULL, "no sync of it has been completed yet", token)
    if token is None:
        return Plan(SyncMode.FULL, "the server cannot tell whether anything changed", None)
    sweep_due = known.swept is None or known.swept >= policy.sweep_hours
    if token == known.token:
        if known.whole or not sweep_due:
            return Plan(SyncMode.UNCHANGED, "the server proves that nothing changed", token)
        return Plan(SyncMode.DELTA, "nothing changed, and it is time to look for what is gone", token, token)
    if known.token is None:
        return Plan(SyncMode.FULL, "the last sync left no point to go on from", token)
    if not server.capabilities().offers("list_changed"):
        return Plan(SyncMode.FULL, "something changed, and the server cannot tell what", token)
    reason = "the server tells what changed since the last sync"
    return Plan(SyncMode.DELTA, reason, token, known.token, sweep_due)


def _goes_on(plan: Plan, unfinished: Unfinished) -> bool:
    """Whether what an unfinished sync read is still good: read the same way, of the same state, not long ago."""
    return (
        plan.mode is not SyncMode.UNCHANGED
        and unfinished.mode is plan.mode
        and unfinished.token == plan.token
        and (plan.mode is SyncMode.FULL or unfinished.since == plan.since)
        and unfinished.hours < RESUMABLE_HOURS
    )


def _token(server: MediaServer, scope: Scope) -> str | None:
    if not server.capabilities().offers("change_token"):
        return None
    try:
        return server.change_token(scope=scope)
    except UnsupportedError:
        # Offered by the backend's code, but the server that was connected to just now cannot do it.
        return None
