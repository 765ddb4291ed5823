"""plexapi itself, unmodified, against the simulator: if it is content, the simulator is a Plex server to clients."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from plexapi.library import MusicSection
from plexapi.playlist import Playlist
from plexapi.server import PlexServer

from soulsync_engine.testing.scenarios import COVER, odd, small
from soulsync_plex.simulator import MACHINE_ID, OLD, PERSONALITIES, Personality, PlexSimulator


@pytest.fixture
def judged(plex: PlexSimulator) -> PlexServer:
    return PlexServer(plex.base_url, plex.token)


def all_music(server: PlexServer) -> list[MusicSection]:
    return [
        section
        for section in server.library.sections()
        if section.type == "artist" and "audnexus" not in section.agent
    ]


def music(server: PlexServer) -> MusicSection:
    return all_music(server)[0]


def test_it_connects(judged: PlexServer) -> None:
    assert (judged.machineIdentifier, judged.friendlyName) == (MACHINE_ID, "Simulated")
    assert judged.identity().claimed is True
    assert [section.title for section in judged.library.sections()] == ["Films", "Music"]


def test_a_wrong_token_and_a_wrong_key_are_told(plex: PlexSimulator, judged: PlexServer) -> None:
    with pytest.raises(Unauthorized):
        PlexServer(plex.base_url, "wrong")
    with pytest.raises(NotFound):
        judged.fetchItem(999_999)


@pytest.mark.parametrize("personality", PERSONALITIES, ids=lambda personality: personality.name)
def test_it_lists_what_the_scenario_holds(
    running: Callable[..., PlexSimulator], personality: Personality
) -> None:
    simulator = running(small(), personality=personality)
    sections = all_music(PlexServer(simulator.base_url, simulator.token))
    artists = [artist.title for section in sections for artist in section.all()]
    assert sorted(artists) == sorted(small().artists)
    albums = [album.title for section in sections for album in section.albums()]
    assert sorted(albums) == sorted(album.title for album in small().albums)
    tracks = [track.title for section in sections for track in section.searchTracks(container_size=5)]
    assert sorted(tracks) == sorted(track.title or "" for track in small().tracks)


def test_it_walks_from_artists_to_tracks(judged: PlexServer) -> None:
    artist = music(judged).get("Amber Foxes")
    assert [album.title for album in artist.albums()] == ["First Light", "Second Wind"]
    assert [track.title for track in artist.album("First Light").tracks()] == [
        "Dawn",
        "Dew",
        "Larks",
        "Window",
    ]
    assert len(artist.tracks()) == 7
    track = artist.album("First Light").track("Dew")
    assert (track.artist().title, track.album().year, track.trackNumber) == ("Amber Foxes", 1998, 2)
    assert track.media[0].parts[0].file.endswith("02 Dew.flac")
    assert track.guids[0].id.startswith("mbid://")


def test_it_searches_with_filters_and_sorts(judged: PlexServer) -> None:
    section = music(judged)
    assert [album.title for album in section.searchAlbums(filters={"year>>": 2001}, sort="year:desc")] == [
        "Neap",
        "Valves",
        "Pistons",
    ]
    assert [track.title for track in section.searchTracks(title="ow", sort="titleSort:desc")] == [
        "Window",
        "Power",
        "Downhill",
    ]
    assert [album.title for album in section.searchAlbums(genre="Rock", sort="titleSort")] == [
        "Pistons",
        "Valves",
    ]
    assert [artist.title for artist in section.searchArtists(filters={"artist.title": "Tidal Kites"})] == [
        "Tidal Kites"
    ]
    assert {track.title for track in judged.search("Dawn", mediatype="track")} == {"Dawn"}
    assert section.recentlyAddedAlbums(maxresults=2)
    with pytest.raises(NotFound, match="Unknown filter field"):
        section.searchTracks(filters={"nonsense": 1})


def test_a_filter_the_server_does_not_have_is_refused(plex: PlexSimulator, judged: PlexServer) -> None:
    with pytest.raises(BadRequest):
        judged.query("/library/sections/2/all?type=10&colour=red")
    assert "unknown parameters: colour" in plex.refusals.pop()


def test_it_edits_and_locks(judged: PlexServer) -> None:
    album = music(judged).get("Amber Foxes").album("First Light")
    album.batchEdits().editTitle("First Lights").editSortTitle("Lights").addGenre("Dawn Folk").saveEdits()
    album.reload()
    assert (album.title, album.titleSort) == ("First Lights", "Lights")
    assert [genre.tag for genre in album.genres] == ["Folk", "Dawn Folk"]
    assert album.isLocked("title")
    album.removeGenre("Folk").reload()
    assert [genre.tag for genre in album.genres] == ["Dawn Folk"]
    track = album.tracks()[0].editTrackArtist("A Guest").reload()
    assert track.originalTitle == "A Guest"


def test_it_rates_and_plays(judged: PlexServer) -> None:
    track = music(judged).searchTracks(title="Dawn")[0]
    track.rate(8.5)
    track.markPlayed()
    track.markPlayed()
    track.reload()
    assert (track.userRating, track.viewCount) == (8.5, 2)
    assert [event.title for event in judged.history()] == ["Dawn", "Dawn"]
    assert judged.history()[0].accountID == 1
    assert [account.name for account in judged.systemAccounts()] == ["", "ada"]
    track.rate(None)
    track.markUnplayed()
    track.reload()
    assert (track.userRating, track.viewCount) == (None, 0)


def test_it_uploads_posters(judged: PlexServer) -> None:
    album = music(judged).get("Tidal Kites").album("Neap")
    assert album.thumb is None
    album.uploadPoster(filepath=BytesIO(COVER)).reload()
    assert album.thumb is not None
    assert [poster.selected for poster in album.posters()] == [True]


def test_it_makes_and_changes_playlists(judged: PlexServer) -> None:
    tracks = music(judged).searchTracks(title="a")[:4]
    playlist = Playlist.create(judged, "Judged", items=tracks[:2])
    playlist.addItems(tracks[2:])
    playlist.reload()
    assert [item.title for item in playlist.items()] == [track.title for track in tracks]
    playlist.moveItem(tracks[3], after=None).removeItems(tracks[0]).reload()
    assert [item.title for item in playlist.items()] == [tracks[n].title for n in (3, 1, 2)]
    playlist.editTitle("Renamed").editSummary("said").reload()
    assert (judged.playlist("Renamed").summary, playlist.leafCount) == ("said", 3)
    playlist.uploadPoster(filepath=BytesIO(COVER))
    playlist.delete()
    assert judged.playlists() == []


def test_it_scans_and_sees_it(judged: PlexServer) -> None:
    section = music(judged)
    section.update()
    assert [activity.type for activity in judged.activities] == ["library.update.section"]
    assert judged.activities
    assert judged.activities == []
    assert judged.sessions() == []


def test_difficult_titles_survive_xml(running: Callable[..., PlexSimulator]) -> None:
    simulator = running(odd(), personality=OLD)
    titles = {track.title for track in music(PlexServer(simulator.base_url, simulator.token)).searchTracks()}
    assert {track.title for track in odd().tracks if track.title} <= titles
