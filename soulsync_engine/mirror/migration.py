"""Bringing a database to the newest revision, or refusing it untouched."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from soulsync_engine.errors import MirrorError, MirrorVersionError
from soulsync_engine.mirror.database import Database, not_a_mirror
from soulsync_engine.mirror.schema import REVISION, REVISION_TABLE

_MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(database: Database) -> None:
    """Create the tables, or migrate them from an earlier revision; nothing is written when they are current."""
    if _is_current(database):
        return
    with database.translated("be created"), database.engine.connect() as connection:
        # A lasting property of the file, so it is set only once it is known to be ours.
        connection.connection.cursor().execute("PRAGMA journal_mode = WAL")
    with database.writing() as connection:
        # Another process may have done it while this one waited for its turn.
        if _stored_revision(connection, database.path) != REVISION:
            _upgrade(connection)


def _is_current(database: Database) -> bool:
    try:
        with database.reading() as connection:
            return _stored_revision(connection, database.path) == REVISION
    except MirrorError as error:
        # In a folder that cannot be written to, even reading needs the file to be opened in another way. With a
        # log beside it, that would miss what the log holds.
        log = database.path.with_name(database.path.name + "-wal")
        if type(error) is not MirrorError or not database.path.is_file() or log.exists():
            raise
        database.without_writing()
        with database.reading() as connection:
            return _stored_revision(connection, database.path) == REVISION


def _stored_revision(connection: Connection, path: Path) -> str | None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if REVISION_TABLE not in tables:
        raise not_a_mirror(path, "it is another program's database")
    revision = connection.scalar(select(column("version_num")).select_from(table(REVISION_TABLE)))
    if not isinstance(revision, str) or not revision.isdecimal():
        raise not_a_mirror(path, f"its revision {revision!r} is none of this engine's")
    if int(revision) > int(REVISION):
        raise MirrorVersionError(
            f"The mirror {path} was written by a newer version of the engine "
            f"(revision {revision}, this one knows {REVISION}).",
            next_step="Upgrade soulsync-engine, or use another file for the mirror.",
        )
    return revision


def _upgrade(connection: Connection) -> None:
    # Importing Alembic takes longer than most syncs, and is needed once in the life of a file.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
