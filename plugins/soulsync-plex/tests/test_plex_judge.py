"""plexapi itself, unmodified, against the simulator: if it is content, the simulator is a Plex server to clients."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from plexapi.library import MusicSection
from plexapi.myplex import MyPlexAccount, MyPlexPinLogin
from plexapi.playlist import Playlist
from plexapi.server import PlexServer
from requests.adapters import HTTPAdapter

from soulsync_engine.testing.scenarios import COVER, odd, small
from soulsync_plex.simulator import (
    MACHINE_ID,
    OLD,
    PERSONALITIES,
    ListedServer,
    ListedUser,
    Personality,
    PlexSimulator,
    PlexTvSimulator,
    Way,
)


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


def test_it_finds_single_tracks_as_it_does_on_real_servers(judged: PlexServer) -> None:
    artist = music(judged).get("Amber Foxes")
    album = artist.album("First Light")
    assert artist.get(album="First Light", title="Dew").title == "Dew"
    assert artist.track("Dew") == artist.track(album="First Light", track=2)
    assert album.track("Dew") == album.track(track=2) == album.track(2) == album.get("Dew")
    for unclear in (artist.track, album.track):
        with pytest.raises(BadRequest):
            unclear()
    track = album.track("Dew").reload()
    assert (track.album(), track.artist(), album.artist()) == (album, artist, artist)
    assert artist.section().key == album.section().key == track.section().key
    assert (track.type, track.listType, track.year, track.genres) == ("track", "audio", None, [])
    assert (album.listType, album.titleSort, artist.titleSort) == ("audio", "First Light", "Amber Foxes")
    assert (track.parentTitle, track.grandparentTitle, track.parentIndex) == ("First Light", "Amber Foxes", 1)
    assert track.media[0].audioCodec == track.media[0].container == "flac"
    assert track.media[0].parts[0].streams[0].samplingRate > 0
    assert track.playlistItemID is None
    assert album.year == 1998
    assert [album.title for album in artist.albums(filters={"year": 1998})] == ["First Light"]


def test_it_pages(judged: PlexServer) -> None:
    section = music(judged)
    whole = section.searchTracks()
    assert (whole.totalSize, whole.offset, len(whole)) == (17, 0, 17)
    part = section.searchTracks(maxresults=3, container_size=2)
    assert [track.ratingKey for track in part] == [track.ratingKey for track in whole[:3]]
    assert section.totalViewSize(libtype="track") == 17
    assert section.totalViewSize(libtype="album") == len(small().albums)


def test_it_tells_history_by_track_section_and_account(plex: PlexSimulator, judged: PlexServer) -> None:
    plex.add_account("ben", "token-of-ben")
    section = music(judged)
    dew, dawn = (section.searchTracks(title=title)[0] for title in ("Dew", "Dawn"))
    dew.markPlayed()
    PlexServer(plex.base_url, "token-of-ben").fetchItem(dawn.ratingKey).markPlayed()
    assert [event.title for event in judged.history()] == ["Dawn", "Dew"]
    assert [event.title for event in dew.history()] == ["Dew"]
    # plexapi asks for the owner's plays of a section.
    assert [event.title for event in section.history()] == ["Dew"]
    assert [event.title for event in judged.history(accountID=2)] == ["Dawn"]
    event = judged.history(maxresults=1)[0]
    assert judged.systemAccount(event.accountID).name == "ben"
    assert judged.systemDevice(event.deviceID).name
    with pytest.raises(NotFound):
        judged.systemDevice(999)


def test_it_edits_every_field_that_the_backend_edits(judged: PlexServer) -> None:
    section = music(judged)
    artist = section.get("Tidal Kites")
    artist.batchEdits().editTitle("Kites").editSortTitle("Kites, the").editSummary("Of the sea.").addGenre(
        ["Sea", "Drum, Bass"], locked=False
    ).saveEdits()
    artist.reload()
    assert (artist.title, artist.titleSort, artist.summary) == ("Kites", "Kites, the", "Of the sea.")
    assert {genre.tag for genre in artist.genres} == {"Sea", "Drum, Bass"}
    assert artist.isLocked("title")
    assert not artist.isLocked("genre")
    track = artist.tracks()[0]
    track.batchEdits().editDiscNumber(2).editTrackNumber(7).editTrackArtist("A Guest").editTitle(
        "Mended"
    ).saveEdits()
    track.reload()
    assert (track.parentIndex, track.index, track.originalTitle, track.title) == (2, 7, "A Guest", "Mended")
    with pytest.raises(NotFound):
        judged.query("/library/sections/2/all?type=10&id=99999", method=judged._session.put)


def test_it_moves_and_removes_in_playlists_and_refuses_what_real_servers_refuse(judged: PlexServer) -> None:
    section = music(judged)
    tracks = section.searchTracks()[:6]
    playlist = judged.createPlaylist("Judged", items=tracks[:3])
    one, two, three = playlist.items()
    playlist.moveItem(two)
    assert [item.ratingKey for item in playlist.reload().items()] == [t.ratingKey for t in (two, one, three)]
    playlist.moveItem(two, one)
    assert [item.ratingKey for item in playlist.reload().items()] == [t.ratingKey for t in (one, two, three)]
    playlist.addItems(tracks[3]).addItems(tracks[4:6])
    items = playlist.reload().items()
    playlist.removeItems(items[3:5])
    assert [item.ratingKey for item in playlist.reload().items()] == [
        tracks[n].ratingKey for n in (0, 1, 2, 5)
    ]
    assert playlist.item(tracks[0].title) == playlist.get(tracks[0].title) == items[0]
    assert (playlist.isAudio, playlist.smart, playlist.playlistType) == (True, False, "audio")
    assert playlist.guid.startswith("com.plexapp.agents.none://")
    with pytest.raises(NotFound):
        playlist.item("Does not exist")
    with pytest.raises(NotFound):
        playlist.removeItems(tracks[3])
    with pytest.raises(BadRequest):
        judged.createPlaylist("Nothing", items=[])
    playlist.delete()
    assert judged.playlists() == []


def test_it_makes_smart_playlists_whose_rules_hold(judged: PlexServer) -> None:
    section = music(judged)
    playlist = judged.createPlaylist(
        "Smart",
        smart=True,
        section=section,
        libtype="track",
        limit=4,
        sort="titleSort:desc",
        filters={"track.title": "o"},
    )
    titles = sorted(
        (track.title or "" for track in small().tracks if "o" in (track.title or "").casefold()), reverse=True
    )
    assert playlist.smart
    assert [item.title for item in playlist.items()] == titles[:4]
    assert playlist.section() == section
    for refused in (playlist.addItems, playlist.removeItems, playlist.moveItem):
        with pytest.raises(BadRequest, match="smart"):
            refused(section.searchTracks()[0])
    playlist.updateFilters(limit=1, filters={"track.title": "Dawn"})
    assert [item.title for item in playlist.reload().items()] == ["Dawn"]
    playlist.delete()


def test_it_signs_in_and_finds_the_server_and_its_users(plex: PlexSimulator) -> None:
    with PlexTvSimulator() as plextv:
        plextv.servers.append(
            ListedServer(
                name="home",
                machine_id=MACHINE_ID,
                token=plex.token,
                ways=[Way(uri=plex.base_url, local=True)],
            )
        )
        plextv.users.append(ListedUser(id=2, name="Ben", shares=(MACHINE_ID,), home=True))
        session = requests.Session()
        session.mount("https://plex.tv/", _ToSimulator(plextv.base_url))
        login = MyPlexPinLogin(session=session)
        assert not login.checkLogin()
        plextv.confirm(login.pin)
        assert login.checkLogin()
        account = MyPlexAccount(token=login.token, session=session)
        (resource,) = account.resources()
        assert resource.connect().machineIdentifier == MACHINE_ID
        (user,) = account.users()
        assert (user.id, user.title, user.home) == (2, "Ben", True)
        assert [share.machineIdentifier for share in user.servers] == [MACHINE_ID]
        with pytest.raises(Unauthorized):
            MyPlexAccount(token="wrong", session=session)


class _ToSimulator(HTTPAdapter):
    """Sends to a simulated plex.tv what is meant for the real one."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        request.url = (request.url or "").replace("https://plex.tv", self._target, 1)
        return super().send(request, *args, **kwargs)  # type: ignore[arg-type]
