"""Servers that are slow, overloaded, gone, or odd: what is asked again and how, what is bounded, what is reported."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock

import pytest

from soulsync_engine.errors import IncompleteSweepError, NotFoundError, SoulSyncError, UnavailableError
from soulsync_engine.models import Kind
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import small
from soulsync_engine.testing.simulator import (
    Answer,
    Effect,
    Exchange,
    SimulatedRequest,
    huge,
    status,
)
from soulsync_navidrome.simulator import (
    NAVIDROME,
    PASSWORD,
    STRICT_OPENSUBSONIC,
    EmptySearch,
    NavidromeSimulator,
    Personality,
)
from soulsync_navidrome.simulator.effects import Content, altered, parameter

Open = Callable[..., MediaServer]
SEARCH = replace(NAVIDROME, native=False)
SONGS = "/rest/search3.view"


def songs_wanted(request: SimulatedRequest) -> int:
    """How many songs a search asks for."""
    return int(parameter(request, "songCount") or 0)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_pause_that_the_server_asks_for_is_kept_by_all_threads(open_server: Open, form: str) -> None:
    arrivals: list[float] = []
    refusals: list[float] = []
    lock = Lock()

    def busy_once(exchange: Exchange) -> Answer:
        with lock:
            arrivals.append(time.monotonic())
            first = len(arrivals) == 3
            if first:
                refusals.append(arrivals[-1])
        # A date has no fractions, so that two seconds from now are between one and two.
        after = 1 if form == "seconds" else datetime.now(UTC) + timedelta(seconds=2)
        return status(429, retry_after=after)(exchange) if first else exchange.produce()

    with NavidromeSimulator(SEARCH, tracks=2000) as simulator:
        server = open_server(simulator.settings())
        server.connect()
        simulator.faults.always(busy_once, path=SONGS)
        assert len({track.ref for track in server.iter_tracks(page_size=100)}) == 2000
    # Those under way when the refusal came have arrived at once; nobody else asks before the second is over.
    early = [moment for moment in arrivals if refusals[0] < moment < refusals[0] + 0.9]
    assert all(moment - refusals[0] < 0.3 for moment in early)
    assert len(early) <= 4
    assert len(arrivals) >= 20


@pytest.mark.parametrize(
    "after", [3600, 10**7, datetime(2099, 1, 1, tzinfo=UTC)], ids=["hour", "seconds", "date"]
)
def test_a_pause_that_is_too_long_is_an_error_that_tells_it_in_bounds(
    open_server: Open, after: int | datetime
) -> None:
    with NavidromeSimulator(SEARCH, tracks=300) as simulator:
        server = open_server({**simulator.settings(), "max_concurrency": 1})
        server.connect()
        simulator.forget()
        simulator.faults.always(status(429, retry_after=after), path=SONGS)
        began = time.monotonic()
        with pytest.raises(UnavailableError) as caught:
            list(server.iter_tracks())
        assert time.monotonic() - began < 5
        assert caught.value.retry_after == (3600 if after == 3600 else 86_400)
        assert sum(request.path == SONGS for request in simulator.requests) == 1


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "streamed"])
@pytest.mark.parametrize("how", [NAVIDROME, SEARCH], ids=["native", "search"])
def test_a_gigabyte_is_not_read(open_server: Open, how: Personality, declared: bool) -> None:
    with NavidromeSimulator(how, tracks=40) as simulator:
        server = open_server({**simulator.settings(), "max_concurrency": 1})
        server.connect()
        path = "/api/song" if how.native else SONGS
        simulator.faults.at(2, huge(1 << 30, declared=declared), path=path)
        simulator.faults.at(3, huge(1 << 30, declared=declared), path=path)
        with pytest.raises(UnavailableError, match="larger than 64 MiB"):
            list(server.iter_tracks())


def test_a_server_that_went_down_is_unavailable_and_comes_back(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        assert len(list(server.iter_tracks())) == 17
        simulator.refuse()
        with pytest.raises(UnavailableError):
            server.list_libraries()
        simulator.listen()
        assert len(list(server.iter_tracks())) == 17


def slow_when_large(exchange: Exchange) -> Answer:
    if songs_wanted(exchange.request) > 500:
        time.sleep(1.6)
    return exchange.produce()


def huge_when_large(exchange: Exchange) -> Answer:
    large = songs_wanted(exchange.request) > 300
    return huge(1 << 30, declared=True)(exchange) if large else exchange.produce()


def refused_when_large(exchange: Exchange) -> Answer:
    large = songs_wanted(exchange.request) > 500
    return status(413)(exchange) if large else exchange.produce()


@pytest.mark.parametrize("effect", [slow_when_large, huge_when_large, refused_when_large])
def test_pages_that_are_too_much_for_the_server_are_asked_for_in_smaller_ones(
    open_server: Open, effect: Effect
) -> None:
    with NavidromeSimulator(SEARCH, tracks=1200) as simulator:
        server = open_server({**simulator.settings(), "timeout": 0.8, "max_concurrency": 1})
        server.connect()
        simulator.faults.always(effect, path=SONGS)
        assert len({track.ref for track in server.iter_tracks()}) == 1200
        sizes = [songs_wanted(request) for request in simulator.requests if request.path == SONGS]
        assert max(sizes) == 1000
        # Having learned it once, it does not try again with each page.
        assert sum(size > 500 for size in sizes) <= 2


def test_a_strict_server_whose_search_brings_everything_is_searched_in_the_pages_it_takes(
    open_server: Open,
) -> None:
    how = replace(STRICT_OPENSUBSONIC, empty_search=EmptySearch.EVERYTHING)
    with NavidromeSimulator(how, tracks=1300) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        server.connect()
        simulator.forget()
        assert len({track.ref for track in server.iter_tracks()}) == 1300
        sizes = [songs_wanted(request) for request in simulator.requests if request.path == SONGS]
        # The last of them asks for one more than there should be.
        assert [size for size in sizes if size > 2] == [1000, 500, 500, 301]
        assert len(simulator.requests) < 20


def test_one_odd_song_is_reported_and_the_others_are_read(open_server: Open) -> None:
    def one_is_odd(request: SimulatedRequest, songs: list[Content]) -> list[Content]:
        return [{**song, "artists": {"not": "a list"}} if song["title"] == "Dawn" else song for song in songs]

    with NavidromeSimulator(SEARCH, scenario=small()) as simulator:
        dawn = next(song.id for song in simulator.catalogue.songs.values() if song.title == "Dawn")
        simulator.faults.always(altered("searchResult3.song", one_is_odd), path=SONGS)
        page = open_server(simulator.settings()).list_tracks()
        assert len(page.items) == 16
        assert [problem.id for problem in page.problems] == [dawn]
        assert page.total == 17


@pytest.mark.parametrize("walk", [False, True], ids=["listed", "walked"])
def test_an_odd_album_is_reported_and_its_songs_are_not_taken_for_gone(open_server: Open, walk: bool) -> None:
    odd: list[str] = []

    def one_is_odd(request: SimulatedRequest, albums: list[Content]) -> list[Content]:
        odd[:] = odd or [str(albums[0]["id"])]
        return [{**each, "songCount": {"no": "number"}} if each["id"] == odd[0] else each for each in albums]

    with NavidromeSimulator(STRICT_OPENSUBSONIC, scenario=small()) as simulator:
        if walk:
            simulator.faults.always(status(410), path="/rest/getAlbumList2.view")
        simulator.faults.always(altered("artist.album", one_is_odd), path="/rest/getArtist.view")
        simulator.faults.always(altered("albumList2.album", one_is_odd), path="/rest/getAlbumList2.view")
        server = open_server(simulator.settings(), "subsonic")
        pages = list(server_pages(server))
        lost = len(simulator.catalogue.albums[odd[0]].songs)
        problems = [problem for page in pages for problem in page.problems]
        assert sum(len(page.items) for page in pages) == 17 - lost
        assert pages[-1].total == 17 - lost + 1
        # Without an id, so that nothing that is not here is taken for removed.
        assert [(problem.kind, problem.id) for problem in problems] == [(Kind.TRACK, None)]
        assert odd[0] in problems[0].reason


def server_pages(server: MediaServer):  # type: ignore[no-untyped-def]
    """The pages of all tracks, four at a time."""
    cursor: str | None = None
    while True:
        page = server.list_tracks(cursor=cursor, limit=4)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return


@pytest.mark.parametrize(
    ("path", "inside"), [("/rest/getAlbum.view", "album"), ("/rest/getArtist.view", "artist")]
)
def test_an_answer_about_something_else_is_not_taken_for_what_was_asked(
    open_server: Open, path: str, inside: str
) -> None:
    def another(request: SimulatedRequest, found: list[Content]) -> list[Content]:
        return [{**found[0], "id": "another"}]

    with NavidromeSimulator(STRICT_OPENSUBSONIC, scenario=small()) as simulator:
        if inside == "artist":
            simulator.faults.always(status(410), path="/rest/getAlbumList2.view")
        simulator.faults.always(altered(inside, another), path=path)
        with pytest.raises(IncompleteSweepError, match="something else"):
            list(open_server(simulator.settings(), "subsonic").iter_tracks())


@pytest.mark.parametrize(
    "item_id", ["../../etc/passwd", "a&u=root", "ü/?&#%", "x\ny", "' OR 1=1", "\x00", "💣" * 50]
)
@pytest.mark.parametrize("how", [NAVIDROME, STRICT_OPENSUBSONIC], ids=["navidrome", "strict"])
def test_ids_with_hostile_characters_name_nothing(open_server: Open, how: Personality, item_id: str) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        for kind in (Kind.TRACK, Kind.ALBUM, Kind.ARTIST):
            assert server.get_items(kind, [item_id]) == ()
        for ask in (
            lambda: server.list_playlist_entries(item_id),
            lambda: server.stream(item_id),
            lambda: server.image(Kind.ALBUM, item_id),
            lambda: server.set_rating(Kind.TRACK, item_id, 80),
            lambda: server.set_favorite(Kind.ALBUM, item_id, True),
            lambda: server.report_play(item_id, datetime(2024, 5, 1, tzinfo=UTC)),
            lambda: server.delete_playlist(item_id),
        ):
            with pytest.raises(NotFoundError):
                ask()
        written = ("setRating", "star", "scrobble", "deletePlaylist")
        assert not any(name in request.path for request in simulator.requests for name in written)


def test_the_log_holds_no_secret(open_server: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        list(server.iter_tracks())
        token = simulator.state.users["admin"].token
        simulator.faults.always(status(401), path="/api/*")
        assert len(list(server.iter_tracks())) == 17
        with pytest.raises(SoulSyncError):
            server.list_playlist_entries("no-such-playlist")
        assert caplog.records
        for secret in (token, PASSWORD, PASSWORD.encode().hex()):
            assert secret not in caplog.text
