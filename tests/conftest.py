"""A PostgreSQL server of the tests' own, started when a test first asks for it and gone with them."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulsync_engine.mirror.schema import REVISION, REVISION_TABLE

OPTIONS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
}


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_REVISION = f"SELECT version_num FROM {REVISION_TABLE}"
_NOBODY = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


class Postgres:
    """A running server. It listens on a socket in its own folder, so no two of them meet."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self.user = user
        self._numbers = itertools.count()

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://{self.user}@/{database}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        """Make a database, a copy of another one; gives its name."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement; gives its rows, if it has any."""
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user=self.user, dbname=database, autocommit=True
        ) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def empty(self, database: str, tables: set[str]) -> bool:
        """Empty the mirror in a database; false where it is none of ours any more."""
        found = {str(name) for (name,) in self.run(_TABLES, database)}
        if found != tables or self.run(_REVISION, database) != [(REVISION,)]:
            return False
        self.run(_NOBODY.format(database))
        self.run(f"TRUNCATE {', '.join(found - {REVISION_TABLE})} RESTART IDENTITY", database)
        return True


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, where they are installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3])
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server."""
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    # Not below pytest's own folder, which only its user may enter, and whose path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="soulsync-pg-"))
    account: dict[str, object] = {}
    user = pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        # PostgreSQL refuses to be run by root.
        user = "nobody"
        entry = pwd.getpwnam(user)
        account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(
            [str(found / command[0]), *command[1:]], check=True, cwd=folder, capture_output=True, **account
        )

    try:
        run("initdb", "-D", str(data), "-U", user, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        options += f" -c unix_socket_directories={folder}"
        run("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield Postgres(folder, user)
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """A database with an empty mirror in it, for copying."""
    from soulsync_engine.mirror import Mirror

    name = postgres.create()
    Mirror.open(postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def spare_databases() -> list[str]:
    """Databases with an empty mirror in them. Making one takes longer than most tests."""
    return []


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_template: str, spare_databases: list[str]) -> Iterator[str]:
    """The address of an empty mirror in a database that no other test uses at the same time."""
    name = spare_databases.pop() if spare_databases else postgres.create(postgres_template)
    yield postgres.url(name)
    tables = {str(name) for (name,) in postgres.run(_TABLES, postgres_template)}
    if postgres.empty(name, tables):
        spare_databases.append(name)
    else:
        postgres.run(f"DROP DATABASE {name} WITH (FORCE)")
