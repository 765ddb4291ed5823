"""The history of syncs: begun, ended, and what the next one can build on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, CursorResult, Row, insert, select, update

from soulsync_engine.errors import MirrorError
from soulsync_engine.mirror.encoding import maybe_moment, microseconds, moment
from soulsync_engine.mirror.loading import server_number
from soulsync_engine.mirror.records import KindCounts, SyncMode, SyncRun, SyncState
from soulsync_engine.mirror.rows import ROW_VERSION
from soulsync_engine.mirror.schema import servers, sync_runs
from soulsync_engine.models import Kind, Scope

_ERROR_LENGTH: Final = 2000


@dataclass(frozen=True, slots=True)
class Run:
    """A sync that has begun."""

    id: int
    server_number: int


def scope_key(scope: Scope) -> str:
    """A scope as stored; the same for the same libraries in any order."""
    libraries = None if scope.libraries is None else sorted(set(scope.libraries))
    return msgspec.json.encode({"libraries": libraries, "user": scope.user}).decode()


def begin_run(connection: Connection, server: str, scope: Scope, mode: SyncMode, reason: str) -> Run:
    """Enter a sync, and the server when it is new. A run that never ended was interrupted."""
    number = server_number(connection, server)
    if number is None:
        number = _key(connection.execute(insert(servers).values(name=server)))
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
            started=microseconds(datetime.now(UTC)),
        )
    )
    return Run(_key(entered), number)


def _key(inserted: CursorResult[Any]) -> int:
    key = inserted.inserted_primary_key
    if key is None:
        raise MirrorError("The database did not tell the number of a new row.")
    number: int = key[0]
    return number


def end_run(
    connection: Connection,
    run: Run,
    state: SyncState,
    mode: SyncMode,
    reason: str,
    counts: Mapping[Kind, KindCounts],
    *,
    token: str | None = None,
    error: str | None = None,
) -> None:
    """Enter how a sync ended. A token is kept only from one that is complete."""
    connection.execute(
        update(sync_runs)
        .where(sync_runs.c.id == run.id)
        .values(
            state=state.value,
            mode=mode.value,
            reason=reason,
            token=token if state is SyncState.COMPLETE else None,
            counts=msgspec.json.encode({kind.value: asdict(of) for kind, of in counts.items()}).decode(),
            error=error[:_ERROR_LENGTH].encode("utf-8", "backslashreplace").decode() if error else None,
            finished=microseconds(datetime.now(UTC)),
        )
    )


def token_of_last_complete(connection: Connection, server: str, scope: Scope) -> tuple[bool, str | None]:
    """Whether a sync of this very scope was ever completed with this mapping, and the token it ended with."""
    number = server_number(connection, server)
    last = connection.execute(
        select(sync_runs.c.token, sync_runs.c.row_version)
        .where(
            sync_runs.c.server_id == number,
            sync_runs.c.scope == scope_key(scope),
            sync_runs.c.state == SyncState.COMPLETE.value,
        )
        .order_by(sync_runs.c.id.desc())
        .limit(1)
    ).first()
    if last is None or last.row_version != ROW_VERSION:
        return False, None
    return True, last.token


def last_run(connection: Connection, server: str) -> SyncRun | None:
    """The sync that began last."""
    row = connection.execute(
        select(sync_runs)
        .join(servers)
        .where(servers.c.name == server)
        .order_by(sync_runs.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else _read(row, server)


def _read(row: Row[Any], server: str) -> SyncRun:
    counts = msgspec.json.decode(row.counts, type=dict[Kind, KindCounts]) if row.counts else {}
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
