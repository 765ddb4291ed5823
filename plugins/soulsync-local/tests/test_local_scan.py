"""Scans in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.errors import NotAllowedError, NotFoundError, SoulSyncError
from soulsync_engine.models import EVERYTHING, ScanPhase, ScanState, Scope

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


class Gate(Executor):
    """An executor that holds its work back until it is opened."""

    def __init__(self) -> None:
        self.opened = Event()
        self.asked = Event()

    def submit(self, task: Callable[..., object], /, *args: object, **kwargs: object) -> Future[object]:
        gate = self

        class Waiting(Future[object]):
            def result(self, timeout: float | None = None) -> object:
                gate.asked.set()
                assert gate.opened.wait(20)
                return task(*args, **kwargs)

        return Waiting()


def wait(client: Opened) -> ScanState:
    deadline = time.monotonic() + 20
    while (state := client.scan_state()).phase is ScanPhase.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return state


def test_a_scan_reads_what_is_new_so_that_a_listing_need_not(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    before = datetime.now(UTC)
    assert client.scan_state() == ScanState(phase=ScanPhase.IDLE)
    assert client.trigger_scan(EVERYTHING, ()).phase in (ScanPhase.RUNNING, ScanPhase.IDLE)
    state = wait(client)
    assert state.last_finished is not None
    assert state.last_finished >= before
    assert len(client.recorder.take()) == 3
    assert len(client.tracks()) == 3
    assert client.recorder.take() == []


def test_a_running_scan_tells_how_far_it_is_and_is_not_started_twice(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B")
    gate = Gate()
    client = open_client(executor=gate)
    client.trigger_scan(EVERYTHING, ())
    assert gate.asked.wait(20)
    state = client.scan_state()
    assert (state.phase, state.progress, state.items, state.last_finished) == (
        ScanPhase.RUNNING,
        0.0,
        0,
        None,
    )
    assert client.trigger_scan(EVERYTHING, ()).phase is ScanPhase.RUNNING
    gate.opened.set()
    assert wait(client).phase is ScanPhase.IDLE


def test_closing_ends_a_scan(open_client: Open, shelf: Shelf) -> None:
    for number in range(4):
        shelf.album(f"A/{number}")
    gate = Gate()
    client = open_client(executor=gate)
    client.trigger_scan(EVERYTHING, ())
    assert gate.asked.wait(20)
    gate.opened.set()
    assert client.close() is True
    assert client.close() is True
    later = open_client()
    assert len(later.tracks()) == 12


def test_a_scan_of_some_paths_reads_these_only(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    shelf.album("C/D", "c")
    shelf.album("E/F", "e")
    client.trigger_scan(EVERYTHING, ("C", str(shelf.root / "E/F/01 e.flac")))
    wait(client)
    assert client.recorder.take() == ["01 c.flac", "01 e.flac"]
    assert len(client.tracks()) == 5
    assert len(client.recorder.take()) == 3


def test_a_scan_of_some_paths_takes_nothing_as_complete(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    shelf.album("C/D")
    client.trigger_scan(EVERYTHING, ("C",))
    assert wait(client).last_finished is None
    assert len(client.albums()) == 2


def test_the_whole_root_can_be_named(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    client.trigger_scan(EVERYTHING, (str(shelf.root),))
    wait(client)
    assert len(client.recorder.take()) == 3


@pytest.mark.parametrize(
    "path",
    ["..", "../other", "A/../../other", "/etc", "/", "A\0B", "{root}/../other", "{root}2", "link", "link/C"],
)
def test_a_path_that_leads_out_of_the_roots_is_not_allowed(
    client: Opened, shelf: Shelf, other: Shelf, path: str
) -> None:
    shelf.album("A/B")
    other.album("C/D")
    (shelf.root / "link").symlink_to(other.root)
    with pytest.raises(NotAllowedError):
        client.trigger_scan(EVERYTHING, (path.format(root=shelf.root),))
    assert client.scan_state().phase is ScanPhase.IDLE


@pytest.mark.parametrize("path", ["nothing", "A/nothing", "{root}/nothing"])
def test_a_path_that_is_not_there_is_not_found(client: Opened, shelf: Shelf, path: str) -> None:
    shelf.album("A/B")
    with pytest.raises(NotFoundError):
        client.trigger_scan(EVERYTHING, (path.format(root=shelf.root),))


def test_a_path_of_a_library_outside_the_scope_is_not_allowed(
    open_client: Open, shelf: Shelf, other: Shelf
) -> None:
    shelf.album("A/B")
    client = open_client(shelf.root, other.root)
    there = client.list_libraries()[1]
    with pytest.raises(NotAllowedError):
        client.trigger_scan(Scope(libraries=(there.id,)), (str(shelf.root / "A"),))


def test_a_scan_that_fails_says_so_in_its_state(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B")
    client = open_client()
    client.tracks()
    (shelf.root / "A").rename(shelf.root.parent / "A")
    shelf.root.rename(shelf.root.with_name("old"))
    shelf.root.mkdir()
    client.trigger_scan(EVERYTHING, ())
    state = wait(client)
    assert state.phase is ScanPhase.FAILED
    assert "not the one that held music" in state.detail
    with pytest.raises(SoulSyncError):
        client.tracks()
