"""Faults of the reference backend: each reaches a host as the error it stands for, never as a wrong answer."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest

from soulsync_engine.discovery import in_process
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.errors import (
    AuthenticationError,
    ContractViolationError,
    IncompleteSweepError,
    UnavailableError,
)
from soulsync_engine.models import ServerState
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.testing.reference import ReferenceServer, backend, faults
from soulsync_engine.testing.scenarios import paged, small


@pytest.fixture
def server() -> Iterator[ReferenceServer]:
    running = ReferenceServer(paged(10))
    yield running
    running.stop()


@pytest.fixture
def engine(server: ReferenceServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaServerEngine]:
    config = {
        "server": {"active": "music"},
        "servers": {"music": server.settings()},
        "engine": {"data_dir": str(tmp_path_factory.mktemp("data"))},
    }
    with MediaServerEngine(config, records=in_process(backend), plugins=GlobalPlugins()) as opened:
        yield opened


def titles(engine: MediaServerEngine) -> list[str]:
    return [track.title for track in engine.iter_tracks(page_size=10)]


def test_without_a_fault_everything_arrives_in_counted_requests(
    engine: MediaServerEngine, server: ReferenceServer
) -> None:
    assert len(titles(engine)) == 21
    assert server.operations == {"connect": 1, "list_tracks": 3}
    assert server.requests == 4


def test_an_error_comes_at_the_request_it_was_ordered_for(
    engine: MediaServerEngine, server: ReferenceServer
) -> None:
    server.faults.at(2, faults.fail(UnavailableError("The line is cut.")), operation="list_tracks")
    # Two pages only: with more, several would be in flight at once, in any order.
    tracks = engine.iter_tracks(page_size=11)
    assert len(list(itertools.islice(tracks, 11))) == 11
    with pytest.raises(UnavailableError, match="The line is cut"):
        next(tracks)


def test_a_fault_can_be_ordered_for_any_operation(engine: MediaServerEngine, server: ReferenceServer) -> None:
    server.faults.at(3, faults.fail(UnavailableError("Third request.")))
    engine.list_libraries()
    with pytest.raises(UnavailableError, match="Third request"):
        engine.list_albums()
    engine.list_albums()


def test_cleared_faults_are_over(engine: MediaServerEngine, server: ReferenceServer) -> None:
    server.faults.always(faults.fail(UnavailableError("Down.")))
    with pytest.raises(UnavailableError):
        engine.list_libraries()
    server.faults.clear()
    assert len(engine.list_libraries()) == 1


def test_a_late_answer_is_still_right(engine: MediaServerEngine, server: ReferenceServer) -> None:
    server.faults.always(faults.delay(0.05), operation="list_libraries")
    started = time.monotonic()
    assert len(engine.list_libraries()) == 1
    assert time.monotonic() - started >= 0.05


@pytest.mark.parametrize(
    "effect",
    [faults.truncated(), faults.shrunken_total(), faults.ended_early(), faults.repeated()],
    ids=["truncated", "shrunken_total", "ended_early", "repeated"],
)
def test_a_listing_that_lies_is_never_complete(
    engine: MediaServerEngine, server: ReferenceServer, effect: faults.Effect
) -> None:
    server.faults.at(2, effect, operation="list_tracks")
    server.faults.at(3, effect, operation="list_tracks")
    with pytest.raises(IncompleteSweepError):
        titles(engine)


@pytest.mark.parametrize("value", [None, [], "text", 3, ({"title": "no model"},)])
def test_an_answer_of_the_wrong_type_is_the_backends_fault(
    engine: MediaServerEngine, server: ReferenceServer, value: object
) -> None:
    server.faults.always(faults.answer(value), operation="list_tracks")
    with pytest.raises(ContractViolationError, match="list_tracks"):
        engine.list_tracks()


def test_references_to_another_server_are_the_backends_fault(
    engine: MediaServerEngine, server: ReferenceServer
) -> None:
    server.faults.always(faults.foreign_refs(), operation="list_tracks")
    with pytest.raises(ContractViolationError, match="elsewhere"):
        engine.list_tracks()


def test_a_stopped_server_is_unavailable_and_comes_back(
    engine: MediaServerEngine, server: ReferenceServer
) -> None:
    assert engine.status().ready
    server.stop()
    with pytest.raises(UnavailableError):
        engine.list_libraries()
    assert engine.status(refresh=True).state is ServerState.UNREACHABLE
    server.start()
    assert len(engine.list_libraries()) == 1


def test_a_changed_token_is_refused_and_counted(engine: MediaServerEngine, server: ReferenceServer) -> None:
    engine.list_libraries()
    server.token = "another"
    with pytest.raises(AuthenticationError):
        engine.list_libraries()
    assert server.operations["refused"] == 1


def test_staged_content_is_found_by_a_scan_alone(engine: MediaServerEngine, server: ReferenceServer) -> None:
    server.stage(small())
    assert len(titles(engine)) == 21
    engine.trigger_library_scan()
    while engine.is_library_scanning():
        pass
    assert len(titles(engine)) == 17
