"""The database under the mirror: connections, transactions, and every driver error made one of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from soulsync_engine.errors import (
    ConfigurationError,
    MirrorCorruptError,
    MirrorError,
    MirrorLockedError,
)

_ADVICE = {
    sqlite3.SQLITE_READONLY: "Make the file and its folder writable.",
    sqlite3.SQLITE_PERM: "Give this user the right to read and write the file and its folder.",
    sqlite3.SQLITE_CANTOPEN: "Check that the path is a file, and that this user may read and write its folder.",
    sqlite3.SQLITE_FULL: "Free some space on the disk and run it again.",
    sqlite3.SQLITE_IOERR: "Check the disk.",
}


class Database:
    """One database file. Readers run at the same time as the one writer; may be used from several threads."""

    def __init__(self, url: str, *, busy_timeout: float) -> None:
        parsed = _file_url(url)
        self.path = Path(parsed.database or "")
        self._busy_timeout = busy_timeout
        self._writer = RLock()
        if not self.path.exists():
            with self.translated("be created"):
                self.path.parent.mkdir(parents=True, exist_ok=True)
        self.engine = self._engine(parsed)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()

    def without_writing(self) -> None:
        """From now on open the file as one that nobody changes, which works where no file can be made beside it."""
        self.engine.dispose()
        query = {"mode": "ro", "immutable": "1", "uri": "true"}
        self.engine = self._engine(
            URL.create("sqlite", database=self.path.resolve().as_uri()).update_query_dict(query)
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database as long as it is held."""
        with self.translated("be read"), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection for several transactions, for the sake of its temporary tables."""
        with self.translated("be opened"):
            connection = self.engine.connect()
        try:
            yield connection
        finally:
            # Its temporary tables go with it.
            connection.invalidate()
            connection.close()

    @contextmanager
    def writing(self, connection: Connection | None = None) -> Iterator[Connection]:
        """One transaction that writes, alone; kept only when the block ends without an error."""
        with self._writer, self.translated("be written"):
            if connection is not None:
                with _begun(connection, "BEGIN IMMEDIATE"):
                    yield connection
            else:
                with self.engine.connect() as own, _begun(own, "BEGIN IMMEDIATE"):
                    yield own

    @contextmanager
    def reading_on(self, connection: Connection) -> Iterator[Connection]:
        """As `reading`, on a connection at hand."""
        with self.translated("be read"), _begun(connection, "BEGIN"):
            yield connection

    @contextmanager
    def translated(self, doing: str) -> Iterator[None]:
        """Turn every error of the driver, the library and the file system into one of the mirror's."""
        try:
            yield
        except DBAPIError as error:
            raise self._translate(error.orig, doing) from error
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise self._translate(error, doing) from error

    def _translate(self, error: BaseException | None, doing: str) -> MirrorError:
        # The upper bits say more than anybody acts on.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        where = f"The mirror {self.path}"
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return MirrorLockedError(
                f"{where} is being written to by another process, for more than {self._busy_timeout:g} seconds now.",
                next_step="Wait until it is done, or end it.",
            )
        if code == sqlite3.SQLITE_NOTADB:
            return not_a_mirror(self.path, "it is no database at all")
        if code == sqlite3.SQLITE_CORRUPT:
            return MirrorCorruptError(
                f"{where} is damaged: {error}.",
                next_step="Restore it from a backup, or move it away to have a new one made by the next sync.",
            )
        return MirrorError(f"{where} cannot {doing}: {error}.", next_step=_ADVICE.get(code))

    def _engine(self, url: URL) -> Engine:
        with self.translated("be opened"):
            engine = create_engine(
                url,
                connect_args={"timeout": self._busy_timeout, "check_same_thread": False},
                # Statements with a page of ids are long; logging them helps nobody.
                hide_parameters=True,
                max_overflow=-1,
            )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine


def driver_cursor(connection: Connection) -> sqlite3.Cursor:
    """A cursor of the driver in the transaction of a connection, for statements that run for every row."""
    return cast("sqlite3.Cursor", connection.connection.cursor())


def not_a_mirror(path: Path, why: str) -> MirrorCorruptError:
    """The error for a file that is something else. It has not been touched."""
    return MirrorCorruptError(
        f"{path} is not a mirror: {why}. It was left as it is.",
        next_step="Correct the path of the mirror, or move that file away.",
    )


def _file_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError(
            f"{url!r} is not a database address.", next_step="Write it as sqlite:///path/to/mirror.sqlite3."
        ) from error
    if parsed.get_backend_name() != "sqlite":
        raise ConfigurationError(
            f"A mirror in {parsed.get_backend_name()} is not supported, only in SQLite.",
            next_step="Write the address as sqlite:///path/to/mirror.sqlite3.",
        )
    if parsed.database in (None, "", ":memory:"):
        raise ConfigurationError(
            "A mirror lasts, so it has to be a file.", next_step="Write sqlite:///path/to/mirror.sqlite3."
        )
    return parsed


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Transactions are begun by the statements below, not guessed by the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Safe with a write-ahead log: a power cut may lose the last transactions, never damage the file.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA cache_size = -16000")
    cursor.execute("PRAGMA wal_autocheckpoint = 8000")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("mirror_begin", "BEGIN"))


@contextmanager
def _begun(connection: Connection, statement: str) -> Iterator[None]:
    connection.execution_options(mirror_begin=statement)
    with connection.begin():
        yield
