"""How many requests a library costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.models import Kind
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import small
from soulsync_plex.simulator import CURRENT, OLD, SEVERAL, Personality, PlexSimulator

Connect = Callable[..., MediaServer]


@pytest.fixture
def library(running: Callable[..., PlexSimulator]) -> Callable[[int, int, int], PlexSimulator]:
    def make(artists: int, albums_each: int, tracks_each: int) -> PlexSimulator:
        simulator = running()
        simulator.state.catalogue.generate(artists, albums_each, tracks_each)
        return simulator

    return make


@pytest.fixture(scope="module")
def hundred_thousand() -> Iterator[PlexSimulator]:
    with PlexSimulator() as simulator:
        simulator.state.catalogue.generate(5_000, 2, 10)
        yield simulator


@pytest.mark.parametrize(("page_size", "budget"), [(1000, 120), (2000, 65)])
def test_a_hundred_thousand_tracks(
    hundred_thousand: PlexSimulator, connect: Connect, page_size: int, budget: int
) -> None:
    hundred_thousand.forget()
    server = connect(hundred_thousand)
    tracks = [track.year for track in server.iter_tracks(page_size=page_size) if track.genres]
    albums = sum(1 for _ in server.iter_albums(page_size=page_size))
    artists = sum(1 for _ in server.iter_artists(page_size=page_size))
    assert (len(tracks), albums, artists) == (100_000, 10_000, 5_000)
    assert None not in tracks
    assert len(hundred_thousand.requests) <= budget


def test_three_hundred_tracks_which_once_took_506_requests(
    library: Callable[[int, int, int], PlexSimulator], engine_of: Callable[..., MediaServerEngine]
) -> None:
    simulator = library(25, 3, 4)
    engine = engine_of(simulator)
    engine.sync()
    assert engine.mirror.counts("home").tracks == 300
    assert len(simulator.requests) <= 12
    simulator.forget()
    engine.sync()
    assert len(simulator.requests) <= 3


FRESH = """
import json, sys
from soulsync_engine import MediaServerEngine
with MediaServerEngine(json.loads(sys.argv[1])) as engine:
    print(engine.sync().mode)
"""


@pytest.mark.parametrize("personality", [CURRENT, OLD, SEVERAL], ids=lambda each: each.name)
def test_that_nothing_changed_is_known_to_a_fresh_process_after_three_requests(
    running: Callable[..., PlexSimulator],
    engine_of: Callable[..., MediaServerEngine],
    config_of: Callable[..., dict[str, object]],
    personality: Personality,
) -> None:
    simulator = running(small(), personality=personality)
    with engine_of(simulator) as engine:
        engine.sync()
    # A scan that finds nothing is no change.
    simulator.change(small())
    simulator.forget()
    command = [sys.executable, "-c", FRESH, json.dumps(config_of(simulator))]
    fresh = subprocess.run(command, capture_output=True, text=True, check=True)
    assert fresh.stdout.strip() == "unchanged"
    assert [request.path for request in simulator.requests][:2] == ["/", "/library/sections"]
    assert len(simulator.requests) <= 3


def test_a_further_section_costs_six_requests_more(
    connect: Connect, running: Callable[..., PlexSimulator]
) -> None:
    simulator = running(personality=SEVERAL)
    simulator.state.catalogue.generate(500, 2, 10)
    server = connect(simulator, libraries=["Music", "Music 2"])
    tracks = {track.ref.id for track in server.iter_tracks(page_size=1000) if track.year}
    albums = sum(1 for _ in server.iter_albums(page_size=1000))
    artists = sum(1 for _ in server.iter_artists(page_size=1000))
    assert (len(tracks), albums, artists) == (20_000, 2_000, 1_000)
    # 23 pages, the albums of the tracks, connecting and asking for the sections; of each kind a further section is
    # asked how much it holds, and a page at the border of two is two requests. The artists of the second one end where
    # their first page does, so that one request more looks whether they really do.
    assert len(simulator.requests) <= 23 + 3 + 6 + 1


def test_counting_a_library_does_not_transfer_it(
    library: Callable[[int, int, int], PlexSimulator], connect: Connect
) -> None:
    simulator = library(50, 2, 10)
    page = connect(simulator).list_ids(Kind.TRACK, limit=1)
    assert page.total == 1000
    assert len(simulator.requests) <= 3


def test_two_hundred_items_by_key_are_one_request(
    library: Callable[[int, int, int], PlexSimulator], connect: Connect
) -> None:
    simulator = library(5, 4, 10)
    server = connect(simulator)
    ids = server.list_ids(Kind.TRACK, limit=200).items
    simulator.forget()
    assert len(server.get_items(Kind.TRACK, ids)) == 200
    assert len(simulator.requests) == 2  # the tracks, and their albums
