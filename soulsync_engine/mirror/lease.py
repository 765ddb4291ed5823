"""Who may write what a server holds: one sync at a time, across processes and machines.

A lease ends when its holder lets it go, when its time is over, or when its process is seen to be dead. It is made
longer in every transaction of the sync, which finds out there, too, that it was taken away, and then writes nothing.
"""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from soulsync_engine.errors import ConflictError, LeaseLostError
from soulsync_engine.mirror.bookkeeping import leases
from soulsync_engine.mirror.database import Database
from soulsync_engine.mirror.encoding import microseconds, moment, understood

_SECOND: Final = 1_000_000

_over: Final[set[str]] = set()
"""Leases that this process has let go and could not enter so, on a full disk for example: it keeps nobody away."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lease: a number of its own, the machine, the process and when that was started."""

    number: str
    machine: str
    process: int
    started: str


_decode: Final = msgspec.json.Decoder(Holder).decode


class Lease:
    """The right to write one server's rows, held for `seconds` after the last transaction."""

    def __init__(self, database: Database, *, server: str, number: int, seconds: float) -> None:
        self.server: Final = server
        self._database = database
        self._number = number
        self._seconds = seconds
        self._holder = msgspec.json.encode(_this_process()).decode()
        self._until = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it as long as the block runs. Raises `ConflictError` when somebody else does."""
        with self._database.writing() as connection:
            self._take(connection)
        try:
            yield
        finally:
            _over.add(self._holder)
            with self._database.writing() as connection:
                connection.execute(delete(leases).where(*self._own()))
            _over.discard(self._holder)

    def renew(self, connection: Connection) -> None:
        """Hold it for longer. Raises `LeaseLostError` when it is somebody else's by now."""
        end = self._end(_now())
        renewed = connection.execute(update(leases).where(*self._own()).values(expires=end))
        if renewed.rowcount != 1:
            raise self._lost()
        self._until = end

    def check(self) -> None:
        """Raise `LeaseLostError` when it is somebody else's by now; looked up only when its time is over."""
        if _now() < self._until:
            return
        with self._database.reading() as connection:
            if connection.scalar(select(leases.c.holder).where(*self._own())) is None:
                raise self._lost()

    def _take(self, connection: Connection) -> None:
        now = _now()
        row = connection.execute(select(leases).where(leases.c.server_id == self._number)).first()
        if row is not None:
            if is_alive(row.holder, row.acquired, row.expires, now=now):
                holder = _read(row.holder)
                raise ConflictError(
                    f"A sync of this server is running already (process {holder.process}, since "
                    f"{moment(row.acquired):%Y-%m-%d %H:%M} UTC).",
                    server=self.server,
                    next_step="Wait until it is done, or cancel it.",
                    retry_after=max(1.0, (row.expires - now) / _SECOND),
                )
            connection.execute(delete(leases).where(leases.c.server_id == self._number))
        end = self._end(now)
        connection.execute(
            insert(leases).values(server_id=self._number, holder=self._holder, acquired=now, expires=end)
        )
        self._until = end

    def _own(self) -> tuple[ColumnElement[bool], ...]:
        return leases.c.server_id == self._number, leases.c.holder == self._holder

    def _end(self, now: int) -> int:
        return now + round(self._seconds * _SECOND)

    def _lost(self) -> LeaseLostError:
        return LeaseLostError(
            "Another sync of this server has taken over, since this one was silent for too long.",
            server=self.server,
            next_step="Leave it to the other one; nothing was lost.",
        )


def is_held(connection: Connection, number: int) -> bool:
    """Whether a sync of that server is running somewhere."""
    row = connection.execute(select(leases).where(leases.c.server_id == number)).first()
    return row is not None and is_alive(row.holder, row.acquired, row.expires, now=_now())


def is_alive(holder: str, acquired: int, expires: int, *, now: int) -> bool:
    """Whether a lease is in force: its time is not over, and its process not known to be dead.

    One that was acquired in the future was written before the clock was set back: it counts for its own length only.
    """
    length = expires - acquired
    if holder in _over or now >= expires or acquired > now + length:
        return False
    them, us = _read(holder), _this_process()
    if them.machine != us.machine or os.name != "posix":
        return True
    return _started(them.process) == them.started


@understood()
def _read(holder: str) -> Holder:
    return _decode(holder)


def _now() -> int:
    return microseconds(datetime.now(UTC))


def _this_process() -> Holder:
    process = os.getpid()
    return Holder(secrets.token_hex(8), _machine(), process, _started(process) or "")


@lru_cache(maxsize=1)
def _machine() -> str:
    """What tells where a process number means the same process: the machine, its start, and the container."""
    parts = [platform.node()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    except OSError:
        # Not Linux: then a process is known by the machine's name, and for dead where it is not found.
        pass
    return "/".join(parts)


def _started(process: int) -> str | None:
    """When a process was started, so that its number is not taken for that of a later one; None when there is none."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # The name of the program, in parentheses, may hold blanks. "Z" has ended, and only its parent has not asked yet.
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else rest[18]
