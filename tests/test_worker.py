"""The old face of the sync: the signals that hosts have connected to, and what they may rely on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulsync_engine import DatabaseUpdateWorker, MediaServerEngine
from soulsync_engine.discovery import in_process
from soulsync_engine.errors import UnavailableError
from soulsync_engine.sync.worker import SIGNALS, WorkerState
from soulsync_engine.testing.reference import ReferenceServer, backend
from soulsync_engine.testing.scenarios import small

Told = list[tuple[object, ...]]


@pytest.fixture
def server() -> ReferenceServer:
    return ReferenceServer(small())


@pytest.fixture
def engine(server: ReferenceServer, tmp_path: Path) -> Iterator[MediaServerEngine]:
    config = {"servers": {"music": server.settings()}, "engine": {"data_dir": str(tmp_path)}}
    with MediaServerEngine(config, records=in_process(backend)) as engine:
        yield engine


@pytest.fixture
def worker(engine: MediaServerEngine) -> DatabaseUpdateWorker:
    return DatabaseUpdateWorker(engine)


@pytest.fixture
def told(worker: DatabaseUpdateWorker) -> Told:
    """Everything that the worker says, in order."""
    heard: Told = []
    for name in SIGNALS:
        worker.connect_callback(name, lambda *values, name=name: heard.append((name, *values)))
    return heard


def of(told: Told, name: str) -> Told:
    return [entry[1:] for entry in told if entry[0] == name]


def test_a_first_run_tells_everything_in_the_old_order(worker: DatabaseUpdateWorker, told: Told) -> None:
    worker.run()
    assert told[-1] == ("finished", 3, 5, 17, 3, 0)
    assert [text for (text,) in of(told, "phase_changed")][:2] == [
        "Asking the server what is new",
        "Reading tracks",
    ]
    assert ("Reading tracks", 17, 17, 100.0) in of(told, "progress_updated")
    artists = of(told, "artist_processed")
    assert sorted(name for name, *_ in artists) == sorted({name for name, *_ in artists})
    assert {(success, details) for _, success, details, _, _ in artists} == {(True, "Artist added")}
    assert sum(albums for *_, albums, _ in artists) == 5
    assert len(worker.new_track_ids) == 17
    assert worker.state is WorkerState.FINISHED


def test_a_run_with_nothing_new_finishes_with_zeroes(worker: DatabaseUpdateWorker, told: Told) -> None:
    worker.run()
    told.clear()
    worker.run()
    assert told[-1] == ("finished", 0, 0, 0, 0, 0)
    assert worker.new_track_ids == set()
    assert worker.report is not None
    assert worker.report.mode == "unchanged"


@pytest.mark.parametrize("deep", [True, False])
def test_full_and_deep_runs_read_everything(engine: MediaServerEngine, deep: bool) -> None:
    engine.sync()
    worker = DatabaseUpdateWorker(engine, server="music", full_refresh=not deep)
    (worker.run_deep_scan if deep else worker.run)()
    assert worker.report is not None
    assert (worker.report.mode, worker.report.dry_run) == ("full", False)


def test_a_run_with_the_server_down_says_so_and_loses_nothing(
    worker: DatabaseUpdateWorker, told: Told, server: ReferenceServer, engine: MediaServerEngine
) -> None:
    worker.run()
    told.clear()
    server.stop()
    worker.full_refresh = True
    worker.run()
    assert [entry[0] for entry in told if entry[0] in ("finished", "error")] == ["error"]
    assert worker.state is WorkerState.FAILED
    assert isinstance(worker.failure, UnavailableError)
    assert engine.mirror.counts().tracks == 17


def test_an_error_that_nobody_listens_to_is_raised(
    worker: DatabaseUpdateWorker, server: ReferenceServer
) -> None:
    server.stop()
    with pytest.raises(UnavailableError):
        worker.run()


def test_the_hook_runs_inside_the_run_and_before_it_is_finished(
    worker: DatabaseUpdateWorker, told: Told
) -> None:
    def hook(given: DatabaseUpdateWorker) -> None:
        assert given is worker
        told.append(("hook", worker.state.value, len(worker.new_track_ids)))

    worker.post_scan_hook = hook
    worker.run()
    assert told[-2:] == [("hook", "running", 17), ("finished", 3, 5, 17, 3, 0)]


def test_stopping_ends_the_run_at_once_and_removes_nothing(
    worker: DatabaseUpdateWorker, told: Told, server: ReferenceServer, engine: MediaServerEngine
) -> None:
    worker.run()
    server.change(small().without(small().tracks[:1]))
    slow = threading.Event()

    def silent(produce):  # type: ignore[no-untyped-def]
        worker.stop()
        slow.wait(20)
        return produce()

    server.faults.always(silent, operation="list_albums")
    told.clear()
    worker.run_deep_scan()
    slow.set()
    assert worker.should_stop
    assert worker.state is WorkerState.STOPPED
    assert told[-1][0] == "finished"
    assert engine.mirror.counts().tracks == 17


def test_what_kind_of_server_it_is_can_be_read_and_should_not(worker: DatabaseUpdateWorker) -> None:
    with pytest.warns(DeprecationWarning, match="ask the server what it offers"):
        assert worker.server_type == "reference"


def test_a_signal_that_does_not_exist_is_refused(worker: DatabaseUpdateWorker) -> None:
    with pytest.raises(ValueError, match="there is no signal 'completed'"):
        worker.connect_callback("completed", print)
