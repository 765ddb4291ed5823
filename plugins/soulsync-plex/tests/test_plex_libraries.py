"""Which sections are read: by type and key, never by an English name, and never by accident."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from soulsync_engine.errors import NotAllowedError, NotFoundError
from soulsync_engine.models import Kind, ScanPhase, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import ScenarioTrack, shared, small
from soulsync_plex.simulator import ITALIAN, PlexSimulator

Connect = Callable[..., MediaServer]


@pytest.fixture
def italian(running: Callable[..., PlexSimulator]) -> PlexSimulator:
    return running(shared(), personality=ITALIAN)


def test_music_is_found_under_any_name_and_audiobooks_are_not_music(
    italian: PlexSimulator, connect: Connect
) -> None:
    server = connect(italian)
    assert [library.name for library in server.list_libraries()] == ["Musica", "Altra musica"]
    assert len(list(server.iter_tracks())) == len(shared().tracks)


@pytest.mark.parametrize("wanted", ["3", "Musica", "MUSICA"])
def test_a_library_is_chosen_by_key_or_title(italian: PlexSimulator, connect: Connect, wanted: str) -> None:
    server = connect(italian, libraries=[wanted])
    assert [library.id for library in server.list_libraries()] == ["3"]
    assert {track.title for track in server.iter_tracks()} == {
        track.title for track in shared().of_library("Music").tracks
    }


def test_a_chosen_key_survives_a_new_name(italian: PlexSimulator, connect: Connect) -> None:
    italian.state.catalogue.sections["3"].title = "Tutta la musica"
    assert [library.name for library in connect(italian, libraries=["3"]).list_libraries()] == [
        "Tutta la musica"
    ]


def test_audiobooks_can_be_chosen_on_purpose(italian: PlexSimulator, connect: Connect) -> None:
    assert [library.name for library in connect(italian, libraries=["Audiolibri"]).list_libraries()] == [
        "Audiolibri"
    ]


def test_a_library_that_is_not_there_is_told_with_those_that_are(
    italian: PlexSimulator, connect: Connect
) -> None:
    with pytest.raises(NotFoundError, match=r"'Music'.*'Musica' \(3\)"):
        connect(italian, libraries=["Music"]).list_tracks()


def test_nothing_of_an_unchosen_library_is_reached_by_its_key(
    italian: PlexSimulator, connect: Connect
) -> None:
    everything = connect(italian)
    other = {library.id: library for library in everything.list_libraries()}["4"]
    foreign = [track.ref.id for track in everything.iter_tracks(Scope(libraries=(other.id,)))]
    chosen = connect(italian, libraries=["3"])
    assert chosen.get_items(Kind.TRACK, foreign) == ()
    with pytest.raises(NotFoundError):
        chosen.list_tracks(Scope(libraries=(other.id,)))


def test_a_library_the_user_may_not_see_is_not_an_empty_one(italian: PlexSimulator, connect: Connect) -> None:
    italian.add_account("ben", "token-of-ben", sections=["3"])
    guest = connect(italian, token="token-of-ben")
    assert [library.id for library in guest.list_libraries()] == ["3"]
    with pytest.raises(NotFoundError, match="may not see"):
        guest.list_tracks(Scope(libraries=("4",)))
    with pytest.raises(NotFoundError, match="may not see"):
        connect(italian, token="token-of-ben", libraries=["4"]).list_albums()


def test_one_artist_in_two_libraries_is_two_artists(italian: PlexSimulator, connect: Connect) -> None:
    both = [artist for artist in connect(italian).iter_artists() if artist.name == "Both Sides"]
    assert len({artist.ref for artist in both}) == 2
    assert {artist.library_id for artist in both} == {"3", "4"}


def test_audiobooks_are_never_asked_for(italian: PlexSimulator, connect: Connect) -> None:
    server = connect(italian)
    for listing in (server.iter_artists(), server.iter_albums(), server.iter_tracks()):
        list(listing)
    server.search("a")
    server.list_recently_added(Kind.ALBUM)
    server.change_token()
    server.trigger_scan()
    server.get_track_play_counts()
    server.get_play_history()
    asked = {request.path.split("/")[3] for request in italian.requests if "/sections/" in request.path}
    searched = {request.value("sectionId") for request in italian.requests if request.path == "/hubs/search"}
    assert asked == searched == {"3", "4"}


def test_statistics_and_folders_are_those_of_all_libraries(italian: PlexSimulator, connect: Connect) -> None:
    server = connect(italian)
    italian.forget()
    totals = {kind: server.list_ids(kind, limit=1).total for kind in (Kind.ARTIST, Kind.ALBUM, Kind.TRACK)}
    # Counting transfers nothing: one row, and no row of the second library at all.
    assert len(italian.requests) == 2 + 2 * 3
    each = [
        {kind: server.list_ids(kind, scope=Scope(libraries=(key,)), limit=1).total for kind in totals}
        for key in ("3", "4")
    ]
    assert totals == {kind: (each[0][kind] or 0) + (each[1][kind] or 0) for kind in totals}
    assert totals[Kind.TRACK] == len(shared().tracks)
    roots = [path for library in server.list_libraries() for path in library.paths]
    assert roots == ["/media/Music", "/media/Other"]
    assert all(str(track.path).startswith(tuple(roots)) for track in server.iter_tracks())


def test_a_second_library_removed_while_the_first_is_read_is_not_found(
    italian: PlexSimulator, connect: Connect
) -> None:
    server = connect(italian, max_concurrency=1)
    tracks = server.iter_tracks(page_size=2)
    next(tracks)
    italian.state.catalogue.remove_section("4")
    with pytest.raises(NotFoundError, match="The library 4 is gone"):
        list(tracks)
    left = {track.title for track in server.iter_tracks()}
    assert left == {track.title for track in shared().of_library("Music").tracks}


def test_a_library_that_comes_while_others_are_read_does_not_shift_them(
    italian: PlexSimulator, connect: Connect
) -> None:
    server = connect(italian, max_concurrency=1)
    whole = [track.ref.id for track in server.iter_tracks()]
    tracks = server.iter_tracks(page_size=2)
    begun = [next(tracks).ref.id]
    catalogue = italian.state.catalogue
    new = replace(catalogue.sections["3"], key="9", title="Aaa")
    catalogue.sections = {"9": new, **catalogue.sections}
    assert [library.id for library in server.list_libraries()] == ["9", "3", "4"]
    assert begun + [track.ref.id for track in tracks] == whole
    assert len(list(server.iter_tracks())) > len(whole)


def test_the_artist_found_is_the_artist_asked_for(
    running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    songs = [
        ScenarioTrack(
            file=f"{artist}/Album/01.flac",
            title="Playground Love",
            artists=(artist,),
            album="Album",
            album_artists=(artist,),
            track_number=1,
        )
        for artist in ("Airbourne", "The Air Band", "AIR")
    ]
    server = connect(running(small().with_tracks(*songs)))
    assert len(server.search("Playground Love Air", {Kind.TRACK}).tracks) == 3
    found = server.search_tracks("Playground Love", "Air")
    assert [[credit.name for credit in track.artists] for track in found] == [["AIR"]]
    assert server.search_tracks("Playground Love", "Airb") == []


def test_a_library_removed_while_it_is_read_is_not_found(
    running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    simulator = running(small())
    pages = connect(simulator).iter_tracks(page_size=5)
    next(pages)
    simulator.state.catalogue.remove_section("2")
    with pytest.raises(NotFoundError):
        list(pages)


def test_pages_join_across_the_border_of_libraries(italian: PlexSimulator, connect: Connect) -> None:
    server = connect(italian)
    whole = [track.ref.id for track in server.iter_tracks()]
    for size in (1, 2, 3, 5):
        assert [track.ref.id for track in server.iter_tracks(page_size=size)] == whole


def test_what_is_added_while_a_listing_is_read_moves_nothing(
    plex: PlexSimulator, server: MediaServer
) -> None:
    first = server.list_tracks(limit=10)
    early = ScenarioTrack(
        file="AAA/AAA/01.mp3",
        title="AAA",
        artists=("AAA",),
        album="AAA",
        album_artists=("AAA",),
        track_number=1,
    )
    plex.change(small().with_tracks(early))
    second = server.list_tracks(cursor=first.next_cursor, limit=100)
    assert {track.title for track in (*first.items, *second.items)} == {
        "AAA",
        *(track.title for track in small().tracks),
    }


def test_scans_go_to_the_library_that_a_path_lies_in(italian: PlexSimulator, connect: Connect) -> None:
    server = connect(italian)
    server.connect()
    state = server.trigger_scan(paths=["/media/Other/Only Other"])
    assert (state.phase, state.progress) == (ScanPhase.RUNNING, 0.0)
    refreshed = [request for request in italian.requests if request.path.endswith("/refresh")]
    assert [(request.path, request.query) for request in refreshed] == [
        ("/library/sections/4/refresh", (("path", "/media/Other/Only Other"),))
    ]
    with pytest.raises(NotFoundError, match="/media/Music"):
        server.trigger_scan(paths=["/home/me/Music"])
    with pytest.raises(NotFoundError):
        server.trigger_scan(paths=["/media/Otherwise"])


def test_every_library_is_scanned_and_the_end_is_seen(italian: PlexSimulator, connect: Connect) -> None:
    server = connect(italian)
    assert server.trigger_library_scan().phase is ScanPhase.RUNNING
    refreshed = [request.path for request in italian.requests if request.path.endswith("/refresh")]
    assert refreshed == ["/library/sections/3/refresh", "/library/sections/4/refresh"]
    assert server.scan_state().phase is ScanPhase.RUNNING
    assert server.scan_state().phase is ScanPhase.IDLE


def test_who_may_not_see_activities_learns_of_a_scan_but_not_of_its_end(
    italian: PlexSimulator, connect: Connect
) -> None:
    italian.add_account("ben", "token-of-ben")
    guest = connect(italian, token="token-of-ben")
    assert guest.scan_state().phase is ScanPhase.UNKNOWN
    connect(italian).trigger_scan()
    assert guest.scan_state().phase is ScanPhase.RUNNING
    with pytest.raises(NotAllowedError):
        guest.trigger_scan()
