"""How many requests a library costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.models import Kind
from soulsync_engine.server import MediaServer
from soulsync_plex.simulator import PlexSimulator

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
