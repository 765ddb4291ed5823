"""Music folders as libraries: nothing of one that was left out leaks in, whatever the server makes of the choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from soulsync_engine.errors import UnavailableError
from soulsync_engine.models import Kind, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import shared
from soulsync_navidrome.simulator import (
    NAVIDROME,
    OLD_NAVIDROME,
    STRICT_OPENSUBSONIC,
    SUBSONIC_1_12,
    NavidromeSimulator,
    Personality,
)
from soulsync_navidrome.simulator.effects import refused

Open = Callable[..., MediaServer]
FIRST = Scope(libraries=("1",))
TRACKS = ["Here One", "Here Two", "Left One", "Left Two"]
SEARCH = replace(NAVIDROME, native=False)


def names(server: MediaServer) -> tuple[list[str], list[str], list[str]]:
    """The tracks, albums and artists of the first library."""
    return (
        sorted(track.title for track in server.iter_tracks(FIRST)),
        sorted(album.title for album in server.iter_albums(FIRST)),
        sorted(artist.name for artist in server.iter_artists(FIRST)),
    )


EXPECTED = (TRACKS, ["Here", "Left"], ["Both Sides", "Only Music"])


def test_without_a_list_of_albums_a_chosen_folder_is_an_error_rather_than_a_leak(open_server: Open) -> None:
    """To walk over the artists is no way out: getArtist shows the albums of all folders."""
    with NavidromeSimulator(STRICT_OPENSUBSONIC, scenario=shared()) as simulator:
        simulator.faults.always(refused(0, "Not implemented"), path="/rest/getAlbumList2.view")
        server = open_server(simulator.settings(), "subsonic")
        assert len(list(server.iter_tracks())) == len(shared().tracks)
        simulator.forget()
        for read in (server.iter_tracks, server.iter_albums):
            with pytest.raises(UnavailableError):
                list(read(Scope(libraries=("1",))))
        assert not any("getArtist." in request.path for request in simulator.requests)


@pytest.mark.parametrize(
    "how", [NAVIDROME, OLD_NAVIDROME, SUBSONIC_1_12, STRICT_OPENSUBSONIC], ids=lambda how: str(how.product)
)
def test_two_libraries_of_three_are_read_together_and_the_third_stays_out(
    open_server: Open, how: Personality
) -> None:
    third = replace(shared().tracks[0], file="X/Y/1.mp3", title="Out", album="Outside", library="Third")
    scenario = replace(shared(), tracks=(*shared().tracks, third), libraries=(*shared().libraries, "Third"))
    with NavidromeSimulator(how, scenario=scenario) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        scope = Scope(libraries=("1", "2"))
        tracks = list(server.iter_tracks(scope))
        assert sorted(track.title for track in tracks) == sorted(
            track.title or "" for track in shared().tracks
        )
        assert {track.library_id for track in tracks} == {"1", "2"}
        assert "Outside" not in {album.title for album in server.iter_albums(scope)}
        assert len(list(server.iter_albums(scope))) == len(shared().albums)
        assert "the search ends" not in " ".join(server.connect().notes), (
            "what was not compared is not claimed"
        )
        assert {track.title for track in server.iter_tracks(Scope(libraries=("3",)))} == {"Out"}


@pytest.mark.parametrize("how", [SEARCH, SUBSONIC_1_12], ids=["rich", "plain"])
def test_a_search_that_ignores_folders_lists_none_and_searches_none(
    open_server: Open, how: Personality
) -> None:
    with NavidromeSimulator(replace(how, heedless=("search3",)), scenario=shared()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        assert names(server) == EXPECTED
        assert "a search does not heed which music folder" in " ".join(server.connect().notes)
        with pytest.raises(UnavailableError, match="searches all music folders at once"):
            server.search("o", scope=FIRST)
        assert len(server.search("One").tracks) == 4


def test_a_list_of_albums_that_ignores_folders_is_an_error_wherever_it_is_needed(open_server: Open) -> None:
    with NavidromeSimulator(replace(SEARCH, heedless=("getAlbumList2",)), scenario=shared()) as simulator:
        server = open_server(simulator.settings())
        assert len(list(server.iter_tracks())) == len(shared().tracks)
        for read in (server.iter_tracks, server.iter_albums):
            with pytest.raises(UnavailableError, match="same albums for two music folders"):
                list(read(FIRST))
        with pytest.raises(UnavailableError, match="same albums for two music folders"):
            server.list_recently_added(Kind.ALBUM, scope=FIRST)


def test_artists_of_a_server_that_ignores_folders_are_those_of_the_albums(open_server: Open) -> None:
    with NavidromeSimulator(replace(SEARCH, heedless=("getArtists",)), scenario=shared()) as simulator:
        assert names(open_server(simulator.settings())) == EXPECTED


def test_a_server_that_ignores_folders_everywhere_leaks_nothing(open_server: Open) -> None:
    how = replace(SEARCH, heedless=("getAlbumList2", "getArtists", "search3"))
    with NavidromeSimulator(how, scenario=shared()) as simulator:
        server = open_server(simulator.settings())
        for read in (server.iter_tracks, server.iter_albums, server.iter_artists):
            with pytest.raises(UnavailableError, match="same albums for two music folders"):
                list(read(FIRST))


@pytest.mark.parametrize("libraries", [("1",), ("1", "3")], ids=["one", "two"])
def test_a_native_api_that_ignores_libraries_is_done_without(
    open_server: Open, libraries: tuple[str, ...]
) -> None:
    scenario = replace(shared(), libraries=(*shared().libraries, "Third"))
    how = replace(NAVIDROME, heedless=("/api/song", "/api/album"))
    with NavidromeSimulator(how, scenario=scenario) as simulator:
        server = open_server(simulator.settings())
        scope = Scope(libraries=libraries)
        assert sorted(track.title for track in server.iter_tracks(scope)) == TRACKS
        assert sorted(album.title for album in server.iter_albums(scope)) == ["Here", "Left"]


def test_what_was_seen_to_heed_the_folder_is_not_asked_again(open_server: Open) -> None:
    with NavidromeSimulator(SEARCH, scenario=shared()) as simulator:
        server = open_server(simulator.settings())
        assert names(server) == EXPECTED
        server.search("One", scope=FIRST)
        simulator.forget()
        server.search("One", scope=FIRST)
        assert len(simulator.requests) == 2, "the folders, and the search"
