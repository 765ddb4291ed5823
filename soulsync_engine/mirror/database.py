"""The database under the mirror: connections and transactions, whichever database it is.

`open_database` chooses by the address. What differs between the databases is in `sqlite` and `postgres`; every error
of a driver leaves here as one of the mirror's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final, Protocol, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.engine import make_url as parse_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from soulsync_engine.errors import ConfigurationError, MirrorCorruptError

EXAMPLE: Final = "sqlite:///path/to/mirror.sqlite3"


class Cursor(Protocol):
    """What the mirror needs of a driver's cursor, as PEP 249 has it."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement touched."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> object:
        """Run a statement."""

    def executemany(self, statement: str, parameters: Any, /) -> object:
        """Run a statement for each of many rows."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""


class Database(ABC):
    """One database. Readers run at the same time as the one writer; may be used from several threads.

    `dialect` is what statements are compiled for, `takes_nul` whether texts may hold a NUL character.
    """

    dialect: Dialect
    engine: Engine
    takes_nul: bool

    def __init__(self, *, busy_timeout: float) -> None:
        self.busy_timeout: Final = busy_timeout
        self._writer = RLock()

    @property
    @abstractmethod
    def shown(self) -> str:
        """How the mirror is named in messages; never with a password."""

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database as long as it is held."""
        with self.translated("be read"), self.engine.connect() as connection, self.begun_reading(connection):
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
                with self.begun_writing(connection):
                    yield connection
            else:
                with self.engine.connect() as own, self.begun_writing(own):
                    yield own

    @contextmanager
    def reading_on(self, connection: Connection) -> Iterator[Connection]:
        """As `reading`, on a connection at hand; its temporary tables may be written."""
        with self.translated("be read"), self.begun_reading(connection):
            yield connection

    @contextmanager
    def translated(self, doing: str) -> Iterator[None]:
        """Turn every error of the driver, the library and the file system into one of the mirror's."""
        try:
            yield
        except DBAPIError as error:
            raise self.translate(error.orig or error, doing) from error
        except (SQLAlchemyError, OSError) as error:
            raise self.translate(error, doing) from error
        except self.driver_errors as error:
            raise self.translate(error, doing) from error

    @property
    @abstractmethod
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """What the driver raises when it is used directly."""

    @abstractmethod
    def translate(self, error: BaseException, doing: str) -> Exception:
        """The mirror's error for one of the driver, the library or the file system; `OverflowError` for a number."""

    @abstractmethod
    def begun_reading(self, connection: Connection) -> _Transaction:
        """A transaction that sees one state."""

    @abstractmethod
    def begun_writing(self, connection: Connection) -> _Transaction:
        """A transaction that nobody else writes beside."""

    @abstractmethod
    def prepare_tables(self) -> None:
        """What has to be set before the first table is made."""


class _Transaction(Protocol):
    def __enter__(self) -> object: ...

    def __exit__(self, *error: Any) -> bool | None: ...


def driver_cursor(connection: Connection) -> Cursor:
    """A cursor of the driver in the transaction of a connection, for statements that run for every row."""
    return cast("Cursor", connection.connection.cursor())


def open_database(url: str, *, busy_timeout: float) -> Database:
    """The database at a URL. Makes folders and connections when they are needed. Raises `ConfigurationError`."""
    parsed = _parsed(url)
    name = parsed.get_backend_name()
    # Imported when chosen: nobody has to have the driver of the other one.
    if name == "sqlite":
        from soulsync_engine.mirror.sqlite import SqliteDatabase

        return SqliteDatabase(parsed, busy_timeout=busy_timeout)
    if name == "postgresql":
        from soulsync_engine.mirror.postgres import PostgresDatabase

        return PostgresDatabase(parsed, busy_timeout=busy_timeout)
    raise ConfigurationError(
        f"A mirror in {name} is not supported, only in SQLite and PostgreSQL.",
        next_step=f"Write the address as {EXAMPLE} or postgresql://user@host/database.",
    )


def not_a_mirror(shown: str, why: str) -> MirrorCorruptError:
    """The error for what is something else. It has not been touched."""
    return MirrorCorruptError(
        f"{shown} is not a mirror: {why}. It was left as it is.",
        next_step="Correct the address of the mirror, or move what is there away.",
    )


def _parsed(url: str) -> URL:
    try:
        return parse_url(url)
    except (ArgumentError, ValueError) as error:
        # Not the address itself, which may hold a password.
        raise ConfigurationError(
            "The address of the mirror is not a database address.",
            next_step=f"Write it as {EXAMPLE} or postgresql://user@host/database.",
        ) from error
