"""A mirror in PostgreSQL: what can be wrong with its address, its server and its rights."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from sqlalchemy.engine import make_url

from soulsync_engine.errors import (
    ConfigurationError,
    MirrorCorruptError,
    MirrorError,
    MirrorLockedError,
    MirrorUnavailableError,
    MirrorVersionError,
)
from soulsync_engine.mirror import Mirror

SECRET = "pg-s3cr%2Ft"


def test_a_server_that_cannot_be_reached_is_unavailable_and_its_password_is_not_shown(tmp_path):
    with pytest.raises(MirrorUnavailableError, match="PostgreSQL server runs") as caught:
        Mirror.open(f"postgresql://me:{SECRET}@/mirror?host={tmp_path}")
    shown = repr(caught.value) + str(caught.value)
    assert caught.value.retryable
    assert SECRET not in shown
    assert "s3cr/t" not in shown


def test_an_unknown_database_is_an_error(postgres):
    with pytest.raises(MirrorError, match="does not exist"):
        Mirror.open(postgres.url("nothing"))


def test_another_programs_database_is_left_alone(postgres):
    name = postgres.create()
    postgres.run("CREATE TABLE theirs (id integer)", name)
    with pytest.raises(MirrorCorruptError, match="another program's database"):
        Mirror.open(postgres.url(name))


def test_a_newer_mirror_is_refused(postgres_url, postgres):
    Mirror.open(postgres_url).close()
    postgres.run("UPDATE soulsync_revision SET version_num = '9999'", make_url(postgres_url).database)
    with pytest.raises(MirrorVersionError, match="newer version"):
        Mirror.open(postgres_url)


def test_a_mirror_that_another_process_writes_to_is_locked_and_still_read(postgres_url, shelf, serve, sync):
    with Mirror.open(postgres_url) as one, Mirror.open(postgres_url, busy_timeout=0.2) as two:
        sync(serve(shelf.stock(3)), one)
        with one.database.writing():
            assert two.counts().tracks == 3
            with (
                pytest.raises(MirrorLockedError, match="written to by another process"),
                two.database.writing(),
            ):
                pass


def test_without_the_driver_the_way_to_it_is_shown(tmp_path):
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from soulsync_engine.mirror import Mirror\n"
        "Mirror.open('postgresql://localhost/mirror')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigurationError" in done.stderr
    assert 'pip install "soulsync-engine[postgresql]"' in done.stderr


def test_an_address_that_is_none_does_not_show_its_password():
    with pytest.raises(ConfigurationError) as caught:
        Mirror.open(f"oracle://me:{SECRET}@host/db")
    assert SECRET not in str(caught.value)


def test_two_that_make_the_same_mirror_at_once_both_get_it(postgres):
    name = postgres.create()
    failures: list[BaseException] = []

    def make() -> None:
        try:
            Mirror.open(postgres.url(name)).close()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Mirror.open(postgres.url(name)) as mirror:
        assert mirror.counts().tracks == 0


def test_a_mirror_whose_server_is_stopped_meanwhile_is_unavailable(
    postgres, postgres_url, shelf, serve, sync
):
    with Mirror.open(postgres_url) as mirror:
        sync(serve(shelf.stock(3)), mirror)
        name = make_url(postgres_url).database

        def hook(operation, number, page):
            if (operation, number) == ("list_tracks", 0):
                postgres.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE datname = '{name}' AND pid <> pg_backend_pid()"
                )
            return page

        shelf.hook, shelf.calls = hook, []
        with pytest.raises(MirrorUnavailableError):
            sync(serve(shelf), mirror)
        shelf.hook = None
        assert sync(serve(shelf), mirror).state.value == "complete"
        assert mirror.counts().tracks == 3
