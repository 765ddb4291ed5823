"""Many servers at once: on threads, on processes, and on the machines of a cluster."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from soulsync_engine.errors import NotFoundError, SoulSyncError, UnavailableError, WorkerError
from soulsync_engine.mirror import SyncState
from soulsync_engine.models import Kind
from soulsync_engine.sync import SyncReport


def check(engine, ended, folders) -> None:
    """Every server is in the mirror, whole and once."""
    assert list(ended) == list(folders)
    for name, report in ended.items():
        assert isinstance(report, SyncReport), report
        assert report.state is SyncState.COMPLETE
        counts = engine.mirror.counts(name)
        assert (counts.tracks, counts.albums, counts.artists) == (40, 4, 2)
    seqs = [change.seq for change in engine.mirror.changes()]
    assert seqs == list(range(1, 46 * len(folders) + 1))
    assert len(engine.mirror.search("track 7", limit=99)) == len(folders)


def processes_of(folders) -> set[str]:
    return {
        line.split()[0] for folder in folders.values() for line in (folder / "read").read_text().splitlines()
    }


@pytest.mark.parametrize("given", [True, False])
def test_threads(engine_at, folders, sqlite_url, given):
    engine = engine_at(sqlite_url)
    if given:
        with ThreadPoolExecutor(3) as executor:
            check(engine, engine.sync_all(executor), folders)
    else:
        check(engine, engine.sync_all(), folders)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_processes(engine_at, folders, database, request):
    engine = engine_at(request.getfixturevalue(f"{'sqlite' if database == 'sqlite' else 'postgres'}_url"))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        check(engine, engine.sync_all(executor), folders)
    assert 1 <= len(processes_of(folders)) <= 2


def test_what_fails_is_told_by_server_and_stops_no_other(engine_at, folders, sqlite_url):
    engine = engine_at(sqlite_url)
    (folders["server2"] / "down").touch()
    ended = engine.sync_all()
    error = ended.pop("server2")
    assert isinstance(error, UnavailableError)
    assert error.server == "server2"
    assert all(isinstance(report, SyncReport) for report in ended.values())


def test_only_the_servers_asked_for(engine_at, sqlite_url):
    engine = engine_at(sqlite_url)
    assert list(engine.sync_all(servers=["server3", "server1"])) == ["server3", "server1"]
    with pytest.raises(NotFoundError, match="Did you mean 'server3'"):
        engine.sync_all(servers=["servr3"])


def test_a_process_that_dies_is_an_error_and_the_next_sync_goes_on(engine_at, folders, sqlite_url):
    engine = engine_at(sqlite_url)
    (folders["server1"] / "die").touch()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        ended = engine.sync_all(executor, servers=["server1"])
    assert isinstance(ended["server1"], WorkerError)
    assert engine.mirror.last_sync("server1").state is SyncState.INTERRUPTED
    check(engine, engine.sync_all(), folders)
    lines = (folders["server1"] / "read").read_text().splitlines()
    assert [line.split()[1:] for line in lines].count(["track", "0"]) == 1


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    """Two workers of a real cluster, on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster


def on(cluster, site: str):
    """A client whose workers can import the backend of this test."""
    from distributed import Client

    client = Client(cluster)

    def learn(path: str) -> None:
        import importlib
        import sys

        sys.path.insert(0, path)
        sys.modules.pop("fleet_folder", None)
        importlib.invalidate_caches()

    client.run(learn, site)
    return client


def test_a_cluster_writes_into_one_mirror(cluster, engine_at, folders, postgres_url, tmp_path):
    engine = engine_at(postgres_url)
    with on(cluster, str(tmp_path / "site")) as client, client.get_executor() as executor:
        check(engine, engine.sync_all(executor), folders)
        again = engine.sync_all(executor)
    assert [report.kinds[Kind.TRACK].unchanged for report in again.values()] == [40] * 5
    assert len(processes_of(folders)) == 2


def test_what_a_dead_worker_began_another_one_completes(engine_at, folders, postgres_url, tmp_path):
    distributed = pytest.importorskip("distributed")
    engine = engine_at(postgres_url)
    (folders["server1"] / "die").touch()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
        client.get_executor() as executor,
    ):
        # Workers that are started later learn the way to the backend from the environment.
        ended = engine.sync_all(executor, wait_seconds=30)
    assert not any(isinstance(one, SoulSyncError) for one in ended.values()), ended
    check(engine, ended, folders)
    lines = [line.split() for line in (folders["server1"] / "read").read_text().splitlines()]
    assert len({process for process, *_ in lines}) == 2
    # Each page was read once: the second worker went on where the first one died.
    assert len(lines) == len({tuple(page) for _, *page in lines})
