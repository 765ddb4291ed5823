"""Bringing the mirror up to date with one server."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from soulsync_engine.errors import (
    ConflictError,
    ContractViolationError,
    IncompleteSweepError,
    LeaseLostError,
    MirrorError,
    NotFoundError,
    SoulSyncError,
)
from soulsync_engine.mirror import KindCounts, Mirror, SyncMode, SyncState
from soulsync_engine.mirror.lease import Lease
from soulsync_engine.mirror.libraries import put_libraries, remove_other_libraries
from soulsync_engine.mirror.loading import server_number
from soulsync_engine.mirror.removal import any_missing
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.runs import Run, begin_run, end_run, enter_server, last_swept, scope_key
from soulsync_engine.mirror.search import refresh_index
from soulsync_engine.mirror.settling import Settled, settle, settle_missing
from soulsync_engine.mirror.spool import Spool, spool_of
from soulsync_engine.mirror.store import Store
from soulsync_engine.mirror.writer import Writer
from soulsync_engine.models import EVERYTHING, Kind, Library, Problem, Scope
from soulsync_engine.policy import CAREFUL, SyncPolicy
from soulsync_engine.sync.intake import Intake
from soulsync_engine.sync.patience import Cancelled, Patience
from soulsync_engine.sync.plan import Plan, make_plan
from soulsync_engine.sync.progress import ProgressReporter
from soulsync_engine.sync.report import SyncPhase, SyncProgress, SyncReport

if TYPE_CHECKING:
    from soulsync_engine.server import MediaServer

_log: Final = logging.getLogger(__name__)

# A lease outlives the longest silence of its holder.
_LEASE_SPARE_SECONDS: Final = 60.0

_SPOILING: Final = (IncompleteSweepError, ConflictError, ContractViolationError, NotFoundError)
"""What shows that the pages read so far do not belong together: the next sync must not go on from them."""


def sync_server(
    server: MediaServer,
    mirror: Mirror,
    *,
    scope: Scope = EVERYTHING,
    policy: SyncPolicy = CAREFUL,
    full: bool = False,
    dry_run: bool = False,
    confirm: str | None = None,
    on_progress: Callable[[SyncProgress], None] | None = None,
    cancel: Event | None = None,
) -> SyncReport:
    """Read what changed on the server into the mirror, and remove what is proven gone.

    Whatever is read is stored as it comes, and a sync that was ended goes on where it was. Removing happens at the
    very end, as `policy` has it, only when every listing was seen whole; before that an error or `cancel` leaves all
    that was there. `confirm` is the confirmation of an earlier report. `cancel` is looked at while waiting; the report
    then has the state `INTERRUPTED`. With `dry_run` everything is read and compared, and nothing is written. Raises the
    server's errors, `StalledError` when it falls silent, `IncompleteSweepError` when a listing is not whole,
    `MirrorError` and its subclasses, and `ConflictError` when a sync of this server is running already, anywhere.
    """
    started = time.monotonic()
    sync = _Sync(server, mirror, scope, policy, ProgressReporter(server.name, on_progress), cancel, confirm)
    outcome = sync.rehearse(full=full) if dry_run else sync.run(full=full)
    settled = outcome.settled
    return SyncReport(
        server=server.name,
        mode=outcome.plan.mode,
        reason=outcome.plan.reason,
        state=outcome.state,
        kinds=outcome.kinds,
        # A delta comes upon an unreadable item twice: among the changes, and in the sweep.
        problems=tuple(dict.fromkeys(outcome.problems)),
        withheld=outcome.withheld,
        held=settled.held,
        confirmation=settled.confirmation,
        ambiguities=tuple(settled.ambiguities),
        seconds=time.monotonic() - started,
        dry_run=dry_run,
        last_seq=mirror.last_seq(),
    )


@dataclass(slots=True)
class _Outcome:
    plan: Plan
    state: SyncState = SyncState.COMPLETE
    kinds: Mapping[Kind, KindCounts] = field(default_factory=lambda: dict.fromkeys(MAPPERS, KindCounts()))
    problems: list[Problem] = field(default_factory=list)
    withheld: Mapping[Kind, str] = field(default_factory=dict)
    settled: Settled = field(default_factory=Settled)
    libraries: Sequence[Library] | None = None
    swept: bool = False


class _Sync:
    """One sync of one server."""

    def __init__(
        self,
        server: MediaServer,
        mirror: Mirror,
        scope: Scope,
        policy: SyncPolicy,
        progress: ProgressReporter,
        cancel: Event | None,
        confirm: str | None,
    ) -> None:
        self._server = server
        self._mirror = mirror
        self._database = mirror.database
        self._scope = scope
        self._policy = policy
        self._progress = progress
        self._patience = Patience(server.name, policy.stall_seconds, cancel)
        self._confirm = confirm

    def rehearse(self, *, full: bool) -> _Outcome:
        """Read and compare, and write nothing."""
        plan = self._make_plan(full=full, rehearsal=True)
        with self._database.connected() as connection:
            with self._database.reading_on(connection):
                # No server bears the number 0, so nothing is there to compare with.
                number = server_number(connection, self._server.name) or 0
            return self._read(plan, self._store(connection, number=number, run=Run(0, 0), staging=True))

    def run(self, *, full: bool) -> _Outcome:
        """Read, compare and write, unless nothing is to be done: then nothing is written either."""
        plan = self._make_plan(full=full, rehearsal=False)
        is_done = plan.mode is SyncMode.UNCHANGED and not self._is_any_missing()
        outcome = _Outcome(plan) if is_done else self._write(plan)
        if outcome.state is not SyncState.INTERRUPTED:
            self._progress.begin(SyncPhase.INDEX)
            refresh_index(self._database, self._progress.reach)
            self._progress.end()
            self._forget_changes()
        return outcome

    def _make_plan(self, *, full: bool, rehearsal: bool) -> Plan:
        self._progress.begin(SyncPhase.PROBE)
        plan = make_plan(
            self._server, self._mirror, self._scope, self._policy, full=full, rehearsal=rehearsal
        )
        self._progress.end()
        return plan

    def _is_any_missing(self) -> bool:
        with self._database.reading() as connection:
            number = server_number(connection, self._server.name)
            return number is not None and any_missing(connection, number)

    def _store(
        self,
        connection: Connection,
        *,
        number: int,
        run: Run,
        staging: bool,
        lease: Lease | None = None,
        spool: Spool | None = None,
    ) -> Store:
        return Store(
            self._database,
            connection,
            server=self._server.name,
            number=number,
            run=run,
            scope=scope_key(self._scope),
            lease=lease,
            staging=staging,
            spool=spool,
        )

    def _write(self, plan: Plan) -> _Outcome:
        """A sync under a lease, entered into the history."""
        with self._database.writing() as connection:
            number = enter_server(connection, self._server.name)
        seconds = self._policy.stall_seconds + _LEASE_SPARE_SECONDS
        lease = Lease(self._database, server=self._server.name, number=number, seconds=seconds)
        with lease.held(), self._database.connected() as connection:
            return self._write_held(plan, number, lease, connection)

    def _write_held(self, plan: Plan, number: int, lease: Lease, connection: Connection) -> _Outcome:
        spool = spool_of(
            self._database, server=self._server.name, number=number, scope=scope_key(self._scope)
        )
        if spool is not None:
            with self._database.reading_on(connection):
                is_ours = plan.resumes and spool.is_of(connection)
            if not is_ours:
                spool.clear()
        with self._database.writing(connection):
            run = begin_run(
                connection,
                number,
                self._scope,
                plan.mode,
                plan.reason,
                token=plan.token,
                since=plan.since,
                resumes=plan.resumes,
            )
        store = self._store(
            connection, number=number, run=run, staging=plan.staging, lease=lease, spool=spool
        )
        try:
            outcome = self._read(plan, store)
        except LeaseLostError:
            # What is written from now on is the other sync's.
            raise
        except BaseException as error:
            self._end_failed(plan, store, error)
            if spool is not None:
                # What could not be stored now, nor by the sync before, may be another when it is fetched again.
                self._leave(spool, lease, clear=spool.replays and isinstance(error, Exception))
            raise
        if spool is not None:
            self._leave(spool, lease, clear=outcome.state is not SyncState.INTERRUPTED)
        return outcome

    def _leave(self, spool: Spool, lease: Lease, *, clear: bool) -> None:
        """Leave what waits to the next sync, or forget it. The sync has ended, so nothing here changes how."""
        try:
            lease.check()
            if clear:
                spool.clear()
            spool.close()
        except (MirrorError, LeaseLostError) as trouble:
            _log.warning("%s: pages that are of no use any more are left: %s", self._server.name, trouble)

    def _read(self, plan: Plan, store: Store) -> _Outcome:
        """Read everything the plan asks for, and end with what it shows."""
        outcome = _Outcome(plan)
        intake = Intake(self._server, store, self._scope, self._progress, self._patience)
        try:
            if plan.mode is not SyncMode.UNCHANGED:
                outcome.libraries = self._server.list_libraries()
                outcome.plan = self._read_items(plan, store, intake)
            self._patience.check_cancelled()
        except Cancelled:
            outcome.state = SyncState.INTERRUPTED
        else:
            outcome.state = SyncState.INCOMPLETE if intake.withheld else SyncState.COMPLETE
        self._end(store, intake, outcome)
        outcome.problems, outcome.withheld = intake.problems, intake.withheld
        return outcome

    def _read_items(self, plan: Plan, store: Store, intake: Intake) -> Plan:
        """The plan that was followed in the end."""
        try:
            if plan.mode is not SyncMode.DELTA or plan.since is None:
                intake.listings()
                return plan
            intake.changes(plan.since)
        except LeaseLostError:
            raise
        except _SPOILING as error:
            why = self._why_again(plan, intake, error)
            if why is None:
                raise
            # What was read so far does not go on, so everything is read anew.
            store.forget()
            intake.begin_anew()
            intake.listings()
            return replace(plan, mode=SyncMode.FULL, reason=why)
        if plan.sweep_due or intake.told_gone or store.staging.in_use:
            intake.ids()
        return plan

    def _why_again(self, plan: Plan, intake: Intake, error: SoulSyncError) -> str | None:
        """Why everything is to be read from the beginning instead of giving up, if it is."""
        if plan.mode is SyncMode.DELTA and isinstance(error, ConflictError):
            return f"the server cannot go on from the last sync: {error.message}"
        if intake.resumed and not isinstance(error, ContractViolationError):
            return f"what an unfinished sync had read does not go on: {error.message}"
        return None

    def _end(self, store: Store, intake: Intake, outcome: _Outcome) -> None:
        """Settle what was read and enter the end, both or neither: else a sweep might count twice."""
        with store.transaction() as writer:
            if outcome.state is not SyncState.INTERRUPTED:
                self._settle(store, writer, intake, outcome)
            outcome.kinds = store.counts
            if not store.rehearsal:
                self._enter_end(store, writer, outcome)

    def _settle(self, store: Store, writer: Writer, intake: Intake, outcome: _Outcome) -> None:
        policy, confirm = self._policy, self._confirm
        if outcome.plan.mode is SyncMode.UNCHANGED:
            outcome.settled = settle_missing(store, writer, self._scope, policy, confirm=confirm)
        elif intake.sweeps:
            self._progress.begin(SyncPhase.REMOVE)
            outcome.settled = settle(store, writer, intake.sweeps, intake.proofs, policy, confirm=confirm)
            for sweep in intake.sweeps:
                store.count_seen(sweep.kind, sweep.seen)
            self._progress.end()
            outcome.swept = bool(intake.proofs)

    def _enter_end(self, store: Store, writer: Writer, outcome: _Outcome) -> None:
        connection, complete = writer.connection, outcome.state is SyncState.COMPLETE
        if outcome.libraries is not None:
            put_libraries(connection, store.number, outcome.libraries)
            if complete and self._scope.libraries is None:
                remove_other_libraries(connection, store.number, outcome.libraries, writer.now)
        if complete and not outcome.swept:
            store.checkpoints.clear(connection)
        is_swept = outcome.swept or (complete and outcome.plan.mode is SyncMode.UNCHANGED)
        end_run(
            connection,
            store.run,
            outcome.state,
            outcome.plan.mode,
            outcome.plan.reason,
            outcome.kinds,
            swept=writer.now if is_swept else last_swept(connection, store.number, self._scope),
        )

    def _end_failed(self, plan: Plan, store: Store, error: BaseException) -> None:
        state = SyncState.FAILED if isinstance(error, Exception) else SyncState.INTERRUPTED
        text = str(error) or type(error).__name__
        try:
            if isinstance(error, _SPOILING):
                store.forget()
            with store.transaction() as writer:
                end_run(writer.connection, store.run, state, plan.mode, plan.reason, store.counts, error=text)
            if state is SyncState.FAILED:
                # What did arrive stays, so it is to be found.
                refresh_index(self._database)
        except (MirrorError, LeaseLostError) as trouble:
            _log.warning("%s: the end of a failed sync could not be noted: %s", self._server.name, trouble)

    def _forget_changes(self) -> None:
        days = self._policy.keep_changes_days
        if days is not None:
            self._mirror.forget_changes(datetime.now(UTC) - timedelta(days=days))
