"""Which way a library is read, in how many requests, and that what it brings is the same by every way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from soulsync_engine.config import config_from_mapping
from soulsync_engine.discovery import BackendRecord
from soulsync_engine.doctor import examine_server
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.errors import IncompleteSweepError, SoulSyncError, UnavailableError, UnsupportedError
from soulsync_engine.models import Kind, Scope, Track
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import empty, odd, shared, small
from soulsync_engine.testing.simulator import Answer, Effect, Exchange, SimulatedRequest, status
from soulsync_navidrome.simulator import (
    API_KEYS,
    NAVIDROME,
    OLD_NAVIDROME,
    STRICT_OPENSUBSONIC,
    SUBSONIC_1_12,
    EmptySearch,
    NavidromeSimulator,
    Personality,
)
from soulsync_navidrome.simulator.effects import Content, altered, answered, parameter, refused

Open = Callable[..., MediaServer]
ALL = [NAVIDROME, OLD_NAVIDROME, SUBSONIC_1_12, STRICT_OPENSUBSONIC, API_KEYS]


def routes(server: MediaServer) -> str:
    """What the doctor shows about how the library was read."""
    return " ".join(server.connect().notes)


def shape(track: Track) -> tuple[object, ...]:
    """What a track is, whatever way it came."""
    return (
        *(track.title, track.artists, track.album, track.album_id, track.album_artists, track.disc),
        *(track.track_number, track.duration_ms, track.year, track.genres, track.isrcs, track.size),
        *(track.bitrate, track.codec, track.favorite, track.added, track.ref),
    )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (NAVIDROME, "Navidrome's own API"),
        (replace(NAVIDROME, native=False), "listed by search3"),
        (OLD_NAVIDROME, "listed by search3"),
        (SUBSONIC_1_12, "listed by search3"),
        (STRICT_OPENSUBSONIC, "listed by getAlbumList2 and getAlbum"),
        (API_KEYS, "listed by search3"),
    ],
    ids=["navidrome", "no-native", "old", "plain", "strict", "keys"],
)
def test_the_way_follows_from_what_the_server_shows_and_the_doctor_tells_it(
    open_server: Open, how: Personality, said: str
) -> None:
    with NavidromeSimulator(how, scenario=odd()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        assert "not listed yet" in routes(server)
        assert len(list(server.iter_tracks())) == len(odd().tracks)
        told = routes(server)
        assert said in told
        assert "requests" in told
        assert "because" in told


def test_the_doctor_shows_the_way_its_reason_and_the_true_number_of_requests(
    engines: Callable[..., MediaServerEngine], tmp_path: Path
) -> None:
    with NavidromeSimulator(replace(NAVIDROME, native=False), tracks=2500) as simulator:
        login = {"backend": "navidrome", **simulator.settings()}
        server = engines(simulator.settings()).server("home")
        server.connect()
        simulator.forget()
        assert len(list(server.iter_tracks())) == 2500
        requests = len(simulator.requests)
        config = config_from_mapping(
            {"servers": {"home": login}, "engine": {"data_dir": str(tmp_path / "data")}}
        )
        record = BackendRecord(
            name="navidrome",
            distribution="soulsync-navidrome",
            version="",
            value="soulsync_navidrome:navidrome",
        )
        told = examine_server(config, "home", records=[record], plugins=GlobalPlugins()).notes
        assert told[0].startswith(
            f"The last time 2500 tracks were listed by search3, in {requests} requests,"
        )
        assert "because an empty search ends where the scan status says, after 2500 songs" in told[0]
        assert "Navidrome's own API is not used" in told[0]


@pytest.mark.parametrize("how", [replace(NAVIDROME, native=False), OLD_NAVIDROME, SUBSONIC_1_12])
def test_a_search_that_brings_too_little_is_not_believed(open_server: Open, how: Personality) -> None:
    """As servers do that keep an index of their own, or stop at some number of hits."""

    def at_most_nine(request: SimulatedRequest, songs: list[Content]) -> list[Content]:
        return songs[: max(0, 9 - int(parameter(request, "songOffset") or 0))]

    with NavidromeSimulator(how, scenario=small()) as simulator:
        simulator.faults.always(altered("searchResult3.song", at_most_nine), path="/rest/search3.view")
        server = open_server(simulator.settings(), "subsonic")
        assert len({track.ref for track in server.iter_tracks()}) == 17
        assert "listed by getAlbumList2 and getAlbum" in routes(server)
        assert "an empty search finds 9 of 17 songs" in routes(server)


@pytest.mark.parametrize(
    "how", [SUBSONIC_1_12, replace(STRICT_OPENSUBSONIC, empty_search=EmptySearch.EVERYTHING)]
)
@pytest.mark.parametrize(
    "fault", [refused(0, "database is locked"), answered({"albumList2": {}, "artists": {}})]
)
def test_a_search_that_nothing_can_be_compared_with_is_not_believed(
    open_server: Open, how: Personality, fault: Effect
) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        for method in ("getArtists", "getAlbumList2"):
            simulator.faults.always(fault, path=f"/rest/{method}.view")
        with pytest.raises(UnavailableError, match="nothing else tells how many"):
            list(open_server(simulator.settings(), "subsonic").iter_tracks())


@pytest.mark.parametrize("walk", [False, True], ids=["listed", "walked"])
def test_songs_of_an_album_that_does_not_count_them_are_not_left_out_in_silence(
    open_server: Open, walk: bool
) -> None:
    def uncounted(request: SimulatedRequest, albums: list[Content]) -> list[Content]:
        return [
            {name: value for name, value in each.items() if each["name"] != "Pistons" or name != "songCount"}
            for each in albums
        ]

    with NavidromeSimulator(STRICT_OPENSUBSONIC, scenario=small()) as simulator:
        if walk:
            simulator.faults.always(status(410), path="/rest/getAlbumList2.view")
        simulator.faults.always(altered("artist.album", uncounted), path="/rest/getArtist.view")
        simulator.faults.always(altered("albumList2.album", uncounted), path="/rest/getAlbumList2.view")
        page = open_server(simulator.settings(), "subsonic").list_tracks()
        lost = [group for group in simulator.catalogue.albums.values() if group.name == "Pistons"]
        assert lost
        assert len(page.items) == 17 - sum(len(group.songs) for group in lost)
        assert len(page.problems) == len(lost)
        assert "does not tell how many songs it has" in page.problems[0].reason


def test_a_scan_status_that_counts_something_else_does_not_forbid_the_search(open_server: Open) -> None:
    """Some servers count files, or nothing while at rest; then the albums are the evidence."""
    wrong = answered({"scanStatus": {"scanning": False, "count": 4711}})
    with NavidromeSimulator(replace(NAVIDROME, native=False), scenario=small()) as simulator:
        simulator.faults.always(wrong, path="/rest/getScanStatus.view")
        server = open_server(simulator.settings())
        assert len({track.ref for track in server.iter_tracks()}) == 17
        assert "brings 17 songs, no fewer than the albums count" in routes(server)


@pytest.mark.parametrize("native", [True, False], ids=["native", "search"])
def test_the_state_is_told_in_three_requests_to_whoever_asks_first(open_server: Open, native: bool) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server({**simulator.settings(), "native_api": native})
        token = server.change_token()
        assert len(simulator.requests) <= 3
        assert server.change_token() == token
        simulator.change(small().without(small().tracks[:1]))
        assert server.change_token() != token


def test_the_native_api_brings_the_tracks_and_albums_that_search_brings(open_server: Open) -> None:
    with NavidromeSimulator(scenario=odd()) as simulator:
        native = open_server(simulator.settings())
        search = open_server({**simulator.settings(), "native_api": False})
        assert {shape(track) for track in native.iter_tracks()} == {
            shape(track) for track in search.iter_tracks()
        }
        ours, theirs = ({album.ref: album for album in server.iter_albums()} for server in (native, search))
        assert ours.keys() == theirs.keys()
        for ref, album in ours.items():
            assert (album.title, album.artists, album.year, album.track_count, album.duration_ms) == (
                theirs[ref].title,
                theirs[ref].artists,
                theirs[ref].year,
                theirs[ref].track_count,
                theirs[ref].duration_ms,
            )


def test_the_native_api_knows_paths_and_libraries(open_server: Open) -> None:
    with NavidromeSimulator(scenario=shared()) as simulator:
        tracks = list(open_server(simulator.settings()).iter_tracks())
        assert all(track.path and track.path.startswith("/music/") for track in tracks)
        assert {track.library_id for track in tracks} == {"1", "2"}


@pytest.mark.parametrize(
    "body",
    [b"[]", b'{"songs": []}', b'[{"id": 1}]', b'[{"id": "1", "name": "x"}]', b"<html>"],
)
def test_native_answers_of_another_shape_switch_it_off(open_server: Open, body: bytes) -> None:
    def odd_one(exchange: Exchange) -> Answer:
        return Answer(body=body, headers={"X-Total-Count": "17"})

    with NavidromeSimulator(scenario=small()) as simulator:
        simulator.faults.always(odd_one, path="/api/song")
        server = open_server(simulator.settings())
        if body == b"[]":
            # A list that stops short of its total is noticed when it is read.
            with pytest.raises(IncompleteSweepError):
                list(server.iter_tracks())
            return
        assert len(list(server.iter_tracks())) == 17
        assert "search3" in routes(server)


def test_native_totals_that_disagree_with_the_search_switch_it_off(open_server: Open) -> None:
    def more(exchange: Exchange) -> Answer:
        return replace(exchange.produce(), headers={"X-Total-Count": "18"})

    with NavidromeSimulator(scenario=small()) as simulator:
        simulator.faults.always(more, path="/api/song")
        server = open_server(simulator.settings())
        assert len(list(server.iter_tracks())) == 17
        assert "declares 18 songs" in routes(server)


@pytest.mark.parametrize("code", [401, 403, 404, 429])
def test_a_native_api_that_lets_nobody_in_is_done_without(open_server: Open, code: int) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        simulator.faults.always(status(code, retry_after=60 if code == 429 else None), path="/auth/login")
        assert len(list(open_server(simulator.settings()).iter_tracks())) == 17


def test_a_token_of_the_native_api_that_expired_is_renewed(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        list(server.iter_tracks())
        simulator.state.users["admin"].token = "another"
        assert len(list(server.iter_tracks())) == 17


@pytest.mark.parametrize("how", ALL, ids=lambda how: str(how.product))
def test_a_library_is_read_with_few_requests(open_server: Open, how: Personality) -> None:
    tracks, albums = 3000, 300
    with NavidromeSimulator(how, tracks=tracks) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        server.connect()
        simulator.forget()
        assert len({track.ref.id for track in server.iter_tracks()}) == tracks
        assert len({album.ref.id for album in server.iter_albums()}) == albums
        assert len({artist.ref.id for artist in server.iter_artists()}) == albums // 2
        budget = 320 if how is STRICT_OPENSUBSONIC else 16
        assert len(simulator.requests) <= budget


@pytest.mark.parametrize(("native", "budget"), [(False, 210), (True, 70)])
def test_a_hundred_thousand_tracks_are_within_the_budget(
    open_server: Open, native: bool, budget: int
) -> None:
    """The whole library, signing in included; counted at two sizes and carried on from there."""
    counts: list[int] = []
    for tracks in (4_000, 8_000):
        with NavidromeSimulator(tracks=tracks) as simulator:
            server = open_server({**simulator.settings(), "native_api": native, "timeout": 60.0})
            assert sum(1 for _ in server.iter_tracks()) == tracks
            assert sum(1 for _ in server.iter_albums()) == tracks // 10
            assert sum(1 for _ in server.iter_artists()) == tracks // 20
            counts.append(len(simulator.requests))
    small_library, twice_that = counts
    per_thousand = (twice_that - small_library) / 4
    assert twice_that + per_thousand * (100 - 8) <= budget


def test_nothing_changed_is_found_out_with_three_requests(
    engines: Callable[..., MediaServerEngine],
) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        engines(simulator.settings()).sync()
        simulator.forget()
        report = engines(simulator.settings()).sync()
        assert report.mode == "unchanged"
        assert len(simulator.requests) <= 3


def test_a_server_that_quietly_sends_less_than_asked_for_is_read_to_the_end(open_server: Open) -> None:
    def at_most_seven(request: SimulatedRequest, entries: list[Content]) -> list[Content]:
        return entries[:7]

    with NavidromeSimulator(replace(NAVIDROME, native=False), tracks=500) as simulator:
        simulator.faults.always(altered("searchResult3.song", at_most_seven), path="/rest/search3.view")
        simulator.faults.always(altered("albumList2.album", at_most_seven), path="/rest/getAlbumList2.view")
        server = open_server(simulator.settings())
        assert len({track.ref for track in server.iter_tracks()}) == 500
        assert len({album.ref for album in server.iter_albums()}) == 50


def test_without_a_list_of_albums_the_artists_are_walked_and_guests_count_once(open_server: Open) -> None:
    with NavidromeSimulator(STRICT_OPENSUBSONIC, scenario=odd()) as simulator:
        gone = refused(0, "Not implemented")
        simulator.faults.always(gone, path="/rest/getAlbumList2.view")
        server = open_server(simulator.settings(), "subsonic")
        tracks = list(server.iter_tracks())
        assert len(tracks) == len(odd().tracks)
        assert len({track.ref for track in tracks}) == len(tracks)
        assert "getArtists, getArtist and getAlbum" in routes(server)
        albums = list(server.iter_albums())
        assert len({album.ref for album in albums}) == len(albums) == len(simulator.catalogue.albums)


@pytest.mark.parametrize("how", ALL, ids=lambda how: str(how.product))
@pytest.mark.parametrize("kind", [Kind.ARTIST, Kind.ALBUM, Kind.TRACK])
def test_an_empty_library_is_proven_by_other_evidence(
    open_server: Open, how: Personality, kind: Kind
) -> None:
    with NavidromeSimulator(how, scenario=empty()) as simulator:
        page = open_server(simulator.settings(), "subsonic").list_ids(kind)
        assert page.items == ()
        assert page.empty_proof is not None
        assert "'Music' is there" in page.empty_proof


def test_nothing_shown_while_scanning_proves_nothing(open_server: Open) -> None:
    with NavidromeSimulator(scenario=empty()) as simulator:
        server = open_server({**simulator.settings(), "native_api": False})
        server.connect()
        simulator.state.scan_polls_left = 50
        with pytest.raises(UnavailableError, match="scanning"):
            server.list_tracks()


def test_a_listing_that_is_empty_against_all_evidence_is_an_error(open_server: Open) -> None:
    nothing = answered({"artists": {"index": []}})
    with NavidromeSimulator(scenario=small()) as simulator:
        simulator.faults.always(nothing, path="/rest/getArtists.view")
        server = open_server(simulator.settings())
        with pytest.raises(UnavailableError, match=r"counted 17 songs|shows albums"):
            server.list_artists()


@pytest.mark.parametrize("how", [SUBSONIC_1_12, STRICT_OPENSUBSONIC], ids=["plain", "strict"])
@pytest.mark.parametrize("scope", [Scope(), Scope(libraries=("1",))], ids=["everything", "one library"])
def test_questions_that_are_all_refused_prove_nothing(
    open_server: Open, how: Personality, scope: Scope
) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        for method in ("getArtists", "getAlbumList2", "search3"):
            simulator.faults.always(refused(0, "database is locked"), path=f"/rest/{method}.view")
        server = open_server(simulator.settings(), "subsonic")
        with pytest.raises(UnavailableError, match="nothing proves that there is none"):
            server.list_tracks(scope=scope)


def test_an_error_for_an_empty_library_is_believed_only_with_evidence(open_server: Open) -> None:
    gone = refused(70, "Library not found or empty")
    for scenario, proven in ((empty(), True), (small(), False)):
        with NavidromeSimulator(scenario=scenario) as simulator:
            simulator.faults.always(gone, path="/rest/getArtists.view")
            server = open_server(simulator.settings())
            if proven:
                assert server.list_artists().empty_proof is not None
            else:
                with pytest.raises(SoulSyncError):
                    server.list_artists()


def test_recently_added_is_offered_for_albums_alone(open_server: Open) -> None:
    with NavidromeSimulator(scenario=shared()) as simulator:
        server = open_server(simulator.settings())
        assert len(server.list_recently_added(Kind.ALBUM, scope=Scope(libraries=("1",))).items) == 2
        with pytest.raises(UnsupportedError):
            server.list_recently_added(Kind.TRACK)
