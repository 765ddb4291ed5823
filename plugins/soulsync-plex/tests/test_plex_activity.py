"""Plays, counts, ratings, what is being played, pictures and sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from soulsync_engine.errors import NotFoundError, UnsupportedError
from soulsync_engine.models import ByteRange, HistoryLevel, Kind, MediaRequest, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.audio import TEMPLATES, AudioFormat
from soulsync_engine.testing.scenarios import COVER, small
from soulsync_engine.testing.scenarios import shared as two_libraries
from soulsync_plex.simulator import CURRENT, PlexSimulator

Connect = Callable[..., MediaServer]

NOW = datetime.now(UTC)


def track_called(server: MediaServer, title: str) -> str:
    return next(track.ref.id for track in server.iter_tracks() if track.title == title)


def test_history_is_real_plays_of_all_accounts_in_utc(
    plex: PlexSimulator, server: MediaServer, connect: Connect
) -> None:
    plex.add_account("ben", "token-of-ben")
    guest = connect(plex, token="token-of-ben")
    dawn, dew = track_called(server, "Dawn"), track_called(server, "Dew")
    for player, track in ((server, dawn), (guest, dew), (server, dawn)):
        player.report_play(track, NOW)
    page = server.list_play_events()
    assert page.level is HistoryLevel.EVENTS
    assert [(event.title, event.user) for event in page.items] == [
        ("Dawn", "ada"),
        ("Dew", "ben"),
        ("Dawn", "ada"),
    ]
    assert page.items[0].artist == "Amber Foxes"
    assert page.items[0].album == "First Light"
    assert all(event.played_at.tzinfo is UTC for event in page.items)
    for user in ("ben", "2"):
        assert [event.title for event in server.list_play_events(Scope(user=user)).items] == ["Dew"]
    with pytest.raises(NotFoundError):
        server.list_play_events(Scope(user="nobody"))
    assert [event.title for event in guest.list_play_events().items] == ["Dew"]


def test_a_play_tells_what_it_was_heard_on_at_one_request_for_all_devices(
    plex: PlexSimulator, server: MediaServer, connect: Connect
) -> None:
    server.report_play(track_called(server, "Dawn"), NOW)
    plex.state.devices = {number: f"Radio {number}" for number in range(1, 400)}
    for number, title in enumerate(("Dew", "Larks", "Dawn", "Dew"), start=2):
        server.report_play(track_called(server, title), NOW)
        plex.state.plays[-1].device = number
    plex.state.plays[-1].device = 9999
    plex.forget()
    plays = list(server.list_play_events(limit=2).items)
    plays += server.list_play_events(cursor="2", limit=100).items
    assert [event.client for event in plays] == [None, "Radio 4", "Radio 3", "Radio 2", "Radio 1"]
    assert [request.path for request in plex.requests].count("/devices") == 1
    assert [request.path for request in plex.requests].count("/accounts") == 1
    plex.state.devices[9998] = "A new radio"
    plex.state.plays[-1].device = 9998
    assert server.list_play_events(limit=1).items[0].client == "A new radio"
    plex.forget()
    server.list_play_events(limit=3)
    assert [request.path for request in plex.requests] == ["/status/sessions/history/all"]


def test_who_does_not_own_the_server_learns_of_plays_without_names(
    plex: PlexSimulator, connect: Connect
) -> None:
    plex.add_account("ben", "token-of-ben")
    guest = connect(plex, token="token-of-ben")
    guest.report_play(track_called(guest, "Dew"), NOW)
    plex.forget()
    for _ in range(2):
        (event,) = guest.list_play_events().items
        assert (event.title, event.user, event.client) == ("Dew", "2", None)
    assert [request.path for request in plex.requests].count("/devices") == 1


@pytest.mark.parametrize("ignores", [(), ("viewedAt",)], ids=["filters", "ignores the filter"])
def test_only_what_is_newer_is_listed(
    running: Callable[..., PlexSimulator], connect: Connect, ignores: tuple[str, ...]
) -> None:
    server = connect(running(small(), personality=replace(CURRENT, ignores=ignores)))
    for title in ("Dawn", "Dew", "Larks"):
        server.report_play(track_called(server, title), NOW)
    newest, middle, _ = server.list_play_events().items
    later = server.list_play_events(since=middle.played_at).items
    assert [event.title for event in later] == [newest.title] == ["Larks"]
    assert server.list_play_events(since=newest.played_at).items == ()


def test_plays_of_what_is_gone_stay_without_a_reference(plex: PlexSimulator, server: MediaServer) -> None:
    server.report_play(track_called(server, "Dawn"), NOW)
    plex.change(small().without([small().tracks[0]]))
    (event,) = server.list_play_events().items
    assert (event.track, event.title, event.album) == (None, "Dawn", "First Light")


def test_a_play_that_cannot_be_read_is_told_and_leaves_the_others(
    plex: PlexSimulator, server: MediaServer
) -> None:
    for title in ("Dawn", "Dew", "Larks"):
        server.report_play(track_called(server, title), NOW)
    plex.state.plays[1].row["title"] = ["a list"]
    page = server.list_play_events()
    assert [event.title for event in page.items] == ["Larks", "Dawn"]
    assert ["title" in problem.reason for problem in page.problems] == [True]


def test_history_keeps_to_its_library_also_over_several(
    running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    simulator = running(two_libraries())
    server = connect(simulator)
    for title in ("There One", "Here One", "There Two"):
        server.report_play(track_called(server, title), NOW)
    music, other = (library.id for library in server.list_libraries())
    assert [event.title for event in server.get_play_history()] == ["There Two", "Here One", "There One"]
    assert [event.title for event in server.list_play_events(Scope(libraries=(music,))).items] == ["Here One"]
    one_by_one = []
    cursor: str | None = None
    while True:
        page = server.list_play_events(Scope(libraries=(other, music)), cursor=cursor, limit=1)
        one_by_one += [event.title for event in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert one_by_one == ["There Two", "Here One", "There One"]


@pytest.mark.parametrize("ignores", [(), ("viewCount",)], ids=["filters", "ignores the filter"])
def test_counts_ask_for_played_tracks_alone(
    running: Callable[..., PlexSimulator], connect: Connect, ignores: tuple[str, ...]
) -> None:
    plex = running(small(), personality=replace(CURRENT, ignores=ignores))
    server = connect(plex)
    dawn, dew = track_called(server, "Dawn"), track_called(server, "Dew")
    for track in (dawn, dew, dawn):
        server.report_play(track, NOW)
    plex.forget()
    assert server.get_track_play_counts() == {dawn: 2, dew: 1}
    (asked,) = [request for request in plex.requests if request.path.endswith("/all")]
    assert ("track.viewCount>>", "0") in asked.query


def test_the_server_stamps_a_play_with_its_own_time_and_the_answer_says_so(server: MediaServer) -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    data = server.report_play(track_called(server, "Dawn"), long_ago)
    assert data.play_count == 1
    assert data.last_played is not None
    assert data.last_played - long_ago > timedelta(days=5000)


@pytest.mark.parametrize("rating", [0, 5, 50, 85, 99, 100])
def test_ratings_lose_nothing(server: MediaServer, rating: int) -> None:
    album = next(server.iter_albums()).ref.id
    assert server.set_rating(Kind.ALBUM, album, rating).rating == rating
    assert server.set_rating(Kind.ALBUM, album, None).rating is None


def test_favourites_are_refused_with_the_reason(plex: PlexSimulator, server: MediaServer) -> None:
    server.connect()
    plex.forget()
    with pytest.raises(UnsupportedError, match="ratings"):
        server.set_favorite(Kind.TRACK, "1", True)
    assert plex.requests == ()


def test_what_is_being_played_is_listed_without_films(plex: PlexSimulator, server: MediaServer) -> None:
    dawn = track_called(server, "Dawn")
    plex.state.sessions = [
        {
            **plex.state.catalogue.find(dawn)[1],
            "viewOffset": 1234,
            "User": {"id": "1", "title": "ada"},
            "Player": {"title": "Kitchen", "state": "paused"},
        },
        {"ratingKey": "7", "type": "movie", "title": "A Film"},
    ]
    (play,) = server.list_active_plays()
    assert (play.track.id, play.title, play.user, play.client) == (dawn, "Dawn", "ada", "Kitchen")
    assert (play.position_ms, play.paused) == (1234, True)


def fetch(media: object) -> httpx.Response:
    assert isinstance(media, MediaRequest)
    assert "simulated-plex-token" not in f"{media.url} {media!r}"
    return httpx.get(media.url, headers=dict(media.headers))


def test_pictures_are_requests_that_work(server: MediaServer) -> None:
    album = next(album.ref.id for album in server.iter_albums() if album.title == "First Light")
    assert fetch(server.image(Kind.ALBUM, album)).content == COVER
    scaled = server.image(Kind.ALBUM, album, 200)
    assert fetch(scaled).content == COVER
    assert "width=200" in scaled.url
    assert fetch(server.image(Kind.TRACK, track_called(server, "Dawn"))).content == COVER
    playlist = server.create_playlist("Pictured", []).playlist
    assert fetch(server.image(Kind.PLAYLIST, playlist.ref.id)).status_code == 200
    artist = next(server.iter_artists()).ref.id
    with pytest.raises(NotFoundError, match="no picture"):
        server.image(Kind.ARTIST, artist)


def test_sound_is_a_request_that_works_whole_in_part_and_transcoded(server: MediaServer) -> None:
    dew = track_called(server, "Dew")
    whole = TEMPLATES[AudioFormat.FLAC].data()
    media = server.stream(dew)
    assert (fetch(media).content, media.mime_type) == (whole, "audio/flac")
    part = fetch(server.stream(dew, ByteRange(start=5, end=14)))
    assert (part.status_code, part.content) == (206, whole[5:15])
    assert fetch(server.stream(dew, ByteRange(start=len(whole) - 7))).content == whole[-7:]
    assert fetch(server.stream(dew, max_bitrate=128)).content == TEMPLATES[AudioFormat.MP3].data()
    assert fetch(server.stream(dew, max_bitrate=2000)).content == whole
