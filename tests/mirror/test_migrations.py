"""A mirror of an earlier revision becomes one of today with everything in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from soulsync_engine import mirror as package
from soulsync_engine.mirror import Mirror, SyncState
from soulsync_engine.mirror.database import Database, open_database
from soulsync_engine.mirror.schema import REVISION, REVISION_TABLE, metadata
from soulsync_engine.models import Album, Kind

# What version 0.1 of the engine wrote: two tracks and an album, one of them removed.
ROWS_OF_0001 = """
INSERT INTO servers (id, name) VALUES (1, 'music');
INSERT INTO sync_runs (id, server_id, scope, row_version, mode, reason, state, token, started, finished)
    VALUES (1, 1, '{"libraries":null,"user":null}', 1, 'full', 'first', 'complete', 't0', 1000000, 2000000);
INSERT INTO tracks (uid, server_id, native_id, title, album_native_id, path, library_id)
    VALUES (1, 1, 'a', 'Rope', 'x', '/rope', 'L1');
INSERT INTO tracks (uid, server_id, native_id, removed_at, title, library_id)
    VALUES (2, 1, 'b', 3000000, 'Gone', 'L1');
INSERT INTO albums (uid, server_id, native_id, title, library_id) VALUES (3, 1, 'x', 'Spring', 'L1');
INSERT INTO native_ids (server_id, kind, native_id, uid, content_hash, first_seen, gone_since)
    VALUES (1, 'track', 'a', 1, 1, 1, NULL), (1, 'track', 'b', 2, 2, 1, 1), (1, 'album', 'x', 3, 3, 1, NULL);
INSERT INTO changes (seq, type, kind, uid, server_id, native_id, title, fields, at)
    VALUES (1, 'added', 'track', 1, 1, 'a', 'Rope', '', 1000000),
           (2, 'added', 'track', 2, 1, 'b', 'Gone', '', 1000000),
           (3, 'added', 'album', 3, 1, 'x', 'Spring', '', 1000000),
           (4, 'removed', 'track', 2, 1, 'b', 'Gone', '', 3000000);
INSERT INTO counters (name, value) VALUES ('uid', 3), ('seq', 4), ('indexed', 0), ('normalisation', 1);
"""
DATA = {"0001": ROWS_OF_0001}


def config(connection: object) -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made


def make(database: Database, revision: str) -> None:
    """A mirror of that revision, with data in it."""
    database.prepare_tables()
    with database.writing() as connection:
        command.upgrade(config(connection), revision)
        for statement in DATA[revision].split(";\n"):
            if statement.strip():
                connection.execute(text(statement.replace(":null", "\\:null")))
        if database.dialect.name == "postgresql":
            for table in ("servers", "sync_runs"):
                connection.execute(text(f"SELECT setval('{table}_id_seq', 1)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'mirror.sqlite3'}"
        return
    postgres = request.getfixturevalue("postgres")
    name = postgres.create()
    yield postgres.url(name)
    postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_every_earlier_revision_has_data_here() -> None:
    revisions = {script.revision for script in ScriptDirectory.from_config(config(None)).walk_revisions()}
    assert revisions - {REVISION} == set(DATA)


@pytest.mark.parametrize("revision", DATA)
def test_everything_is_there_after_the_migration(url, revision, shelf, serve, sync) -> None:
    database = open_database(url, busy_timeout=5)
    make(database, revision)
    database.close()
    with Mirror.open(url) as mirror:
        assert (mirror.counts().tracks, mirror.counts().albums) == (1, 1)
        assert [(change.seq, change.type.value, change.uid) for change in mirror.changes()] == [
            (1, "added", "1"),
            (2, "added", "2"),
            (3, "added", "3"),
            (4, "removed", "2"),
        ]
        assert mirror.last_sync("music").state is SyncState.COMPLETE
        assert mirror.get("1").item.title == "Rope"
        assert mirror.find(shelf.ref(Kind.TRACK, "b")).removed
        spring = Album(ref=shelf.ref(Kind.ALBUM, "x"), title="Spring", library_id="L1")
        shelf.put(shelf.track("a2", "Rope", path="/rope", album_id="x"), shelf.track("b", "Gone"), spring)
        report = sync(serve(shelf), mirror)
        counts = report.kinds[Kind.TRACK]
        assert (counts.remapped, counts.restored) == (1, 1)
        assert mirror.find(shelf.ref(Kind.TRACK, "a2")).uid == "1"
        assert len(mirror.search("rope")) == 1


def test_the_migrations_make_the_tables_of_the_schema(url) -> None:
    with Mirror.open(url) as mirror, mirror.database.reading() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": REVISION_TABLE,
                "include_name": lambda name, type_, parents: "_search" not in (name or ""),
            },
        )
        assert compare_metadata(context, metadata) == []
