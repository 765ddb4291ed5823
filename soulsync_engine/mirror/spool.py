"""Pages that were fetched while those before were being stored, kept in files until they are stored, too.

A page is in its file before the next one is asked for, so a sync that is killed loses the one page under way, however
far it had read ahead. The files lie beside a mirror in SQLite, in a folder for each server; it belongs to who has the
lease. Files rather than a table, since the mirror is being written all that time, and takes one writer.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final
from zlib import crc32

import msgspec
from sqlalchemy import Connection, func, select, tuple_

from soulsync_engine.errors import ContractViolationError, MirrorError
from soulsync_engine.mirror.bookkeeping import sync_runs
from soulsync_engine.mirror.database import Database
from soulsync_engine.mirror.lease import Lease
from soulsync_engine.mirror.rows import ROW_VERSION, PackedRow
from soulsync_engine.mirror.runs import RESUMABLE_HOURS, Run
from soulsync_engine.mirror.sqlite import SqliteDatabase
from soulsync_engine.models import Kind, Page, Problem

_log: Final = logging.getLogger(__name__)

_CHECKSUM: Final = 4
_FORMAT: Final = 1
"""The version of the files. With another one, or of `ROW_VERSION`, their pages are fetched again."""


class _Origin(msgspec.Struct, array_like=True, frozen=True):
    """Of what form a page is kept, and the sync that fetched it, as in `sync_runs`."""

    format: int
    row_version: int
    run: int
    started: int


class _Kept(_Origin, array_like=True, frozen=True):
    """A page as it is kept. `cursor` is the one it was asked for with."""

    cursor: str | None
    next_cursor: str | None
    total: int | None
    problems: list[tuple[Kind, str, str | None]]
    empty_proof: str | None
    items: tuple[PackedRow, ...]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Kept).decode
_decode_origin: Final = msgspec.msgpack.Decoder(_Origin).decode


class Spool:
    """The pages of one server and scope that wait to be stored. The folder is made with the first of them.

    `replays` says whether pages of an earlier sync were taken up.
    """

    def __init__(self, mirror: SqliteDatabase, *, server: str, number: int, scope: str) -> None:
        self.server: Final = server
        self.replays = False
        self._number = number
        self._scope = scope
        self._folder = _folder_of(mirror, number)

    def is_of(self, mirror: Connection) -> bool:
        """Whether pages are left, all of them by syncs that the mirror knows and that may be gone on with."""
        origins = [_decode_origin(body) for file in self._files() if (body := _read(file)) is not None]
        runs = {(origin.run, origin.started) for origin in origins}
        known = select(func.count()).where(
            sync_runs.c.server_id == self._number,
            sync_runs.c.scope == self._scope,
            sync_runs.c.row_version == ROW_VERSION,
            tuple_(sync_runs.c.id, sync_runs.c.started).in_(runs),
        )
        return bool(runs) and mirror.scalar(known) == len(runs)

    def listing(self, kind: Kind, run: Run, lease: Lease) -> SpooledListing:
        """The pages of one listing, for a sync that is running."""
        return SpooledListing(self, self._folder / f"{self._prefix}{kind.value}-", run, lease)

    def clear(self) -> None:
        """Forget all pages."""
        with _writing(self._folder):
            for file in self._files():
                file.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder, unless there are pages in it that a later sync may go on with."""
        good = time.time() - RESUMABLE_HOURS * 3600
        with _writing(self._folder):
            if self._folder.is_dir():
                left = list(self._folder.iterdir())
                old = [file for file in left if file.stat().st_mtime < good]
                for file in old:
                    file.unlink(missing_ok=True)
                if len(old) == len(left):
                    self._folder.rmdir()

    @property
    def _prefix(self) -> str:
        return blake2b(self._scope.encode(), digest_size=8).hexdigest() + "-"

    def _files(self) -> list[Path]:
        return list(self._folder.glob(f"{self._prefix}*"))


class SpooledListing:
    """The pages of one listing. Closed, it takes no more: whoever fetches may have been left behind."""

    def __init__(self, spool: Spool, place: Path, run: Run, lease: Lease) -> None:
        self._spool = spool
        self._place = place
        self._run = run
        self._lease = lease
        self._dropped = 0
        self._closed = False
        self._lock = Lock()

    def left(self, after: int, cursor: str | None) -> Iterator[Page[PackedRow]]:
        """The pages behind that number that an earlier sync left, each where the one before points, all of them whole.

        What does not follow is forgotten, before anything is fetched.
        """
        self._dropped = after
        while (kept := self._next(after, cursor)) is not None:
            self._spool.replays = True
            yield _page_of(kept)
            after, cursor = after + 1, kept.next_cursor
        with _writing(self._place.parent):
            for file in self._place.parent.glob(f"{self._place.name}*"):
                if int(file.name.rpartition("-")[2]) > after:
                    file.unlink(missing_ok=True)

    def put(self, number: int, cursor: str | None, page: Page[PackedRow]) -> bool:
        """Keep the page of that number, asked for with a cursor; False when none is taken any more.

        Raises `LeaseLostError` when the folder is another sync's by now.
        """
        body = self._body(cursor, page)
        with self._lock:
            if self._closed:
                return False
            self._lease.check()
            file = self._file(number)
            with _writing(file.parent):
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(crc32(body).to_bytes(_CHECKSUM, "big") + body)
        return True

    def drop(self, number: int) -> None:
        """Forget the pages up to that number, which are stored."""
        self._lease.check()
        with _writing(self._place.parent):
            for stored in range(self._dropped + 1, number + 1):
                self._file(stored).unlink(missing_ok=True)
        self._dropped = number

    def close(self) -> None:
        """Take no more pages."""
        with self._lock:
            self._closed = True

    def _file(self, number: int) -> Path:
        return self._place.with_name(f"{self._place.name}{number}")

    def _next(self, after: int, cursor: str | None) -> _Kept | None:
        body = _read(self._file(after + 1))
        kept = None if body is None else _decode(body)
        return kept if kept is not None and kept.cursor == cursor else None

    def _body(self, cursor: str | None, page: Page[PackedRow]) -> bytes:
        try:
            return _encode(
                _Kept(
                    _FORMAT,
                    ROW_VERSION,
                    *self._run,
                    cursor,
                    page.next_cursor,
                    page.total,
                    [(problem.kind, _valid(problem.reason), problem.id) for problem in page.problems],
                    page.empty_proof,
                    page.items,
                )
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise ContractViolationError(
                f"The backend returned a page that cannot be stored: {error}.",
                server=self._spool.server,
                next_step="Report this to the authors of the backend.",
            ) from error


def spool_of(database: Database, *, server: str, number: int, scope: str) -> Spool | None:
    """Where pages of a server wait; None where the mirror is no file. Then nothing is to be fetched ahead."""
    if not isinstance(database, SqliteDatabase):
        return None
    return Spool(database, server=server, number=number, scope=scope)


def remove_spool(database: Database, number: int) -> None:
    """Forget all pages of a server that no sync is at."""
    if isinstance(database, SqliteDatabase) and (folder := _folder_of(database, number)).is_dir():
        with _writing(folder):
            shutil.rmtree(folder)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MirrorError(
            f"The folder {folder}, where pages wait to be stored, cannot be written: {error}.",
            next_step="See that there is space on the disk and that this user may write there, or remove the folder.",
        ) from error


def _folder_of(mirror: SqliteDatabase, number: int) -> Path:
    # The same folder, by whatever name the mirror was opened.
    path = mirror.path.resolve()
    return path.with_name(f"{path.name}-spool{number}")


def _read(file: Path) -> bytes | None:
    """A page that was kept; None when there is none that is whole, which costs no more than fetching it again."""
    try:
        kept = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        _log.warning("a page that waited to be stored is fetched again: %s", error)
        return None
    body = kept[_CHECKSUM:]
    if int.from_bytes(kept[:_CHECKSUM], "big") != crc32(body):
        _log.info("a page that waited to be stored was not written to its end, and is fetched again")
        return None
    try:
        origin = _decode_origin(body)
    except msgspec.DecodeError:
        return None
    return body if (origin.format, origin.row_version) == (_FORMAT, ROW_VERSION) else None


def _page_of(kept: _Kept) -> Page[PackedRow]:
    return Page(
        items=kept.items,
        next_cursor=kept.next_cursor,
        total=kept.total,
        problems=tuple([Problem(kind=of, reason=why, id=id) for of, why, id in kept.problems]),
        empty_proof=kept.empty_proof,
    )


def _valid(text: str) -> str:
    # A reason may name a file whose name is no valid text.
    return text.encode("utf-8", "backslashreplace").decode()
