"""Bringing a database to the newest revision, or refusing it untouched."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

from sqlalchemy import Connection, column, inspect, select, table

from soulsync_engine.errors import MirrorError, MirrorVersionError
from soulsync_engine.mirror.database import Database, not_a_mirror
from soulsync_engine.mirror.schema import REVISION, REVISION_TABLE
from soulsync_engine.mirror.sqlite import SqliteDatabase

_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME: Final = Lock()
"""Alembic keeps the migration that is under way in variables of the whole process."""


def bring_up_to_date(database: Database) -> None:
    """Create the tables, or migrate them from an earlier revision; nothing is written when they are current."""
    if _is_current(database):
        return
    database.prepare_tables()
    with database.writing() as connection:
        # Another process may have done it while this one waited for its turn.
        if _stored_revision(connection, database.shown) != REVISION:
            _upgrade(connection)


def _is_current(database: Database) -> bool:
    try:
        with database.reading() as connection:
            return _stored_revision(connection, database.shown) == REVISION
    except MirrorError as error:
        if not isinstance(database, SqliteDatabase) or not _may_be_read_only(database, error):
            raise
        database.without_writing()
        with database.reading() as connection:
            return _stored_revision(connection, database.shown) == REVISION


def _may_be_read_only(database: SqliteDatabase, error: MirrorError) -> bool:
    """In a folder that cannot be written to, even reading needs the file to be opened in another way.

    With a log beside it, that would miss what the log holds.
    """
    log = database.path.with_name(database.path.name + "-wal")
    return type(error) is MirrorError and database.path.is_file() and not log.exists()


def _stored_revision(connection: Connection, shown: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if REVISION_TABLE not in tables:
        raise not_a_mirror(shown, "it is another program's database")
    revision = connection.scalar(select(column("version_num")).select_from(table(REVISION_TABLE)))
    if not isinstance(revision, str) or not revision.isdecimal():
        raise not_a_mirror(shown, f"its revision {revision!r} is none of this engine's")
    if int(revision) > int(REVISION):
        raise MirrorVersionError(
            f"The mirror {shown} was written by a newer version of the engine "
            f"(revision {revision}, this one knows {REVISION}).",
            next_step="Upgrade soulsync-engine, or use another one for the mirror.",
        )
    return revision


def _upgrade(connection: Connection) -> None:
    # Importing Alembic takes longer than most syncs, and is needed once in the life of a mirror.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")
