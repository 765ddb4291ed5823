"""The index: what was read from the files, kept in SQLite so that it is read once.

All of it can be made anew from the files, except for two things, so that the file is not merely a cache: the ids of
files that were moved, and when a file was first seen.

One connection, used by one thread at a time (`lock`, re-entrant). Other processes may use the same file: writes are
short transactions that wait for each other.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from soulsync_engine.plugin import ConflictError, UnavailableError

FILE_NAME: Final = "local-index.db"
SCHEMA_VERSION: Final = 1
"""Kept in `user_version`. A later version carries over `library` and the columns of `file` up to `added`."""

_WAIT_SECONDS: Final = 15.0
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

_SCHEMA: Final = """
CREATE TABLE library (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,
    populated INTEGER NOT NULL, scanned_at INTEGER, generation INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE file (
    id TEXT NOT NULL UNIQUE, library TEXT NOT NULL, path BLOB NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, device INTEGER NOT NULL, added INTEGER NOT NULL,
    folder BLOB NOT NULL, rules INTEGER NOT NULL, again INTEGER NOT NULL, tags BLOB, problem TEXT,
    album TEXT, owners BLOB, title_key TEXT, words TEXT, generation INTEGER NOT NULL,
    UNIQUE (library, path)
);
CREATE INDEX file_folder ON file (library, folder);
CREATE INDEX file_again ON file (library) WHERE again;
CREATE TABLE part (
    album TEXT NOT NULL, library TEXT NOT NULL, folder BLOB NOT NULL, body BLOB NOT NULL, tracks INTEGER NOT NULL,
    title_key TEXT NOT NULL, words TEXT NOT NULL, added INTEGER NOT NULL, generation INTEGER NOT NULL,
    PRIMARY KEY (album, folder)
) WITHOUT ROWID;
CREATE INDEX part_folder ON part (library, folder);
CREATE TABLE credit (
    artist TEXT NOT NULL, album TEXT NOT NULL, folder BLOB NOT NULL, library TEXT NOT NULL, name TEXT NOT NULL,
    words TEXT NOT NULL, musicbrainz_id TEXT, PRIMARY KEY (artist, album, folder)
) WITHOUT ROWID;
CREATE INDEX credit_part ON credit (album, folder);
CREATE TABLE regroup (library TEXT NOT NULL, folder BLOB NOT NULL, PRIMARY KEY (library, folder)) WITHOUT ROWID;
CREATE TABLE touched (
    kind TEXT NOT NULL, id TEXT NOT NULL, library TEXT NOT NULL, generation INTEGER NOT NULL
);
CREATE INDEX touched_since ON touched (library, generation);
CREATE TABLE state (
    library TEXT NOT NULL, digest TEXT NOT NULL, generation INTEGER NOT NULL, latest INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (library, digest)
) WITHOUT ROWID;
"""

Stamp = tuple[sqlite3.Connection, int, int]
"""What stays equal for as long as nobody writes to the index, be it here or in another process."""


def stamp_of(connection: sqlite3.Connection) -> Stamp:
    """The stamp of what this connection sees now, within a transaction."""
    # The first number counts what other connections commit, the second what this one writes.
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return connection, version, connection.total_changes


class Index:
    """The index file of one server, opened on first use. Its methods raise errors of the engine's tree only."""

    def __init__(self, data_dir: Path, log: logging.Logger) -> None:
        self.path = data_dir / FILE_NAME
        self.lock = threading.RLock()
        self._log = log
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that see one consistent state."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The connection, in a transaction that is committed at the end, or undone when anything is raised."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close the file. It is opened again on the next use."""
        with self.lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self.lock, self._translated():
            connection = self._open()
            connection.execute(begin)
            try:
                yield connection
            except BaseException:
                # A damaged or full disk ends the transaction by itself; then there is nothing to undo.
                if connection.in_transaction:
                    connection.rollback()
                raise
            connection.commit()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UnavailableError(
                    f"The folder {self.path.parent} for the index cannot be made: {error.strerror or error}.",
                    next_step="Set a data directory that can be written to.",
                ) from error
            try:
                self._connection = self._connect()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._set_aside(error)
                self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            # A file of its rows and indexes is written a sixth faster in pages of this size.
            connection.execute("PRAGMA page_size = 16384")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -16384")
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise UnavailableError(
                    f"The index {self.path} was written by a newer version of soulsync-local.",
                    next_step="Upgrade soulsync-local, or give this server another data directory.",
                )
            if version < SCHEMA_VERSION:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        self.close()
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        self.path.replace(aside)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self._log.warning(
            "The index %s is damaged (%s). It was moved to %s, and the files will be read again. "
            "Files that were moved since they were first seen get new ids.",
            self.path,
            error,
            aside.name,
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                self._set_aside(error)
                raise UnavailableError(
                    f"The index {self.path} was found to be damaged and set aside.",
                    next_step="Try again; the files will be read anew.",
                ) from error
            if _code(error) in _BUSY:
                raise ConflictError(
                    f"Another process keeps the index {self.path} busy for more than {_WAIT_SECONDS:g} seconds.",
                    next_step="Try again when its scan is done.",
                ) from error
            if isinstance(error, sqlite3.OperationalError):
                raise UnavailableError(
                    f"The index {self.path} cannot be used: {error}.",
                    next_step="Check that its disk is writable and has room.",
                ) from error
            raise


def _code(error: sqlite3.Error) -> int:
    # The low byte is the primary code, whatever the finer one is.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return _code(error) in _DAMAGED
