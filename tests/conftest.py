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

OPTIONS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
}


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

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run a statement."""
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user=self.user, dbname=database, autocommit=True
        ) as connection:
            connection.execute(statement)


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


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    """The address of an empty mirror in a database of the test's own."""
    name = postgres.create(postgres_template)
    yield postgres.url(name)
    postgres.run(f"DROP DATABASE {name} WITH (FORCE)")
