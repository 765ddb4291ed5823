"""Pages that were fetched while those before were being stored, kept in files until they are stored, too.

A page is in its file before the next one is asked for, so a sync that is killed loses the one page under way, however
far it had read ahead. The files lie beside a mirror in SQLite, in a folder for each server; it belongs to who has the
lease. Files rather than a table, since the mirror is being written all that time, and takes one writer.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final
from zlib import crc32

import msgspec
from sqlalchemy import Connection, func, select, tuple_

from soulsync_engine.mirror.bookkeeping import sync_runs
from soulsync_engine.mirror.database import Database
from soulsync_engine.mirror.lease import Lease
from soulsync_engine.mirror.rows import ROW_VERSION, PackedRow
from soulsync_engine.mirror.runs import Run
from soulsync_engine.mirror.sqlite import SqliteDatabase
from soulsync_engine.models import Kind, Page, Problem

_log: Final = logging.getLogger(__name__)

_CHECKSUM: Final = 4


class _Body(msgspec.Struct, array_like=True, frozen=True):
    """A page as it is kept. `run` and `started` name the sync that fetched it, as in `sync_runs`."""

    version: int
    run: int
    started: int
    items: tuple[PackedRow, ...]
    next_cursor: str | None
    total: int | None
    problems: list[tuple[Kind, str, str | None]]
    empty_proof: str | None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Body).decode


class Spool:
    """The pages of one server and scope that wait to be stored. The folder is made with the first of them."""

    def __init__(self, mirror: SqliteDatabase, *, server: str, number: int, scope: str) -> None:
        self.server: Final = server
        self._mirror = mirror
        self._number = number
        self._scope = scope
        self._folder = folder_of(mirror, number)
        self._sync: tuple[Run, Lease] | None = None

    def is_of(self, mirror: Connection) -> bool:
        """Whether pages are left, and all of them by syncs that the mirror knows: it may be in another one's place."""
        kept = [body for file in self._files() if (body := read_body(file)) is not None]
        runs = {(body.run, body.started) for body in kept}
        known = select(func.count()).where(
            sync_runs.c.server_id == self._number,
            sync_runs.c.scope == self._scope,
            tuple_(sync_runs.c.id, sync_runs.c.started).in_(runs),
        )
        return bool(runs) and mirror.scalar(known) == len(runs)

    def begin(self, run: Run, lease: Lease) -> None:
        """From now on pages are kept on behalf of that sync."""
        self._sync = run, lease

    def listing(self, kind: Kind) -> SpooledListing:
        """The pages of one listing, for the sync that was begun."""
        if self._sync is None:
            raise AssertionError("no sync has begun")
        place = self._folder / f"{self._prefix}{kind.value}-"
        return SpooledListing(self._mirror, place, *self._sync)

    def clear(self) -> None:
        """Forget all pages."""
        with self._mirror.translated("be written"):
            for file in self._files():
                file.unlink()

    def close(self) -> None:
        """Remove the folder when nothing is left in it."""
        with self._mirror.translated("be written"):
            if self._folder.is_dir() and not any(self._folder.iterdir()):
                self._folder.rmdir()

    @property
    def _prefix(self) -> str:
        return blake2b(self._scope.encode(), digest_size=8).hexdigest() + "-"

    def _files(self) -> list[Path]:
        return list(self._folder.glob(f"{self._prefix}*"))


class SpooledListing:
    """The pages of one listing. Closed, it takes no more: whoever fetches may have been left behind."""

    def __init__(self, mirror: SqliteDatabase, place: Path, run: Run, lease: Lease) -> None:
        self._mirror = mirror
        self._place = place
        self._run = run
        self._lease = lease
        self._dropped = 0
        self._closed = False
        self._lock = Lock()

    def left(self, after: int) -> Iterator[Page[PackedRow]]:
        """The pages behind that number that an earlier sync left, as far as they follow each other and are whole."""
        self._dropped = page = after
        while (body := read_body(self._file(page + 1))) is not None:
            yield _page(body)
            page += 1

    def put(self, number: int, page: Page[PackedRow]) -> None:
        """Keep the page of that number. Raises `LeaseLostError` when the folder may be another sync's by now."""
        body = _encode(_body(self._run, page))
        with self._lock:
            if self._closed:
                return
            self._lease.check()
            file = self._file(number)
            with self._mirror.translated("be written"):
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(crc32(body).to_bytes(_CHECKSUM, "big") + body)

    def drop(self, page: int) -> None:
        """Forget the pages up to that number, which are stored."""
        with self._mirror.translated("be written"):
            for stored in range(self._dropped + 1, page + 1):
                self._file(stored).unlink(missing_ok=True)
        self._dropped = page

    def close(self) -> None:
        """Take no more pages."""
        with self._lock:
            self._closed = True

    def _file(self, page: int) -> Path:
        return self._place.with_name(f"{self._place.name}{page}")


def spool_of(database: Database, *, server: str, number: int, scope: str) -> Spool | None:
    """Where pages of a server wait; None where the mirror is no file. Then nothing is to be fetched ahead."""
    if not isinstance(database, SqliteDatabase):
        return None
    return Spool(database, server=server, number=number, scope=scope)


def remove_spool(database: Database, number: int) -> None:
    """Forget all pages of a server that no sync is at."""
    if isinstance(database, SqliteDatabase) and (folder := folder_of(database, number)).is_dir():
        with database.translated("be written"):
            shutil.rmtree(folder)


def folder_of(mirror: SqliteDatabase, number: int) -> Path:
    """Where the pages of a server are."""
    return mirror.path.with_name(f"{mirror.path.name}-spool{number}")


def read_body(file: Path) -> _Body | None:
    """A page that was kept; None when there is none that is whole, which costs no more than fetching it again."""
    try:
        kept = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("a page that waited to be stored is fetched again: %s", error)
        return None
    checksum, body = kept[:_CHECKSUM], kept[_CHECKSUM:]
    if int.from_bytes(checksum, "big") != crc32(body):
        _log.info("a page that waited to be stored was not written to its end, and is fetched again")
        return None
    try:
        read = _decode(body)
    except msgspec.DecodeError:
        # Of another version of the engine.
        return None
    return read if read.version == ROW_VERSION else None


def _body(run: Run, page: Page[PackedRow]) -> _Body:
    return _Body(
        ROW_VERSION,
        *run,
        page.items,
        page.next_cursor,
        page.total,
        [(problem.kind, _valid(problem.reason), problem.id) for problem in page.problems],
        page.empty_proof,
    )


def _page(body: _Body) -> Page[PackedRow]:
    return Page(
        items=body.items,
        next_cursor=body.next_cursor,
        total=body.total,
        problems=tuple([Problem(kind=of, reason=why, id=id) for of, why, id in body.problems]),
        empty_proof=body.empty_proof,
    )


def _valid(text: str) -> str:
    # A reason may name a file whose name is no valid text.
    return text.encode("utf-8", "backslashreplace").decode()
