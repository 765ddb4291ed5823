"""Bringing the mirror up to date with one server."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from soulsync_engine.errors import ConflictError, MirrorError
from soulsync_engine.mirror import KindCounts, Mirror, SyncMode, SyncState
from soulsync_engine.mirror.encoding import microseconds
from soulsync_engine.mirror.libraries import put_libraries, remove_other_libraries
from soulsync_engine.mirror.loading import server_number
from soulsync_engine.mirror.removal import remove_absent
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.runs import Run, begin_run, end_run
from soulsync_engine.mirror.search_index import refresh_index
from soulsync_engine.mirror.store import Store
from soulsync_engine.mirror.sweep import CompleteSweep
from soulsync_engine.models import EVERYTHING, Kind, Library, Problem, Scope
from soulsync_engine.sync.intake import Cancelled, Intake
from soulsync_engine.sync.plan import Plan, make_plan
from soulsync_engine.sync.progress import ProgressReporter
from soulsync_engine.sync.report import SyncPhase, SyncProgress, SyncReport

if TYPE_CHECKING:
    from soulsync_engine.server import MediaServer

_log: Final = logging.getLogger(__name__)


def sync_server(
    server: MediaServer,
    mirror: Mirror,
    *,
    scope: Scope = EVERYTHING,
    full: bool = False,
    dry_run: bool = False,
    on_progress: Callable[[SyncProgress], None] | None = None,
    cancel: Event | None = None,
) -> SyncReport:
    """Read what changed on the server into the mirror, and remove what is proven gone.

    Whatever is read is stored as it comes. Removing happens at the very end, only when every listing was
    seen whole; before that an error or `cancel` leaves all that was there. `cancel` is looked at between pages;
    the report then has the state `INTERRUPTED`. With `dry_run` everything is read and compared, and nothing
    is written. Raises the server's errors, `IncompleteSweepError` when a listing is not whole, `MirrorError`
    and its subclasses, and `ConflictError` when a sync of this server is running already.
    """
    started = time.monotonic()
    progress = ProgressReporter(server.name, on_progress)
    with mirror.syncing(server.name):
        progress.begin(SyncPhase.PROBE)
        plan = make_plan(server, mirror, scope, full=full)
        progress.end()
        if plan.mode is SyncMode.UNCHANGED:
            outcome = _Outcome(plan)
        else:
            outcome = _Sync(server, mirror, scope, plan, progress, cancel, rehearsal=dry_run).run()
        if not dry_run and outcome.state is not SyncState.INTERRUPTED:
            _refresh_index(mirror, progress)
    return SyncReport(
        server=server.name,
        mode=outcome.plan.mode,
        reason=outcome.plan.reason,
        state=outcome.state,
        kinds=outcome.kinds,
        # A delta comes upon an unreadable item twice: among the changes, and in the sweep.
        problems=tuple(dict.fromkeys(outcome.problems)),
        withheld=outcome.withheld,
        seconds=time.monotonic() - started,
        dry_run=dry_run,
        last_seq=mirror.last_seq(),
    )


def _refresh_index(mirror: Mirror, progress: ProgressReporter) -> None:
    progress.begin(SyncPhase.INDEX)
    refresh_index(mirror.database, progress.reach)
    progress.end()


@dataclass(slots=True)
class _Outcome:
    plan: Plan
    state: SyncState = SyncState.COMPLETE
    kinds: Mapping[Kind, KindCounts] = field(default_factory=lambda: dict.fromkeys(MAPPERS, KindCounts()))
    problems: list[Problem] = field(default_factory=list)
    withheld: Mapping[Kind, str] = field(default_factory=dict)


class _Sync:
    """A sync that has something to read. A rehearsal reads and compares, and writes nothing."""

    def __init__(
        self,
        server: MediaServer,
        mirror: Mirror,
        scope: Scope,
        plan: Plan,
        progress: ProgressReporter,
        cancel: Event | None,
        *,
        rehearsal: bool,
    ) -> None:
        self._server = server
        self._mirror = mirror
        self._database = mirror.database
        self._scope = scope
        self._plan = plan
        self._progress = progress
        self._cancel = cancel
        self._rehearsal = rehearsal

    def run(self) -> _Outcome:
        libraries = self._server.list_libraries()
        with self._database.connected() as connection:
            run = self._begin(connection)
            store = Store(
                self._database,
                connection,
                server=self._server.name,
                number=run.server_number,
                run=run.id,
                rehearsal=self._rehearsal,
            )
            intake = Intake(self._server, store, self._scope, self._progress, self._cancel)
            try:
                self._read(store, intake)
                state = SyncState.INCOMPLETE if intake.withheld else SyncState.COMPLETE
            except Cancelled:
                state = SyncState.INTERRUPTED
            except BaseException as error:
                self._end_failed(run, store, error)
                raise
            self._end(run, store, state, libraries)
        return _Outcome(self._plan, state, store.counts, intake.problems, intake.withheld)

    def _read(self, store: Store, intake: Intake) -> None:
        proofs = self._delta(store, intake) if self._plan.mode is SyncMode.DELTA else intake.listings()
        intake.check_cancelled()
        if proofs:
            self._progress.begin(SyncPhase.REMOVE)
            remove_absent(store, *proofs)
            self._progress.end()

    def _delta(self, store: Store, intake: Intake) -> list[CompleteSweep]:
        try:
            intake.changes(self._plan.since)
        except ConflictError as error:
            reason = f"the server cannot go on from the last sync: {error.message}"
            self._plan = replace(self._plan, mode=SyncMode.FULL, reason=reason)
            store.forget()
            return intake.listings()
        return intake.sweeps()

    def _begin(self, connection: Connection) -> Run:
        if self._rehearsal:
            with self._database.reading_on(connection):
                # No server bears the number 0, so nothing is there to compare with.
                return Run(0, server_number(connection, self._server.name) or 0)
        with self._database.writing(connection):
            return begin_run(connection, self._server.name, self._scope, self._plan.mode, self._plan.reason)

    def _end(self, run: Run, store: Store, state: SyncState, libraries: Sequence[Library]) -> None:
        if self._rehearsal:
            return
        with self._database.writing() as connection:
            put_libraries(connection, run.server_number, libraries)
            if state is SyncState.COMPLETE and self._scope.libraries is None:
                now = microseconds(datetime.now(UTC))
                remove_other_libraries(connection, run.server_number, libraries, now)
            end_run(
                connection,
                run,
                state,
                self._plan.mode,
                self._plan.reason,
                store.counts,
                token=self._plan.token,
            )

    def _end_failed(self, run: Run, store: Store, error: BaseException) -> None:
        if self._rehearsal:
            return
        state = SyncState.FAILED if isinstance(error, Exception) else SyncState.INTERRUPTED
        text = str(error) or type(error).__name__
        try:
            with self._database.writing() as connection:
                end_run(connection, run, state, self._plan.mode, self._plan.reason, store.counts, error=text)
            if state is SyncState.FAILED:
                # What did arrive stays, so it is to be found.
                refresh_index(self._database)
        except MirrorError as trouble:
            _log.warning("%s: the end of a failed sync could not be noted: %s", self._server.name, trouble)
