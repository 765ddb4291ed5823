"""Many servers at once, on whatever executor the host has: threads, processes, or machines.

A job carries the configuration, not the engine, so that it can be sent to where it is done. The lease in the mirror
keeps two workers from one server; a job whose worker died is taken over by the one that the executor gives it to next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from soulsync_engine.config.model import EngineConfig
from soulsync_engine.discovery import BackendRecord
from soulsync_engine.errors import ConflictError, LeaseLostError, SoulSyncError, WorkerError
from soulsync_engine.sync.report import SyncReport

if TYPE_CHECKING:
    from soulsync_engine.engine import MediaServerEngine

_AT_ONCE: Final = 4
_LOOK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncJob:
    """One server to sync, with all that another process needs to do it. It holds what the configuration holds.

    `wait_seconds` is for how long to wait for another sync of the same server, which may be that of a dead worker.
    """

    config: EngineConfig
    server: str
    full: bool
    wait_seconds: float
    records: Sequence[BackendRecord] | None = None


def run_job(job: SyncJob) -> SyncReport:
    """Do a job in this process, with an engine of its own."""
    from soulsync_engine.engine import MediaServerEngine

    with MediaServerEngine(job.config, records=job.records) as engine:
        return _patiently(lambda: engine.sync(job.server, full=job.full), job.wait_seconds)


def sync_all(
    engine: MediaServerEngine,
    servers: Sequence[str],
    executor: Executor | None,
    *,
    full: bool,
    wait_seconds: float,
    records: Sequence[BackendRecord] | None,
) -> Mapping[str, SyncReport | SoulSyncError]:
    """Sync these servers; gives for each its report, or the error it ended with."""
    if executor is None:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="soulsync-sync") as own:
            return sync_all(engine, servers, own, full=full, wait_seconds=wait_seconds, records=records)

    def here(server: str) -> SyncReport:
        return _patiently(lambda: engine.sync(server, full=full), wait_seconds)

    submitted: dict[Future[SyncReport], str] = {}
    for server in servers:
        if isinstance(executor, ThreadPoolExecutor):
            # In this process the engine itself can be used, with the servers it has opened.
            submitted[executor.submit(here, server)] = server
        else:
            job = SyncJob(
                config=engine.config, server=server, full=full, wait_seconds=wait_seconds, records=records
            )
            submitted[executor.submit(run_job, job)] = server
    ended = {submitted[future]: _outcome(future, submitted[future]) for future in as_completed(submitted)}
    return {server: ended[server] for server in servers}


def _outcome(future: Future[SyncReport], server: str) -> SyncReport | SoulSyncError:
    try:
        return future.result()
    except SoulSyncError as error:
        error.server = error.server or server
        return error
    except Exception as error:  # noqa: BLE001 - an executor's own failures are of any type
        return WorkerError(
            f"The worker that synced it failed: {type(error).__name__}: {error}.",
            server=server,
            next_step="Sync it again; it goes on where it was.",
        )


def _patiently(sync: Callable[[], SyncReport], wait_seconds: float) -> SyncReport:
    """Sync as soon as no other sync of the server runs, or give up after so many seconds."""
    until = time.monotonic() + wait_seconds
    while True:
        try:
            return sync()
        except LeaseLostError:
            raise
        except ConflictError as error:
            left = until - time.monotonic()
            if left <= 0:
                raise
            time.sleep(min(_LOOK_SECONDS, error.retry_after or _LOOK_SECONDS, left))
