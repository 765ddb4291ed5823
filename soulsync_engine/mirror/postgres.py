"""PostgreSQL: the mirror in a database that several machines share. Needs the extra `postgresql`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError

from soulsync_engine.errors import (
    ConfigurationError,
    MirrorCorruptError,
    MirrorError,
    MirrorLockedError,
    MirrorUnavailableError,
)
from soulsync_engine.mirror.database import Database

# Any number that no other program is likely to lock; it keeps writers of one database apart.
_LOCK: Final = 5_310_517_921_044_773_317

_UNREACHABLE: Final = ("08", "57P", "53300")
_LOCKED: Final = ("55P03", "40001", "40P01")
_DAMAGED: Final = ("XX001", "XX002")
_NOT_ALLOWED: Final = ("28", "42501", "25006")
_NO_SPACE: Final = "53100"
_TOO_LARGE: Final = "22003"


class PostgresDatabase(Database):
    """A database of a PostgreSQL server."""

    takes_nul = False

    def __init__(self, url: URL, *, busy_timeout: float) -> None:
        super().__init__(busy_timeout=busy_timeout)
        try:
            import psycopg
        except ImportError as error:
            raise ConfigurationError(
                "A mirror in PostgreSQL needs the driver psycopg, which is not installed.",
                next_step='Install it: pip install "soulsync-engine[postgresql]"',
            ) from error
        self._errors: tuple[type[Exception], ...] = (psycopg.Error,)
        self._shown = url.set(password=None).render_as_string()
        # Positional places, so that rows go to the driver as the tuples they are.
        self.dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
        self.engine = self._engine(url.set(drivername="postgresql+psycopg"))

    @property
    def shown(self) -> str:
        """The address without the password."""
        return self._shown

    def prepare_tables(self) -> None:
        """Nothing: everything lasts that is in a transaction."""

    @property
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """As in the base."""
        return self._errors

    def translate(self, error: BaseException, doing: str) -> Exception:
        """As in the base."""
        state: str = getattr(error, "sqlstate", None) or ""
        if state == _TOO_LARGE:
            return OverflowError("a number is larger than 64 bits")
        where = f"The mirror {self._shown}"
        if state.startswith(_LOCKED):
            return MirrorLockedError(
                f"{where} is being written to by another process, for more than {self.busy_timeout:g} seconds now.",
                next_step="Wait until it is done, or end it.",
            )
        # Only the first line: the others repeat the statement, or are for the server's administrator.
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        if state.startswith(_NOT_ALLOWED):
            return MirrorError(
                f"{where} cannot {doing}: {said}",
                next_step="Check the user's password and rights in PostgreSQL.",
            )
        if state.startswith(_UNREACHABLE) or not state:
            return MirrorUnavailableError(
                f"{where} cannot {doing}: {said}",
                next_step="Check that the PostgreSQL server runs and can be reached.",
            )
        if state.startswith(_DAMAGED):
            return MirrorCorruptError(f"{where} is damaged: {said}", next_step="Restore it from a backup.")
        advice = "Free some space on the server's disk." if state == _NO_SPACE else None
        return MirrorError(f"{where} cannot {doing}: {said}", next_step=advice)

    @contextmanager
    def begun_reading(self, connection: Connection) -> Iterator[None]:
        """As in the base."""
        with connection.begin():
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    @contextmanager
    def begun_writing(self, connection: Connection) -> Iterator[None]:
        """As in the base. Writers take turns, so that the change feed's numbers become visible in order."""
        with connection.begin():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, round(self.busy_timeout * 1000))}")
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield

    def _engine(self, url: URL) -> Engine:
        try:
            with self.translated("be opened"):
                engine = create_engine(url, hide_parameters=True, max_overflow=-1, pool_pre_ping=True)
        except NoSuchModuleError as error:
            raise ConfigurationError("This PostgreSQL driver is not supported.") from error
        event.listen(engine, "connect", _prepare)
        return engine


def _prepare(connection: object, _entry: object) -> None:
    # What a sync holds in temporary tables, and in sorting them, is large.
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SET work_mem = '64MB'")
        cursor.execute("SET client_min_messages = warning")
    connection.commit()  # type: ignore[attr-defined]
