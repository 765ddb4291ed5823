"""Single items, users and what is being played: what is not there is told from what went wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soulsync_engine.errors import NotFoundError, SoulSyncError, UnavailableError
from soulsync_engine.http import UnexpectedAnswerError
from soulsync_engine.models import Kind
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import small
from soulsync_engine.testing.simulator import Effect, SimulatedRequest, status
from soulsync_navidrome.simulator import LISTENER, NAVIDROME, SUBSONIC_1_12, NavidromeSimulator, Personality
from soulsync_navidrome.simulator.effects import Content, altered, answered, refused

Open = Callable[..., MediaServer]
METHODS = {Kind.TRACK: "getSong", Kind.ALBUM: "getAlbum", Kind.ARTIST: "getArtist"}


@pytest.mark.parametrize("kind", METHODS)
def test_a_failure_of_the_server_is_not_taken_for_an_item_that_is_gone(open_server: Open, kind: Kind) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        server.connect()
        path = f"/rest/{METHODS[kind]}.view"
        simulator.faults.always(refused(0, "database is locked"), path=path)
        with pytest.raises(UnavailableError, match="database is locked"):
            server.get_items(kind, ["1"])
        simulator.faults.clear()
        simulator.faults.always(refused(70, "data not found"), path=path)
        assert server.get_items(kind, ["1"]) == ()
        with pytest.raises(NotFoundError):
            server.set_rating(kind, "1", 80)


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        (SUBSONIC_1_12, refused(0, "badly formed hexadecimal UUID string")),
        (NAVIDROME, refused(10, "please provide an `id` parameter")),
        (NAVIDROME, status(422, body=b'{"detail": []}', content_type="application/json")),
    ],
    ids=["no envelope of OpenSubsonic", "missing", "unprocessable"],
)
def test_what_cannot_be_an_id_of_the_server_names_nothing(
    open_server: Open, how: Personality, refusal: Effect
) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        server.connect()
        simulator.faults.always(refusal, path="/rest/getSong.view")
        assert server.get_items(Kind.TRACK, ["nonsense"]) == ()


@pytest.mark.parametrize("flag", ["isDir", "isVideo"])
def test_a_folder_or_a_video_is_no_track(open_server: Open, flag: str) -> None:
    def other(request: SimulatedRequest, songs: list[Content]) -> list[Content]:
        return [{**song, flag: True} for song in songs]

    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        song = next(iter(simulator.catalogue.songs))
        simulator.faults.always(altered("song", other), path="/rest/getSong.view")
        assert server.get_items(Kind.TRACK, [song]) == ()
        with pytest.raises(NotFoundError):
            server.stream(song)


@pytest.mark.parametrize(
    ("method", "content", "ask"),
    [
        (
            "getSong",
            {"song": {"id": "1", "artists": {"no": "list"}}},
            lambda s: s.get_items(Kind.TRACK, ["1"]),
        ),
        (
            "getAlbum",
            {"album": {"id": "1", "genres": {"no": "list"}}},
            lambda s: s.get_items(Kind.ALBUM, ["1"]),
        ),
        ("getArtist", {"artist": {"id": "1", "name": {}}}, lambda s: s.get_items(Kind.ARTIST, ["1"])),
        ("getUsers", {"users": {"user": [{"adminRole": True}]}}, lambda s: s.list_users()),
        ("getNowPlaying", {"nowPlaying": {"entry": {"title": "T"}}}, lambda s: s.list_active_plays()),
        ("getPlaylist", {"playlist": {"name": "P"}}, lambda s: s.list_playlist_entries("1")),
    ],
)
def test_an_answer_that_makes_no_sense_is_the_servers_fault_and_says_what_to_do(
    open_server: Open, method: str, content: Content, ask: Callable[[MediaServer], object]
) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        simulator.faults.always(answered(content), path=f"/rest/{method}.view")
        with pytest.raises(UnexpectedAnswerError, match="answer of the server") as caught:
            ask(server)
        assert caught.value.next_step


def test_a_rating_that_is_refused_is_told_in_the_servers_words(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        simulator.faults.always(refused(0, "ratings are off"), path="/rest/setRating.view")
        with pytest.raises(SoulSyncError, match="ratings are off"):
            server.set_rating(Kind.TRACK, next(iter(simulator.catalogue.songs)), 80)


def test_users_are_all_for_admins_and_oneself_for_others(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        assert {user.name for user in open_server(simulator.settings()).list_users()} == {"admin", LISTENER}
        assert [user.name for user in open_server(simulator.settings(LISTENER)).list_users()] == [LISTENER]


def test_what_is_being_played_is_shown(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        song = next(iter(simulator.catalogue.songs.values()))
        simulator.state.now_playing[LISTENER] = song.id
        (play,) = server.list_active_plays()
        assert (play.track.id, play.title, play.user) == (song.id, song.title, LISTENER)
