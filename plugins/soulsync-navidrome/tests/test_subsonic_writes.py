"""What is written is read back: playlists, ratings, plays, scans; and media without secrets in addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from soulsync_engine.capabilities import Grade
from soulsync_engine.errors import (
    ConflictError,
    NotAllowedError,
    UnavailableError,
    UnsupportedError,
)
from soulsync_engine.models import (
    FieldOutcome,
    HistoryLevel,
    Kind,
    MediaBytes,
    ScanPhase,
    Scope,
)
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import COVER, shared, small
from soulsync_engine.testing.simulator import Effect, SimulatedRequest, status
from soulsync_navidrome.simulator import (
    LISTENER,
    NAVIDROME,
    OLD_NAVIDROME,
    STRICT_OPENSUBSONIC,
    SUBSONIC_1_12,
    NavidromeSimulator,
    Personality,
)
from soulsync_navidrome.simulator.effects import Content, altered

Open = Callable[..., MediaServer]
THEN = datetime(2024, 5, 1, 12, tzinfo=UTC)
ANY = [NAVIDROME, OLD_NAVIDROME, SUBSONIC_1_12, STRICT_OPENSUBSONIC]
any_server = pytest.mark.parametrize("how", ANY, ids=["navidrome", "old", "plain", "strict"])


def ids_of(server: MediaServer) -> list[str]:
    return [track.ref.id for track in server.iter_tracks()]


@pytest.mark.parametrize("how", [NAVIDROME, SUBSONIC_1_12], ids=["navidrome", "plain"])
def test_thousands_of_entries_are_stored_in_order_and_travel_in_bodies(
    open_server: Open, how: Personality
) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        tracks = ids_of(server)
        wanted = [tracks[index * 7 % len(tracks)] for index in range(4100)]
        result = server.create_playlist("Long", wanted)
        assert result.exact
        changed = list(reversed(wanted))
        server.replace_entries(result.playlist.ref.id, changed)
        stored = [entry.track_ref.id for entry in server.iter_playlist_entries(result.playlist)]
        assert stored == changed
        for request in simulator.requests:
            assert sum(len(name) + len(value) for name, value in request.query) < 4000
            songs = [
                name for name, _ in request.form if name in ("songId", "songIdToAdd", "songIndexToRemove")
            ]
            assert len(songs) <= 2000
        bodies = [len(request.body) for request in simulator.requests if request.method == "POST"]
        assert max(bodies) > 8000, "which no address could hold"


def test_entries_are_removed_from_the_last_place_on(open_server: Open) -> None:
    # The simulator removes one index after the other, so that any other order takes the wrong ones.
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        a, b, c, d, *_ = ids_of(server)
        playlist = server.create_playlist("P", [a, b, a, c, a, d]).playlist
        entries = list(server.iter_playlist_entries(playlist))
        server.remove_entries(playlist.ref.id, [entries[place].entry_id for place in (0, 2, 4)])
        assert [entry.track_ref.id for entry in server.iter_playlist_entries(playlist)] == [b, c, d]


def test_a_place_that_somebody_else_changed_is_a_conflict_and_nothing_is_removed(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        a, b, c, *_ = ids_of(server)
        playlist = server.create_playlist("P", [a, b, c]).playlist
        entry = list(server.iter_playlist_entries(playlist))[1]
        simulator.state.playlists[playlist.ref.id].songs = [b, a, c]
        with pytest.raises(ConflictError):
            server.remove_entries(playlist.ref.id, [entry.entry_id])
        assert simulator.state.playlists[playlist.ref.id].songs == [b, a, c]


def test_playlists_of_others_and_smart_ones_can_only_be_read(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        owner = open_server(simulator.settings(LISTENER))
        foreign = owner.create_playlist("Theirs", ids_of(owner)[:2], public=True).playlist
        server = open_server(simulator.settings())
        mine = server.create_playlist("Smart", ids_of(server)[:2]).playlist
        simulator.state.playlists[mine.ref.id].smart = True
        simulator.forget()
        for playlist in (foreign, mine):
            shown = {entry.ref: entry for entry in server.iter_playlists()}[playlist.ref]
            assert shown.read_only is not None
            for write in (
                lambda ref=playlist.ref: server.replace_entries(ref.id, []),
                lambda ref=playlist.ref: server.add_entries(ref.id, ["x"]),
                lambda ref=playlist.ref: server.edit_playlist(ref.id, name="Mine"),
                lambda ref=playlist.ref: server.delete_playlist(ref.id),
            ):
                with pytest.raises(NotAllowedError):
                    write()
        written = ("createPlaylist", "updatePlaylist", "deletePlaylist")
        assert not any(name in request.path for request in simulator.requests for name in written)


def test_a_new_playlist_is_private_unless_asked_otherwise(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        assert server.create_playlist("A", []).playlist.public is False
        assert server.create_playlist("B", [], public=True).playlist.public is True


def test_a_cover_goes_through_the_native_api_and_nothing_else_of_the_playlist_changes(
    open_server: Open,
) -> None:
    picture = MediaBytes(data=COVER, mime_type="image/png")
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        before = server.create_playlist("Cover", ids_of(server)[:3], description="kept").playlist
        assert server.set_playlist_image(before.ref.id, picture).outcome is FieldOutcome.APPLIED
        assert simulator.state.playlists[before.ref.id].image == COVER
        assert server.image(Kind.PLAYLIST, before.ref.id) == picture
        after = {entry.ref: entry for entry in server.iter_playlists()}[before.ref]
        assert (after.name, after.description, after.track_count) == ("Cover", "kept", 3)
        simulator.forget()
        assert server.set_playlist_image(before.ref.id, picture).outcome is FieldOutcome.UNCHANGED
        assert not any(request.path.endswith("/image") for request in simulator.requests)


def test_a_cover_that_is_accepted_and_not_shown_is_not_reported_as_stored(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        playlist = server.create_playlist("Cover", ids_of(server)[:1]).playlist
        for effect in (status(200), status(403), status(500)):
            simulator.faults.clear()
            simulator.faults.always(effect, path="/api/playlist/*/image")
            result = server.set_playlist_image(playlist.ref.id, MediaBytes(data=COVER, mime_type="image/png"))
            assert result.outcome is FieldOutcome.FAILED
            assert result.reason
        odd = MediaBytes(data=b"BM", mime_type="image/bmp")
        assert server.set_playlist_image(playlist.ref.id, odd).outcome is FieldOutcome.UNSUPPORTED


@pytest.mark.parametrize("how", [OLD_NAVIDROME, SUBSONIC_1_12, STRICT_OPENSUBSONIC])
def test_without_the_native_api_covers_are_refused_without_a_request(
    open_server: Open, how: Personality
) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        server = open_server({**simulator.settings(), "native_api": False}, "subsonic")
        server.connect()
        simulator.forget()
        with pytest.raises(UnsupportedError, match="own API"):
            server.set_playlist_image("1", MediaBytes(data=COVER, mime_type="image/png"))
        assert simulator.requests == ()


def test_a_playlist_that_was_half_made_is_told_with_what_is_missing(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        tracks = ids_of(server)
        wanted = [tracks[place % 17] for place in range(2003)]
        simulator.faults.always(status(500), path="/rest/updatePlaylist.view")
        with pytest.raises(UnavailableError) as caught:
            server.create_playlist("Half", wanted)
        (made,) = simulator.state.playlists.values()
        assert made.songs == wanted[:2000]
        assert made.id in caught.value.message
        assert ", ".join(wanted[2000:]) in caught.value.message


def test_a_playlist_that_was_half_overwritten_is_told_with_what_is_missing(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        tracks = ids_of(server)
        made = server.create_playlist("Half", [tracks[place % 17] for place in range(2003)]).playlist.ref.id
        wanted = [tracks[place % 17] for place in range(2003, 0, -1)]
        simulator.faults.always(status(500), path="/rest/updatePlaylist.view")
        with pytest.raises(UnavailableError) as caught:
            server.replace_entries(made, wanted)
        assert made in caught.value.message
        assert ", ".join(wanted[2000:]) in caught.value.message


def test_a_half_made_playlist_that_cannot_be_read_either_is_still_named(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        tracks = ids_of(server)
        for method in ("updatePlaylist", "getPlaylist"):
            simulator.faults.always(status(500), path=f"/rest/{method}.view")
        with pytest.raises(UnavailableError, match="cannot be read") as caught:
            server.create_playlist("Half", [tracks[place % 17] for place in range(2003)])
        (made,) = simulator.state.playlists
        assert made in caught.value.message


def test_a_playlist_that_cannot_be_read_is_reported_among_the_others(open_server: Open) -> None:
    def nameless(request: SimulatedRequest, playlists: list[Content]) -> list[Content]:
        return [{"name": "no id"}, *playlists]

    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        server.create_playlist("A", ids_of(server)[:1])
        simulator.faults.always(altered("playlists.playlist", nameless), path="/rest/getPlaylists.view")
        page = server.list_playlists()
        assert [playlist.name for playlist in page.items] == ["A"]
        assert [problem.reason for problem in page.problems] == ["it has no id"]
        assert page.total == 2


def test_ratings_that_are_accepted_and_not_stored_are_not_reported_as_stored(open_server: Open) -> None:
    with NavidromeSimulator(replace(NAVIDROME, ratings_stored=False), scenario=small()) as simulator:
        server = open_server(simulator.settings())
        with pytest.raises(UnsupportedError, match="does not keep"):
            server.set_rating(Kind.TRACK, ids_of(server)[0], 80)


def test_every_play_is_an_event_where_the_native_api_keeps_them(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        first, second, *_ = ids_of(server)
        for hour, track_id in enumerate((first, second, first)):
            server.report_play(track_id, THEN + timedelta(hours=hour))
        page = server.list_play_events()
        assert page.level is HistoryLevel.EVENTS
        assert [(event.track.id, event.played_at) for event in page.items if event.track] == [
            (first, THEN + timedelta(hours=2)),
            (second, THEN + timedelta(hours=1)),
            (first, THEN),
        ]
        off = open_server({**simulator.settings(), "native_api": False})
        last = off.list_play_events()
        assert last.level is HistoryLevel.LAST_PLAY
        assert [event.track.id for event in last.items if event.track] == [first, second]
        assert off.get_track_play_counts() == {first: 2, second: 1}


@pytest.mark.parametrize("effect", [status(404), status(200, body=b"{}", content_type="application/json")])
def test_a_native_api_from_before_plays_were_kept_is_used_for_everything_else(
    open_server: Open, effect: Effect
) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        simulator.faults.always(effect, path="/api/scrobble")
        server = open_server(simulator.settings())
        first, *_ = ids_of(server)
        server.report_play(first, THEN)
        page = server.list_play_events()
        assert page.level is HistoryLevel.LAST_PLAY
        assert [event.track.id for event in page.items if event.track] == [first]
        simulator.forget()
        server.list_play_events()
        assert not any(request.path == "/api/scrobble" for request in simulator.requests), "known by now"
        assert len(list(server.iter_tracks())) == 17
        assert any(request.path == "/api/song" for request in simulator.requests)


def test_single_plays_that_stop_in_the_middle_are_an_error_and_never_go_on_as_last_plays(
    open_server: Open,
) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        for hour, track_id in enumerate(ids_of(server)[:6]):
            server.report_play(track_id, THEN + timedelta(hours=hour))
        first = server.list_play_events(limit=4)
        assert first.next_cursor is not None
        assert len(server.list_play_events(cursor=first.next_cursor, limit=4).items) == 2
        simulator.faults.always(status(404), path="/api/scrobble")
        with pytest.raises(UnavailableError, match="what was played"):
            server.list_play_events(cursor=first.next_cursor, limit=4)


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_play_counts_come_in_pages_of_any_size_and_odd_tracks_are_told(open_server: Open, limit: int) -> None:
    def one_is_odd(request: SimulatedRequest, songs: list[Content]) -> list[Content]:
        return [{**song, "isrc": {"no": "list"}} if song["id"] == odd else song for song in songs]

    with NavidromeSimulator(replace(NAVIDROME, native=False), tracks=60) as simulator:
        odd, *others = simulator.catalogue.songs
        for number, song_id in enumerate(others):
            if number % 3 == 0:
                simulator.state.opinion("admin", "song", song_id).plays = number + 1
        simulator.faults.always(altered("searchResult3.song", one_is_odd), path="/rest/search3.view")
        server = open_server(simulator.settings())
        counts: dict[str, int] = {}
        told: list[str | None] = []
        cursor: str | None = None
        while True:
            page = server.list_play_counts(cursor=cursor, limit=limit)
            assert len(page.items) <= limit
            counts |= {count.track.id: count.count for count in page.items}
            told += [problem.id for problem in page.problems]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert counts == {song_id: number + 1 for number, song_id in enumerate(others) if number % 3 == 0}
        assert told == [odd]


def test_last_plays_are_complete_beyond_any_first_hundred_albums(open_server: Open) -> None:
    with NavidromeSimulator(replace(NAVIDROME, native=False), tracks=3000) as simulator:
        for number, song_id in enumerate(simulator.catalogue.songs):
            if number % 10 == 0:
                opinion = simulator.state.opinion("admin", "song", song_id)
                opinion.plays, opinion.played = 1, THEN + timedelta(minutes=number)
        server = open_server(simulator.settings())
        history = server.get_play_history(limit=1000)
        assert len(history) == 300
        assert [event.played_at for event in history] == sorted(
            (event.played_at for event in history), reverse=True
        )
        assert len(server.get_track_play_counts()) == 300


def test_a_scan_looks_only_where_it_is_told_to_on_servers_that_can(open_server: Open) -> None:
    with NavidromeSimulator(scenario=shared()) as simulator:
        server = open_server(simulator.settings())
        assert server.trigger_scan(Scope(libraries=("2",)), ["Both Sides"]).phase is ScanPhase.RUNNING
        assert server.trigger_scan(Scope(libraries=("1",))).phase is ScanPhase.RUNNING
        server.trigger_scan()
        assert simulator.state.scans == [("2:Both Sides",), ("1:",), ()]


def test_a_scan_of_nothing_is_none_and_a_place_that_cannot_be_named_is_its_whole_library(
    open_server: Open,
) -> None:
    with NavidromeSimulator(scenario=shared()) as simulator:
        server = open_server(simulator.settings())
        assert server.trigger_scan(Scope(libraries=())).phase is ScanPhase.IDLE
        assert server.trigger_scan(Scope(libraries=()), ["Both Sides"]).phase is ScanPhase.IDLE
        server.trigger_scan(Scope(libraries=("2",)), ["/music/Other/Both Sides"])
        assert simulator.state.scans == [("2:",)]


@pytest.mark.parametrize("how", [OLD_NAVIDROME, STRICT_OPENSUBSONIC, SUBSONIC_1_12])
def test_a_server_that_cannot_look_at_one_place_looks_everywhere(open_server: Open, how: Personality) -> None:
    # The simulator refuses a target where the real server knows of none.
    with NavidromeSimulator(how, scenario=shared()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        assert server.trigger_scan(Scope(libraries=("2",)), ["Both Sides"]).phase is ScanPhase.RUNNING
        assert simulator.state.scans == [()]


def test_no_token_repeats_while_the_server_scans(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        at_rest = server.change_token()
        assert server.change_token() == at_rest
        simulator.state.scan_polls_left = 100
        assert server.change_token() != server.change_token()


@pytest.mark.parametrize("how", [SUBSONIC_1_12, STRICT_OPENSUBSONIC], ids=["plain", "strict"])
def test_without_the_time_of_the_last_scan_no_token_is_offered(open_server: Open, how: Personality) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        server.connect()
        assert server.capabilities()["change_token"].grade is Grade.VERSIONED


@any_server
def test_metadata_and_pictures_are_refused_with_the_reason(open_server: Open, how: Personality) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        artist = server.get_all_artists()[0]
        simulator.forget()
        for call in (
            lambda: server.update_artist_genres(artist, ["Jazz"]),
            lambda: server.update_artist_biography(replace(artist, biography="b")),
            lambda: server.update_artist_poster(artist, COVER),
        ):
            with pytest.raises(UnsupportedError) as caught:
                call()
            assert caught.value.support.grade is Grade.SERVER_CANNOT
        assert simulator.requests == ()
