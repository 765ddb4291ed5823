"""SQLite: the mirror as one file, with a write-ahead log so that readers never wait."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite.pysqlite import dialect
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from soulsync_engine.errors import ConfigurationError, MirrorCorruptError, MirrorError, MirrorLockedError
from soulsync_engine.mirror.database import EXAMPLE, Database, not_a_mirror
from soulsync_engine.mirror.encoding import DAMAGED

_DIALECT: Final = dialect()

_ADVICE: Final = {
    sqlite3.SQLITE_READONLY: "Make the file and its folder writable.",
    sqlite3.SQLITE_PERM: "Give this user the right to read and write the file and its folder.",
    sqlite3.SQLITE_CANTOPEN: "Check that the path is a file, and that this user may read and write its folder.",
    sqlite3.SQLITE_FULL: "Free some space on the disk and run it again.",
    sqlite3.SQLITE_IOERR: "Check the disk.",
}

_OF_FILES: Final = {
    errno.ENOSPC: _ADVICE[sqlite3.SQLITE_FULL],
    errno.EACCES: _ADVICE[sqlite3.SQLITE_PERM],
    errno.EROFS: _ADVICE[sqlite3.SQLITE_READONLY],
}


class SqliteDatabase(Database):
    """A file. It is made, with its folder, when it is not there."""

    dialect = _DIALECT
    takes_nul = True

    def __init__(self, url: URL, *, busy_timeout: float) -> None:
        super().__init__(busy_timeout=busy_timeout)
        if url.database in (None, "", ":memory:"):
            raise ConfigurationError("A mirror lasts, so it has to be a file.", next_step=f"Write {EXAMPLE}.")
        self.path = Path(url.database or "")
        if not self.path.exists():
            with self.translated("be created"):
                self.path.parent.mkdir(parents=True, exist_ok=True)
        self.engine = self._engine(url)

    @property
    def shown(self) -> str:
        """The path."""
        return str(self.path)

    def without_writing(self) -> None:
        """From now on open the file as one that nobody changes, which works where no file can be made beside it."""
        self.engine.dispose()
        query = {"mode": "ro", "immutable": "1", "uri": "true"}
        self.engine = self._engine(
            URL.create("sqlite", database=self.path.resolve().as_uri()).update_query_dict(query)
        )

    def prepare_tables(self) -> None:
        """Set what lasts in the file, once it is known to be ours."""
        with self.translated("be created"), self.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA journal_mode = WAL")

    @property
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """As in the base."""
        return (sqlite3.Error, UnicodeDecodeError)

    def translate(self, error: BaseException, doing: str) -> Exception:
        """As in the base."""
        # The upper bits say more than anybody acts on.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        where = f"The mirror {self.path}"
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return MirrorLockedError(
                f"{where} is being written to by another process, for more than {self.busy_timeout:g} seconds now.",
                next_step="Wait until it is done, or end it.",
            )
        if code == sqlite3.SQLITE_NOTADB:
            return not_a_mirror(self.shown, "it is no database at all")
        # Names of tables and texts are read as they are stored.
        if code == sqlite3.SQLITE_CORRUPT or isinstance(error, UnicodeDecodeError):
            return MirrorCorruptError(
                f"{where} is damaged: {error}.",
                next_step=DAMAGED,
            )
        advice = _OF_FILES.get(error.errno or 0) if isinstance(error, OSError) else _ADVICE.get(code)
        return MirrorError(f"{where} cannot {doing}: {error}.", next_step=advice)

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """As in the base."""
        with super().connected() as connection:
            # The ids of a million items, in no order, are to fit in.
            connection.connection.cursor().execute("PRAGMA cache_size = -128000")
            yield connection

    @contextmanager
    def begun_reading(self, connection: Connection) -> Iterator[None]:
        """As in the base."""
        with _begun(connection, "BEGIN"):
            yield

    @contextmanager
    def begun_writing(self, connection: Connection) -> Iterator[None]:
        """As in the base."""
        with _begun(connection, "BEGIN IMMEDIATE"):
            yield

    def _engine(self, url: URL) -> Engine:
        arguments: dict[str, Any] = {"timeout": self.busy_timeout, "check_same_thread": False}
        with self.translated("be opened"):
            # Statements with a page of ids are long; logging them helps nobody.
            engine = create_engine(url, connect_args=arguments, hide_parameters=True, max_overflow=-1)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine


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
