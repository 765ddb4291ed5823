"""Listings: requests they take, and what is in them."""

from __future__ import annotations

from itertools import islice

import pytest

from soulsync_engine.errors import (
    ConflictError,
    IncompleteSweepError,
    NotFoundError,
)
from soulsync_engine.http import UnexpectedAnswerError
from soulsync_engine.models import EVERYTHING, Kind, Scope
from soulsync_engine.testing.scenarios import Scenario, ScenarioTrack, paged, shared
from soulsync_engine.testing.simulator import (
    Answer,
    Exchange,
    repeat,
)
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_11,
    Credentials,
    Entry,
    Personality,
)

both = pytest.mark.parametrize("personality", [JELLYFIN_10_11, EMBY_4_9], ids=lambda each: each.name)


@both
def test_a_library_takes_as_many_requests_as_it_has_pages_and_five(
    simulate, server_of, personality: Personality
) -> None:
    """At 100,000 tracks, 10,000 albums and 5,000 artists that makes 121; the benchmark reads so many.

    Of the five, one each begins and ends a listing of more than one page, the artists being on one here.
    """
    simulator = simulate(Scenario(name="none", tracks=()), personality, checked=False)
    simulator.state.catalogue.generate(tracks=5_500, albums=1_200, artists=600)
    server = server_of(simulator)
    server.connect()
    simulator.forget()
    assert sum(1 for _ in server.iter_tracks()) == 5_500
    assert sum(1 for _ in server.iter_albums()) == 1_200
    assert sum(1 for _ in server.iter_artists()) == 600
    assert len(simulator.requests) == (6 + 2 + 1) + 5
    totals = [
        request for request in simulator.requests if ("enableTotalRecordCount", "true") in request.query
    ]
    assert len(totals) == 3


def test_only_what_a_model_holds_is_asked_for(simulate, server_of) -> None:
    simulator = simulate()
    list(server_of(simulator).iter_tracks())
    request = next(request for request in simulator.requests if request.path == "/Items")
    assert dict(request.query)["fields"] == "Path,Genres,ProviderIds,MediaSources,DateCreated"
    assert dict(request.query)["sortBy"] == "DateCreated,SortName"
    assert dict(request.query)["enableImages"] == "false"


def test_the_order_asked_for_is_one_that_stays(simulate) -> None:
    """Sorted by artist, pages of a real server repeat rows and skip others; the simulated one does too."""
    import httpx

    simulator = simulate(paged())
    params: dict[str, str | int] = {
        "ApiKey": simulator.state.accounts.api_key,
        "recursive": "true",
        "includeItemTypes": "Audio",
        "limit": 5,
    }

    def ids(order: str) -> list[str]:
        found: list[str] = []
        for start in range(0, 21, 5):
            answer = httpx.get(
                f"{simulator.base_url}/Items", params={**params, "sortBy": order, "startIndex": start}
            )
            found.extend(row["Id"] for row in answer.json()["Items"])
        return found

    assert len(set(ids("DateCreated,SortName"))) == 21
    assert len(set(ids("Artist"))) < 21


def album(
    artist: str, title: str, tracks: int, *, discs: int = 1, library: str = "Music"
) -> tuple[ScenarioTrack, ...]:
    return tuple(
        ScenarioTrack(
            file=f"{artist}/{title}/CD{disc}/{number:03}.flac",
            title=f"{title} {disc}-{number:03}",
            artists=(artist,),
            album=title,
            album_artists=(artist,),
            disc=disc,
            track_number=number,
            library=library,
        )
        for disc in range(1, discs + 1)
        for number in range(1, tracks + 1)
    )


def test_long_albums_disc_folders_and_prolific_artists_are_whole(simulate, server_of) -> None:
    tracks = (
        *album("Long", "Opus", 150),
        *album("Boxed", "Set", 40, discs=3),
        *(track for number in range(250) for track in album("Prolific", f"No {number:03}", 1)),
    )
    server = server_of(simulate(Scenario(name="long", tracks=tracks)))
    listed = list(server.iter_tracks())
    assert len(listed) == 150 + 120 + 250
    assert sum(track.album == "Opus" for track in listed) == 150
    assert {track.disc for track in listed if track.album == "Set"} == {1, 2, 3}
    by_artist = [each for each in server.iter_albums() if each.artists[0].name == "Prolific"]
    assert len(by_artist) == 250


def test_tracks_without_album_and_albums_without_artist_are_there(simulate, server_of) -> None:
    loose = ScenarioTrack(file="loose/song.mp3", title="Loose", artists=("Somebody",))
    orphan = ScenarioTrack(file="x/y.mp3", title="On It", artists=("Guest",), album="Nobody's")
    server = server_of(simulate(Scenario(name="loose", tracks=(loose, orphan))))
    tracks = {track.title: track for track in server.iter_tracks()}
    assert (tracks["Loose"].album, tracks["Loose"].album_id) == (None, None)
    albums = list(server.iter_albums())
    assert [(each.title, each.artists) for each in albums] == [("Nobody's", ())]
    assert tracks["On It"].album_id == albums[0].ref.id


def test_guests_on_a_track_are_no_album_artists(simulate, server_of) -> None:
    from dataclasses import replace

    host, *rest = album("Host", "Evening", 3)
    server = server_of(
        simulate(Scenario(name="guests", tracks=(replace(host, artists=("Host", "Guest")), *rest)))
    )
    assert [artist.name for artist in server.iter_artists()] == ["Host"]
    credits = next(track for track in server.iter_tracks() if track.track_number == 1).artists
    assert [credit.name for credit in credits] == ["Host", "Guest"]
    # The guest is an artist of the server all the same, and its id leads to it.
    assert [item.ref.id for item in server.get_items(Kind.ARTIST, [credits[1].id or ""])] == [credits[1].id]


class TestLibraries:
    def test_what_is_no_music_library_is_neither_listed_nor_read(self, simulate, server_of) -> None:
        simulator = simulate(shared())
        catalogue = simulator.state.catalogue
        catalogue.libraries[catalogue.add_library("Other").id].collection_type = "musicvideos"
        server = server_of(simulator)
        assert [library.name for library in server.list_libraries()] == ["Music"]
        assert {track.title for track in server.iter_tracks()} == {
            "Left One",
            "Left Two",
            "Here One",
            "Here Two",
        }

    @both
    def test_folders_are_told_to_administrators(self, simulate, server_of, personality: Personality) -> None:
        simulator = simulate(personality=personality)
        assert server_of(simulator).list_libraries()[0].paths == ("/media/Music",)
        assert server_of(simulator, Credentials.USER_TOKEN).list_libraries()[0].paths == ()

    @both
    def test_a_library_that_vanished_is_not_found_and_never_everything(
        self, simulate, server_of, personality: Personality
    ) -> None:
        """A real server takes an unknown library for the root and lists all there is."""
        simulator = simulate(shared(), personality)
        server = server_of(simulator, max_concurrency=1)
        scope = Scope(libraries=(server.list_libraries()[1].id,))
        assert len(list(server.iter_tracks(scope))) == 5
        simulator.state.catalogue.libraries.pop(scope.libraries[0])
        for kind in (Kind.ARTIST, Kind.ALBUM, Kind.TRACK):
            with pytest.raises(NotFoundError):
                server.list_ids(kind, scope=scope)
        with pytest.raises(NotFoundError):
            server.search("There", scope=scope)

    def test_a_library_that_vanishes_while_it_is_read_is_noticed(self, simulate, server_of) -> None:
        simulator = simulate(shared())
        server = server_of(simulator, max_concurrency=1)
        scope = Scope(libraries=(server.list_libraries()[1].id,))
        tracks = server.iter_tracks(scope, page_size=2)
        next(tracks)
        simulator.state.catalogue.libraries.pop(scope.libraries[0])
        with pytest.raises((NotFoundError, IncompleteSweepError)):
            list(tracks)

    def test_several_libraries_are_one_listing_at_any_page_size(self, simulate, server_of) -> None:
        tracks = (
            *album("A", "One", 7),
            *album("B", "Two", 5, library="Second"),
            *album("A", "Three", 4, library="Third"),
        )
        libraries = ("Music", "Second", "Third")
        server = server_of(simulate(Scenario(name="three", tracks=tracks, libraries=libraries)))
        whole = [track.ref.id for track in server.iter_tracks()]
        assert len(set(whole)) == 16
        for size in (1, 2, 3, 7, 8, 100):
            assert [track.ref.id for track in server.iter_tracks(page_size=size)] == whole
            # Artist A is in two libraries and one artist.
            assert [artist.name for artist in server.iter_artists(page_size=size)] == ["A", "B"]
            assert len(set(server.iter_albums(page_size=size))) == 3

    def test_a_total_is_that_of_all_libraries(self, simulate, server_of) -> None:
        server = server_of(simulate(shared()))
        assert server.list_tracks(limit=3).total == 9

    def test_an_empty_library_between_others_is_passed_over(self, simulate, server_of) -> None:
        tracks = (*album("A", "One", 3), *album("B", "Two", 3, library="Third"))
        scenario = Scenario(name="gap", tracks=tracks, libraries=("Music", "Second", "Third"))
        server = server_of(simulate(scenario))
        assert len(list(server.iter_tracks(page_size=2))) == 6


@both
def test_pages_may_be_asked_for_by_a_new_client(simulate, server_of, personality: Personality) -> None:
    simulator = simulate(paged(), personality)
    first = server_of(simulator).list_tracks(limit=10)
    rest = server_of(simulator).list_tracks(cursor=first.next_cursor, limit=100)
    assert rest.total == 21
    assert rest.next_cursor is None
    assert len({track.ref.id for track in (*first.items, *rest.items)}) == 21


def test_a_foreign_cursor_is_a_conflict(simulate, server_of) -> None:
    with pytest.raises(ConflictError):
        server_of(simulate()).list_tracks(cursor="page two")


def test_an_odd_row_is_a_problem_and_takes_no_other_with_it(simulate, client_of) -> None:
    simulator = simulate()

    def spoilt(exchange: Exchange) -> Answer:
        answer = exchange.produce()
        body = answer.body if isinstance(answer.body, bytes) else b""
        return Answer(
            body=body.replace(b'"IndexNumber":1', b'"IndexNumber":"A1"', 1), content_type=answer.content_type
        )

    simulator.faults.always(spoilt, path="/Items")
    page = client_of(simulator).list_tracks(EVERYTHING, None, 100)
    assert (len(page.items), len(page.problems), page.total) == (16, 1, 17)
    assert page.problems[0].id not in {track.ref.id for track in page.items}
    assert page.problems[0].id in simulator.state.catalogue.items


def test_items_by_id_come_in_batches_that_fit_an_address(simulate, server_of) -> None:
    simulator = simulate(Scenario(name="none", tracks=()), checked=False)
    simulator.state.catalogue.generate(tracks=600, albums=20, artists=5)
    server = server_of(simulator)
    ids = [track.ref.id for track in server.iter_tracks()]
    simulator.forget()
    assert [item.ref.id for item in server.get_items(Kind.TRACK, ids)] == ids
    asked = [request for request in simulator.requests if request.path == "/Items"]
    assert 3 <= len(asked) <= 5
    dashed = f"{ids[0][:8]}-{ids[0][8:12]}-{ids[0][12:16]}-{ids[0][16:20]}-{ids[0][20:]}".upper()
    assert [item.ref.id for item in server.get_items(Kind.TRACK, [dashed])] == ids[:1]
    assert server.get_items(Kind.ALBUM, ids[:3]) == ()


def test_a_listing_that_grows_while_it_is_read_is_not_whole(simulate, server_of) -> None:
    simulator = simulate(paged())
    server = server_of(simulator, max_concurrency=1)
    tracks = server.iter_tracks(page_size=5)
    assert len(list(islice(tracks, 7))) == 7
    catalogue = simulator.state.catalogue
    library = next(iter(catalogue.libraries))
    new = Entry(id=catalogue.ids.of("new"), type="Audio", name="New", library=library)
    catalogue.put(new, now=simulator.state.now())
    with pytest.raises(IncompleteSweepError, match="sent more"):
        list(tracks)
    assert len(list(server.iter_tracks(page_size=5))) == 22


@pytest.mark.parametrize("page_size", [1, 5, 10])
def test_a_first_total_that_is_too_small_does_not_end_a_listing(simulate, server_of, page_size: int) -> None:
    simulator = simulate(paged())
    server = server_of(simulator, max_concurrency=1)
    server.connect()
    simulator.forget()

    def smaller(exchange: Exchange) -> Answer:
        plain = exchange.produce()
        body = plain.body if isinstance(plain.body, bytes) else b""
        return Answer(body=body.replace(b'"TotalRecordCount":21', b'"TotalRecordCount":20'))

    simulator.faults.at(1, smaller, path="/Items")
    with pytest.raises(IncompleteSweepError, match="declared 20 rows"):
        list(server.iter_tracks(page_size=page_size))


@pytest.mark.parametrize("total", [20, 7])
def test_a_total_that_ends_with_the_first_page_is_checked(simulate, server_of, total: int) -> None:
    simulator = simulate(paged())
    server = server_of(simulator, max_concurrency=1)
    server.connect()
    simulator.forget()

    def smaller(exchange: Exchange) -> Answer:
        plain = exchange.produce()
        body = plain.body if isinstance(plain.body, bytes) else b""
        return Answer(body=body.replace(b'"TotalRecordCount":21', f'"TotalRecordCount":{total}'.encode()))

    simulator.faults.at(1, smaller, path="/Items")
    with pytest.raises(IncompleteSweepError, match=f"declared {total} rows"):
        list(server.iter_tracks(page_size=total))


@pytest.mark.parametrize("of", [Kind.TRACK, Kind.ALBUM])
def test_a_page_of_another_kind_is_no_page(simulate, server_of, of: Kind) -> None:
    simulator = simulate(paged())
    server = server_of(simulator, max_concurrency=1)
    other = server.list_albums if of is Kind.TRACK else server.list_tracks
    other(limit=10)
    simulator.faults.always(repeat(), path="/Items")
    with pytest.raises(UnexpectedAnswerError, match=f"asked for {of}s"):
        server.list_ids(of, limit=10)
    with pytest.raises(UnexpectedAnswerError, match=f"asked for {of}s"):
        list(server.iter_tracks(page_size=10) if of is Kind.TRACK else server.iter_albums(page_size=10))


def test_searches_stay_in_their_library_and_interleave(simulate, server_of) -> None:
    server = server_of(simulate(shared()))
    music, other = (library.id for library in server.list_libraries())
    found = server.search("one", {Kind.TRACK}, limit=3).tracks
    assert [track.library_id for track in found] == [music, other, music]
    assert len({track.ref for track in found}) == 3
    assert all("One" in track.title for track in found)
    within = server.search("one", {Kind.TRACK}, scope=Scope(libraries=(other,)), limit=50).tracks
    assert {track.library_id for track in within} == {other}
    assert {track.title for track in within} == {
        track.title for track in server.iter_tracks(Scope(libraries=(other,))) if "One" in track.title
    }
