"""Faults at any page of a listing: none ends it in silence, and none takes anything with it."""

from __future__ import annotations

import time

import pytest

from soulsync_engine.errors import (
    AuthenticationError,
    IncompleteSweepError,
    NotAllowedError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.models import Kind
from soulsync_engine.testing.scenarios import Scenario, paged
from soulsync_engine.testing.simulator import (
    Answer,
    Effect,
    Exchange,
    cut_body,
    cut_connection,
    delay,
    empty,
    html_page,
    huge,
    refuse,
    repeat,
    reset,
    status,
)
from soulsync_jellyfin.simulator import EMBY_4_9, JELLYFIN_10_11, Personality

both = pytest.mark.parametrize("personality", [JELLYFIN_10_11, EMBY_4_9], ids=lambda each: each.name)


def wrong_type() -> Effect:
    return lambda exchange: Answer(body=b'{"Items": {"Id": 1}, "TotalRecordCount": "many"}')


def shrunk() -> Effect:
    """The rows of a library from which everything but three rows was just deleted."""

    def effect(exchange: Exchange) -> Answer:
        return Answer(body=b'{"Items": [], "TotalRecordCount": 3}')

    return effect


FAULTS: dict[str, tuple[Effect, type[SoulSyncError]]] = {
    "refused": (refuse(), UnavailableError),
    "reset": (reset(), UnavailableError),
    "timeout": (delay(0.4), UnavailableError),
    "401": (status(401), AuthenticationError),
    "403": (status(403), NotAllowedError),
    "429": (status(429, retry_after=60), UnavailableError),
    "500": (status(500), UnavailableError),
    "503": (status(503), UnavailableError),
    "truncated": (cut_connection(), UnavailableError),
    "half a body": (cut_body(), UnavailableError),
    "HTML": (html_page(), UnavailableError),
    "empty": (empty(), UnavailableError),
    "wrong type": (wrong_type(), UnavailableError),
    "huge body": (huge(70 * 1024 * 1024, declared=True), UnavailableError),
    "shrinking": (shrunk(), IncompleteSweepError),
}


PAGES = pytest.mark.parametrize("page", [1, 2, 3], ids=["first page", "middle page", "last page"])


@both
@pytest.mark.parametrize(
    ("fault", "page"),
    # At the first page "shrinking" is a smaller library, not a shrinking one.
    [(fault, page) for fault in FAULTS for page in (1, 2, 3) if (fault, page) != ("shrinking", 1)],
)
def test_no_fault_at_any_page_ends_a_listing_in_silence(
    simulate, server_of, fault: str, page: int, personality: Personality
) -> None:
    effect, expected = FAULTS[fault]
    simulator = simulate(paged(), personality)
    server = server_of(simulator, timeout=0.2, max_concurrency=1)
    server.connect()
    simulator.forget()
    simulator.faults.at(page, effect, path="/Items")
    seen: list[str] = []
    with pytest.raises(expected):
        seen.extend(track.ref.id for track in server.iter_tracks(page_size=10))
    assert len(seen) < 21
    simulator.faults.clear()
    simulator.listen()
    assert len(list(server.iter_tracks(page_size=10))) == 21


@PAGES
@pytest.mark.parametrize("fault", [each for each in FAULTS if each != "shrinking"])
def test_no_fault_at_any_page_shortens_a_playlist(simulate, server_of, fault: str, page: int) -> None:
    effect, expected = FAULTS[fault]
    simulator = simulate(paged())
    server = server_of(simulator, timeout=0.2, max_concurrency=1)
    tracks = server.list_ids(Kind.TRACK, limit=21).items
    made = server.create_playlist("Long", tracks).playlist

    def walk(limit: int) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            read = server.list_playlist_entries(made.ref.id, cursor=cursor, limit=limit)
            found.extend(entry.track_ref.id for entry in read.items)
            cursor = read.next_cursor
            if cursor is None:
                return found

    simulator.forget()
    simulator.faults.at(page, effect, path="/Playlists/*/Items")
    with pytest.raises(expected):
        walk(8)
    simulator.faults.clear()
    simulator.listen()
    assert walk(8) == list(tracks)


def test_an_answer_that_is_too_large_is_asked_for_in_halves(simulate, server_of) -> None:
    simulator = simulate(Scenario(name="none", tracks=()), checked=False)
    simulator.state.catalogue.generate(tracks=300, albums=20, artists=5)

    def large(exchange: Exchange) -> Answer:
        wanted = int(dict(exchange.request.query).get("limit", "0"))
        return huge(70 * 1024 * 1024, declared=True)(exchange) if wanted > 300 else exchange.produce()

    server = server_of(simulator, max_concurrency=1)
    server.connect()
    simulator.faults.always(large, path="/Items")
    assert len({track.ref.id for track in server.iter_tracks()}) == 300


@both
@pytest.mark.parametrize("page", [2, 3])
def test_a_page_sent_twice_is_noticed(simulate, server_of, personality: Personality, page: int) -> None:
    simulator = simulate(paged(), personality)
    server = server_of(simulator, max_concurrency=1)
    server.connect()
    simulator.forget()
    simulator.faults.at(page, repeat(), path="/Items")
    with pytest.raises(IncompleteSweepError):
        list(server.iter_tracks(page_size=7))


def test_a_fault_that_passes_is_survived(simulate, server_of) -> None:
    simulator = simulate(paged())
    server = server_of(simulator, retries=2)
    for number, fault in ((2, status(503)), (4, reset()), (6, status(429, retry_after=0))):
        simulator.faults.at(number, fault)
    assert len(list(server.iter_tracks(page_size=10))) == 21


def test_pages_that_are_too_much_are_halved_and_nothing_is_lost(simulate, server_of) -> None:
    simulator = simulate(Scenario(name="none", tracks=()), checked=False)
    simulator.state.catalogue.generate(tracks=700, albums=20, artists=5)

    def slow_when_large(exchange: Exchange) -> Answer:
        if int(exchange.request.value("limit") or dict(exchange.request.query).get("limit", "0")) > 200:
            time.sleep(0.5)
        return exchange.produce()

    server = server_of(simulator, timeout=0.25, max_concurrency=1)
    server.connect()
    simulator.forget()
    simulator.faults.always(slow_when_large, path="/Items")
    assert len({track.ref.id for track in server.iter_tracks()}) == 700
    asked = [int(dict(request.query)["limit"]) for request in simulator.requests if request.path == "/Items"]
    assert asked[:3] == [1000, 500, 250]
    assert all(size <= 125 for size in asked[3:])


def test_a_server_that_cannot_even_send_small_pages_fails_the_listing(simulate, server_of) -> None:
    simulator = simulate(paged())
    server = server_of(simulator, timeout=0.15, max_concurrency=1)
    server.connect()
    simulator.faults.always(delay(0.4), path="/Items")
    with pytest.raises(UnavailableError):
        list(server.iter_tracks())
