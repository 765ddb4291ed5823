"""Opening a database: new, current, newer, locked, damaged, read-only, or something else."""

from __future__ import annotations

import ctypes
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from soulsync_engine.errors import (
    ConfigurationError,
    MirrorCorruptError,
    MirrorError,
    MirrorLockedError,
    MirrorVersionError,
)
from soulsync_engine.mirror import Mirror
from soulsync_engine.mirror.schema import REVISION_TABLE, metadata


@pytest.fixture
def file(tmp_path):
    return tmp_path / "mirror.sqlite3"


@pytest.fixture
def url(file):
    return f"sqlite:///{file}"


def test_the_migrations_make_the_tables_of_the_schema(mirror):
    with mirror.database.reading() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": REVISION_TABLE,
                "include_name": lambda name, type_, parents: type_ != "table" or "_search" not in name,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_threads_that_make_mirrors_at_once_get_each_its_own(tmp_path):
    start = threading.Barrier(4)

    def make(number):
        start.wait()
        with Mirror.open(f"sqlite:///{tmp_path / str(number)}.db") as mirror:
            return mirror.counts().tracks

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(make, range(4))) == [0, 0, 0, 0]


def test_opening_again_keeps_everything_and_loads_no_migration(shelf, serve, url, sync):
    shelf.put(shelf.track("1"))
    with Mirror.open(url) as mirror:
        sync(serve(shelf), mirror)
    code = (
        "import sys; from soulsync_engine.mirror import Mirror\n"
        f"with Mirror.open({url!r}) as mirror: print(mirror.counts().tracks, 'alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_opening_leaves_the_hosts_logging_alone(tmp_path):
    code = (
        "import logging; from soulsync_engine.mirror import Mirror\n"
        f"Mirror.open('sqlite:///{tmp_path}/m.sqlite3').close()\n"
        "root = logging.getLogger()\n"
        "print(root.handlers, root.level, logging.getLogger('alembic').level, logging.getLogger('x').disabled)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[] 30 0 False", "")


def test_missing_folders_are_made_and_an_empty_file_becomes_a_mirror(tmp_path):
    with Mirror.open(f"sqlite:///{tmp_path}/a/b %20/m.sqlite3") as mirror:
        assert mirror.counts().tracks == 0
    empty = tmp_path / "empty.sqlite3"
    empty.touch()
    with Mirror.open(f"sqlite:///{empty}") as mirror:
        assert mirror.last_seq() == 0


def test_a_newer_mirror_is_refused_untouched(file, url):
    Mirror.open(url).close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE soulsync_revision SET version_num = '9999'")
    before = file.read_bytes()
    with pytest.raises(MirrorVersionError, match="newer version of the engine") as caught:
        Mirror.open(url)
    assert "Upgrade soulsync-engine" in str(caught.value)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"no database at all, but a text of some length\n" * 50, b"SQLite format 3\0junk" * 99]
)
def test_a_file_that_is_no_database_is_refused_untouched(file, url, content):
    file.write_bytes(content)
    with pytest.raises(MirrorCorruptError):
        Mirror.open(url)
    assert file.read_bytes() == content


def test_another_programs_database_is_refused_untouched(file, url):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE tracks (id INTEGER)")
    before = file.read_bytes()
    with pytest.raises(MirrorCorruptError, match="another program's database"):
        Mirror.open(url)
    assert file.read_bytes() == before


def test_a_damaged_mirror_is_named_as_such(file, url, shelf, serve, sync):
    shelf.put(*(shelf.track(str(number)) for number in range(500)))
    with Mirror.open(url) as mirror:
        sync(serve(shelf), mirror)
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    file.write_bytes(content)
    with pytest.raises(MirrorCorruptError, match="is damaged"), Mirror.open(url) as mirror:
        list(mirror.iter_tracks())


def test_a_truncated_mirror_is_named_as_such(file, url, shelf, serve, sync):
    shelf.put(*(shelf.track(str(number)) for number in range(500)))
    with Mirror.open(url) as mirror:
        sync(serve(shelf), mirror)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(MirrorCorruptError, match="is damaged"), Mirror.open(url) as mirror:
        list(mirror.iter_tracks())


def test_a_mirror_that_another_process_writes_to_is_locked_and_still_read(file, url, shelf, serve, sync):
    shelf.put(shelf.track("1"))
    with Mirror.open(url, busy_timeout=0.1) as mirror:
        sync(serve(shelf), mirror)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            shelf.put(shelf.track("2"))
            with pytest.raises(MirrorLockedError, match="another process") as caught:
                sync(serve(shelf), mirror)
            assert caught.value.retryable
            assert mirror.counts().tracks == 1
            other.execute("ROLLBACK")
        sync(serve(shelf), mirror)
        assert mirror.counts().tracks == 2


def test_a_new_mirror_that_another_process_is_making_is_locked(file, url):
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(MirrorLockedError):
            Mirror.open(url, busy_timeout=0.1)


@pytest.mark.parametrize("name", [".", "file/mirror.sqlite3"])
def test_a_path_that_cannot_be_a_file_is_one_sentence(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(MirrorError, match="cannot be"):
        Mirror.open(f"sqlite:///{tmp_path}/{name}")


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/db"])
def test_an_address_of_no_file_is_a_fault_of_the_configuration(url):
    with pytest.raises(ConfigurationError) as caught:
        Mirror.open(url)
    assert "secret" not in str(caught.value)


def _without_the_right_to_pass_permissions() -> None:
    # The tests may be run by root, whom permissions do not stop.
    prctl = ctypes.CDLL(None).prctl
    for capability in (1, 2):
        prctl(24, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="needs permissions that stop this user")
@pytest.mark.parametrize("folder", [0o500, 0o700])
def test_a_read_only_mirror_is_read_and_refuses_to_be_written(tmp_path, shelf, serve, folder, sync):
    place = tmp_path / "place"
    file = place / "mirror.sqlite3"
    shelf.put(shelf.track("1"))
    with Mirror.open(f"sqlite:///{file}") as mirror:
        sync(serve(shelf), mirror)
    file.chmod(0o400)
    place.chmod(folder)
    code = (
        "from soulsync_engine.errors import MirrorError\n"
        "from soulsync_engine.mirror import Mirror\n"
        f"with Mirror.open('sqlite:///{file}') as mirror:\n"
        "    print(mirror.counts().tracks, len(mirror.search('title')))\n"
        "    try:\n"
        "        with mirror.database.writing() as connection:\n"
        "            connection.exec_driver_sql('DELETE FROM counters')\n"
        "    except MirrorError as error:\n"
        "        print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        preexec_fn=_without_the_right_to_pass_permissions,
        cwd=Path(__file__).parents[2],
    )
    place.chmod(0o700)
    assert done.stderr == ""
    counts, sentence = done.stdout.splitlines()
    assert counts == "1 1"
    assert sentence.startswith("MirrorError The mirror ")
    assert "Make the file and its folder writable." in sentence
