"""The history of syncs: begun, ended, and what the next one can build on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, CursorResult, Row, delete, exists, func, insert, select, update

from soulsync_engine.errors import MirrorError
from soulsync_engine.mirror.bookkeeping import checkpoints, seen_pages, staged, sync_runs
from soulsync_engine.mirror.encoding import maybe_moment, microseconds, moment, understood
from soulsync_engine.mirror.lease import is_held
from soulsync_engine.mirror.loading import server_number
from soulsync_engine.mirror.records import KindCounts, SyncMode, SyncRun, SyncState
from soulsync_engine.mirror.rows import ROW_VERSION
from soulsync_engine.mirror.schema import native_ids, servers
from soulsync_engine.models import Kind, Scope

_ERROR_LENGTH: Final = 2000
_HOUR: Final = 3_600_000_000

_decode_counts: Final = msgspec.json.Decoder(dict[Kind, KindCounts]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What earlier syncs of a scope left.

    `completed`: one of them saw everything. `token` is the state of the server it saw, `swept` the hours since what is
    absent was last looked for, `whole` whether it was that sync itself that looked. `staging` says that items under
    unknown ids may be known ones.
    """

    completed: bool = False
    token: str | None = None
    swept: float | None = None
    whole: bool = False
    staging: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A sync that did not reach its end: which way it went, from which state of the server, and to which."""

    mode: SyncMode
    token: str | None
    since: str | None
    hours: float


class Run(NamedTuple):
    """What names a sync for good: its number, and when it started."""

    number: int
    started: int


RESUMABLE_HOURS: Final = 24.0
"""How long what an unfinished sync left is good for: cursors mean nothing after a while."""


def scope_key(scope: Scope) -> str:
    """A scope as stored; the same for the same libraries in any order."""
    libraries = None if scope.libraries is None else sorted(set(scope.libraries))
    return msgspec.json.encode({"libraries": libraries, "user": scope.user}).decode()


def enter_server(connection: Connection, server: str) -> int:
    """The number of a server, which is entered when it is new."""
    number = server_number(connection, server)
    return _key(connection.execute(insert(servers).values(name=server))) if number is None else number


def begin_run(
    connection: Connection,
    number: int,
    scope: Scope,
    mode: SyncMode,
    reason: str,
    *,
    token: str | None,
    since: str | None,
    resumes: bool = False,
) -> Run:
    """Enter a sync. A run that never ended was interrupted; what it left is forgotten, unless this one `resumes` it."""
    if not resumes:
        key = scope_key(scope)
        for table in (checkpoints, seen_pages, staged):
            connection.execute(delete(table).where(table.c.server_id == number, table.c.scope == key))
        # Whatever else is left of them, wherever it is, is of no use any more.
        left = sync_runs.c.server_id == number, sync_runs.c.scope == key
        ended = sync_runs.c.state == SyncState.COMPLETE.value
        connection.execute(update(sync_runs).where(*left, ~ended).values(row_version=0))
    started = microseconds(datetime.now(UTC))
    connection.execute(
        update(sync_runs)
        .where(sync_runs.c.server_id == number, sync_runs.c.state == SyncState.RUNNING.value)
        .values(state=SyncState.INTERRUPTED.value)
    )
    entered = connection.execute(
        insert(sync_runs).values(
            server_id=number,
            scope=scope_key(scope),
            row_version=ROW_VERSION,
            mode=mode.value,
            reason=reason,
            state=SyncState.RUNNING.value,
            token=token,
            since=since,
            started=started,
        )
    )
    return Run(_key(entered), started)


def _key(inserted: CursorResult[Any]) -> int:
    key = inserted.inserted_primary_key
    if key is None:
        raise MirrorError("The database did not tell the number of a new row.")
    number: int = key[0]
    return number


def end_run(
    connection: Connection,
    run: int,
    state: SyncState,
    mode: SyncMode,
    reason: str,
    counts: Mapping[Kind, KindCounts],
    *,
    swept: int | None = None,
    error: str | None = None,
) -> None:
    """Enter how a sync ended. `swept` is when what is absent was last looked for."""
    connection.execute(
        update(sync_runs)
        .where(sync_runs.c.id == run)
        .values(
            state=state.value,
            mode=mode.value,
            reason=reason,
            counts=msgspec.json.encode({kind.value: asdict(of) for kind, of in counts.items()}).decode(),
            error=error[:_ERROR_LENGTH].encode("utf-8", "backslashreplace").decode() if error else None,
            finished=microseconds(datetime.now(UTC)),
            swept=swept,
        )
    )


def known_of(connection: Connection, server: str, scope: Scope) -> Known:
    """What earlier syncs of this very scope left."""
    number = server_number(connection, server)
    if number is None:
        return Known()
    complete = sync_runs.c.server_id == number, sync_runs.c.state == SyncState.COMPLETE.value
    staging = bool(
        connection.scalar(
            select(
                exists().where(*complete)
                | exists().where(native_ids.c.server_id == number, native_ids.c.missing_since.is_not(None))
            )
        )
    )
    last = connection.execute(
        select(sync_runs.c.token, sync_runs.c.row_version, sync_runs.c.swept, sync_runs.c.started)
        .where(*complete, sync_runs.c.scope == scope_key(scope))
        .order_by(sync_runs.c.id.desc())
        .limit(1)
    ).first()
    known = Known(staging=staging)
    if last is None or last.row_version != ROW_VERSION:
        return known
    whole = last.swept is not None and last.swept >= last.started
    return replace(known, completed=True, token=last.token, swept=_hours_since(last.swept), whole=whole)


def last_swept(connection: Connection, number: int, scope: Scope) -> int | None:
    """When what is absent in a scope was last looked for."""
    swept: int | None = connection.scalar(
        select(func.max(sync_runs.c.swept)).where(
            sync_runs.c.server_id == number, sync_runs.c.scope == scope_key(scope)
        )
    )
    return swept


def unfinished_of(connection: Connection, number: int, scope: Scope, *, spooled: bool) -> Unfinished | None:
    """The last sync of this very scope, when it left checkpoints, or spooled pages, that the next can go on from."""
    key = scope_key(scope)
    last = connection.execute(
        select(sync_runs)
        .where(sync_runs.c.server_id == number, sync_runs.c.scope == key)
        .order_by(sync_runs.c.id.desc())
        .limit(1)
    ).first()
    if last is None or last.row_version != ROW_VERSION or last.state == SyncState.COMPLETE.value:
        return None
    here = checkpoints.c.server_id == number, checkpoints.c.scope == key
    if not (spooled or connection.scalar(select(exists().where(*here)))):
        return None
    with understood():
        mode = SyncMode(last.mode)
    return Unfinished(
        mode=mode,
        token=last.token,
        since=last.since,
        hours=_hours_since(last.started) or 0.0,
    )


def last_run(connection: Connection, server: str) -> SyncRun | None:
    """The sync that began last. One whose process is gone was interrupted, whatever it could still enter."""
    row = connection.execute(
        select(sync_runs)
        .join(servers)
        .where(servers.c.name == server)
        .order_by(sync_runs.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    run = _read(row, server)
    if run.state is SyncState.RUNNING and not is_held(connection, row.server_id):
        return replace(run, state=SyncState.INTERRUPTED)
    return run


def runs_of(connection: Connection, runs: set[int]) -> dict[int, SyncRun]:
    """The syncs with these numbers."""
    rows = connection.execute(
        select(sync_runs, servers.c.name.label("server")).join(servers).where(sync_runs.c.id.in_(runs))
    )
    return {row.id: _read(row, row.server) for row in rows}


@understood()
def _read(row: Row[Any], server: str) -> SyncRun:
    counts = _decode_counts(row.counts) if row.counts else {}
    return SyncRun(
        id=row.id,
        server=server,
        mode=SyncMode(row.mode),
        reason=row.reason,
        state=SyncState(row.state),
        started=moment(row.started),
        finished=maybe_moment(row.finished),
        error=row.error,
        kinds=counts,
    )


def _hours_since(stored: int | None) -> float | None:
    return None if stored is None else abs(microseconds(datetime.now(UTC)) - stored) / _HOUR
