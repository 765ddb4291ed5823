"""Faults at any page of a listing: none ends it in silence, and none takes anything with it."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable

import pytest

from soulsync_engine.errors import (
    AuthenticationError,
    IncompleteSweepError,
    NotAllowedError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.models import EVERYTHING, Kind, Page, PlaylistEntry
from soulsync_engine.testing.scenarios import Scenario, ScenarioTrack, paged
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
from soulsync_jellyfin.client import JellyfinClient
from soulsync_jellyfin.simulator import EMBY_4_9, JELLYFIN_10_11, Personality
from soulsync_jellyfin.simulator.rendering import Played

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
    "timeout": (delay(0.8), UnavailableError),
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


TIMEOUTS = {"timeout": 0.4}
"""Seconds. Where nothing is to be late, a busy machine shall not make it so."""

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
    server = server_of(simulator, timeout=TIMEOUTS.get(fault, 10), max_concurrency=1)
    server.connect()
    simulator.forget()
    simulator.faults.at(page, effect, path="/Items")
    seen: list[str] = []
    with pytest.raises(expected) as caught:
        seen.extend(track.ref.id for track in server.iter_tracks(page_size=10))
    assert len(seen) < 21
    assert caught.value.next_step
    assert simulator.state.accounts.api_key not in f"{caught.value!s} {caught.value.__cause__!r}"
    simulator.faults.clear()
    simulator.listen()
    assert len(list(server.iter_tracks(page_size=10))) == 21


@PAGES
@pytest.mark.parametrize("fault", [each for each in FAULTS if each != "shrinking"])
def test_no_fault_at_any_page_shortens_a_playlist(simulate, server_of, fault: str, page: int) -> None:
    effect, expected = FAULTS[fault]
    simulator = simulate(paged())
    server = server_of(simulator, timeout=TIMEOUTS.get(fault, 10), max_concurrency=1)
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


def two_libraries(word: str = "") -> Scenario:
    """Twelve tracks, albums and artists in each of two libraries."""
    return Scenario(
        name="two",
        libraries=("First", "Second"),
        tracks=tuple(
            ScenarioTrack(
                file=f"{library} {number}.flac",
                title=f"Track {number}{word}",
                artists=(f"{library} artist {number}",),
                album=f"{library} album {number}",
                album_artists=(f"{library} artist {number}",),
                library=library,
            )
            for library in ("First", "Second")
            for number in range(12)
        ),
    )


Fetch = Callable[[str | None], Page[object]]

LISTINGS: dict[str, Callable[[JellyfinClient, str], Fetch]] = {
    "artists": lambda client, token: lambda at: client.list_artists(EVERYTHING, at, 5),
    "albums": lambda client, token: lambda at: client.list_albums(EVERYTHING, at, 5),
    "ids": lambda client, token: lambda at: client.list_ids(Kind.TRACK, EVERYTHING, at, 5),
    "newest": lambda client, token: lambda at: client.list_recently_added(Kind.ALBUM, EVERYTHING, at, 5),
    "counts": lambda client, token: lambda at: client.list_play_counts(EVERYTHING, at, 5),
    "plays": lambda client, token: lambda at: client.list_play_events(EVERYTHING, None, at, 5),
    "changed": lambda client, token: lambda at: client.list_changed(Kind.TRACK, EVERYTHING, token, at, 5),
    "playlists": lambda client, token: lambda at: client.list_playlists(at, 5),
}


def ends_early(exchange: Exchange) -> Answer:
    """No rows, although there are some, in a page that is otherwise as asked."""
    start = dict(exchange.request.query).get("startIndex", "0")
    return Answer(body=b'{"Items": [], "TotalRecordCount": 12, "StartIndex": %d}' % int(start))


def no_listing(exchange: Exchange) -> Answer:
    return Answer(body=b"{}")


@both
@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (status(500), UnavailableError),
        (no_listing, UnavailableError),
        (ends_early, IncompleteSweepError),
        (repeat(), IncompleteSweepError),
    ],
    ids=["500", "no listing", "ends early", "repeated page"],
)
def test_no_listing_of_any_kind_ends_in_silence(
    simulate,
    client_of,
    listing: str,
    fault: Effect,
    expected: type[SoulSyncError],
    personality: Personality,
    request: pytest.FixtureRequest,
) -> None:
    """Without anything that counts along: what a client hands out is all there is, or an error."""
    repeated = "repeated" in request.node.callspec.id
    if repeated and listing in ("newest", "plays"):
        pytest.skip(
            "a listing sorted by time over several libraries is read from the beginning for every page"
        )
    if repeated and listing == "artists" and personality.emby:
        pytest.skip("Emby does not say where a page begins, and an artist may begin one of each library")
    simulator = simulate(two_libraries(), personality)
    client = client_of(simulator)
    token = client.change_token(EVERYTHING)
    simulator.change(two_libraries(", again"))
    user = simulator.state.accounts.named("anna")
    for key, item in simulator.state.catalogue.items.items():
        if item.type == "Audio":
            simulator.state.played[user.id, key] = Played(count=1, played=True, last=simulator.state.now())
    if listing == "playlists":
        for number in range(24):
            client.create_playlist(f"Playlist {number}", (), None, False)
    fetch = LISTINGS[listing](client, token)
    path = "/Artists/AlbumArtists" if listing == "artists" else "/Items"
    whole = walked(fetch)
    assert len(whole) == 24
    noticed = 0
    for page in (1, 2, 3):
        simulator.forget()
        simulator.faults.at(page, fault, path=path)
        try:
            # One request of the three may be for the total of the second library alone, without any rows.
            assert walked(fetch) == whole
        except expected:
            noticed += 1
        simulator.faults.clear()
    assert noticed >= (1 if repeated else 2)


def walked(fetch: Fetch) -> list[object]:
    page = fetch(None)
    found = list(page.items)
    while page.next_cursor is not None:
        page = fetch(page.next_cursor)
        found.extend(page.items)
    return found


@both
def test_a_page_of_a_playlist_that_is_sent_twice_is_noticed(
    simulate, client_of, personality: Personality
) -> None:
    simulator = simulate(paged(), personality)
    client = client_of(simulator)
    tracks = tuple(track.ref.id for track in client.list_tracks(EVERYTHING, None, 50).items)
    # A track that begins two pages is no page that was sent twice.
    wanted = (*tracks[:5], *tracks[:5], *tracks[5:]) if personality.keeps_duplicates else tracks
    made = client.create_playlist("Long", wanted, None, False)

    def fetch(cursor: str | None) -> Page[PlaylistEntry]:
        return client.list_playlist_entries(made.ref.id, cursor, 5)

    assert [entry.track_ref.id for entry in walked(fetch)] == list(wanted)
    simulator.forget()
    simulator.faults.at(3, repeat(), path="/Playlists/*/Items")
    with pytest.raises(IncompleteSweepError):
        walked(fetch)


def test_an_odd_entry_of_a_playlist_moves_no_other(simulate, client_of) -> None:
    simulator = simulate(paged(), checked=False)
    client = client_of(simulator)
    tracks = tuple(track.ref.id for track in client.list_tracks(EVERYTHING, None, 8).items)
    made = client.create_playlist("Odd", tracks, None, False)

    def spoilt(exchange: Exchange) -> Answer:
        answer = exchange.produce()
        body = answer.body if isinstance(answer.body, bytes) else b""
        return Answer(body=body.replace(b'"IndexNumber":', b'"IndexNumber":"A","Was":', 1))

    simulator.faults.always(spoilt, path="/Playlists/*/Items")
    page = client.list_playlist_entries(made.ref.id, None, 100)
    assert [(entry.position, entry.track_ref.id) for entry in page.items] == list(enumerate(tracks))[1:]
    assert [problem.id for problem in page.problems] == [tracks[0]]


def test_plays_without_a_date_fill_as_many_pages_as_they_like(simulate, client_of) -> None:
    """An item that was only marked as played has no date, and on some servers no count."""
    simulator = simulate(Scenario(name="none", tracks=()), checked=False)
    simulator.state.catalogue.generate(tracks=300, albums=20, artists=5)
    client, user = client_of(simulator), simulator.state.accounts.named("anna")
    for key, item in simulator.state.catalogue.items.items():
        if item.type == "Audio":
            simulator.state.played[user.id, key] = Played(played=True)
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 250)
    try:
        assert walked(lambda at: client.list_play_events(EVERYTHING, None, at, 1)) == []
        assert walked(lambda at: client.list_play_counts(EVERYTHING, at, 1)) == []
    finally:
        sys.setrecursionlimit(usual)


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
