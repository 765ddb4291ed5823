"""The mapper on answers that Navidrome really writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from soulsync_engine.models import ArtistCredit, ItemRef, Kind, MusicBrainzIds, Track
from soulsync_navidrome import mapper
from soulsync_navidrome.mapper import Reading
from soulsync_navidrome.songs import tidied, track
from soulsync_navidrome.wire import (
    AlbumID3,
    ArtistID3,
    Child,
    IndexID3,
    MusicFolder,
    NowPlayingEntry,
    Response,
    Song,
    WirePlaylist,
    WireUser,
)

HOW = Reading(server="home", rich=True)
STARRED = datetime(2016, 3, 2, 20, 30, tzinfo=UTC)

Load = Callable[[str], Response]


@pytest.fixture
def recorded(shared_data: Path) -> Path:
    folder = shared_data / "fixtures" / "navidrome"
    if not folder.is_dir():
        pytest.skip("there are no recorded answers of Navidrome here")
    return folder


@pytest.fixture
def load(recorded: Path) -> Load:
    def read(name: str) -> Response:
        return msgspec.json.decode((recorded / f"{name}.json").read_bytes(), type=Response)

    return read


def children(recorded: Path, name: str) -> list[Child]:
    """The songs of a recorded folder, which have the form of any song."""
    content = json.loads((recorded / f"{name}.json").read_text())
    return [msgspec.json.decode(json.dumps(child), type=Child) for child in content["directory"]["child"]]


def track_of(child: Child, how: Reading) -> Track:
    return track(tidied(child), how)


SONGS: dict[str, tuple[str, list[tuple[str, str, str | None, int | None]]]] = {
    "Directory_with_data": ("directory.child", [("1", "title", None, None)]),
    "SimilarSongs2_with_data": ("similarSongs2.song", [("1", "title", None, None)]),
    "SimilarSongs2_without_data": ("similarSongs2.song", []),
    "SimilarSongs_without_data": ("similarSongs.song", []),
    "SonicMatches_with_data": (
        "sonicMatch.entry",
        [("1", "Bohemian Rhapsody", None, None), ("2", "We Will Rock You", None, None)],
    ),
    "SonicMatches_without_data": ("sonicMatch.entry", []),
    "TopSongs_without_data": ("topSongs.song", []),
    "PlayQueueByIndex_with_data": ("playQueueByIndex.entry", [("1", "title", None, None)]),
    "PlayQueueByIndex_without_data": ("playQueueByIndex.entry", []),
    "PlayQueue_without_data": ("playQueue.entry", []),
    "Bookmarks_with_data": ("bookmarks.bookmark.entry", [("1", "title", None, None)]),
    "Bookmarks_without_data": ("bookmarks.bookmark.entry", []),
    "Shares_with_data": (
        "shares.share.entry",
        [("1", "title", "album", 120_000), ("2", "title 2", "album", 300_000)],
    ),
    "Shares_with_only_required_fields": ("shares.share.entry", []),
    "Shares_without_data": ("shares.share.entry", []),
}
"""Where songs are in answers that we never ask for, and what tracks they are: a song has one form everywhere."""

ARTISTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "ArtistInfo_with_data": (
        "artistInfo.similarArtist",
        [("22", "Accept"), ("101", "Bruce Dickinson"), ("26", "Aerosmith")],
    ),
    "Indexes_with_data": ("indexes.index.artist", [("111", "aaa")]),
}

NOTHING_OF_OURS = {
    "AlbumInfo_with_data",
    "AlbumInfo_without_data",
    "EmptyResponse",
    "Genres_with_data",
    "InternetRadioStations_with_data",
    "License",
    "LyricsList_with_data",
    "LyricsList_without_data",
    "Lyrics_with_data",
}
"""Texts, radio stations and the like. Nothing in them may pass for something that was asked for."""

BELOW = {
    "AlbumWithSongsID3_without_data_OpenSubsonic",
    "Artist_with_OpenSubsonic_data",
    "Artist_with_data",
    "Artist_with_data_and_MBID_and_Sort_Name",
    "Child_with_data",
    "Child_without_data",
    "Child_without_data_OpenSubsonic",
    "MusicFolders_with_data",
    "NowPlaying_with_data",
    "NowPlaying_without_data",
    "OpenSubsonicExtensions_without_data",
    "Playlists_with_data",
    "Playlists_without_data",
    "ScanStatus_with_data",
    "ScanStatus_without_data",
    "User_with_data",
    "User_without_data",
    "Users_without_data",
}
"""Those that have tests of their own."""


def entries(recorded: Path, name: str, place: str) -> list[bytes]:
    """What lies at a place of a recorded answer, in lists or not, each as JSON."""
    at: list[object] = [json.loads((recorded / f"{name}.json").read_text())]
    for key in place.split("."):
        inner = [each.get(key) for each in at if isinstance(each, dict)]
        at = [
            one for each in inner for one in (each if isinstance(each, list) else [each]) if one is not None
        ]
    return [json.dumps(each).encode() for each in at]


def test_every_recorded_answer_is_asserted_somewhere(recorded: Path) -> None:
    asserted = [*SONGS, *ARTISTS, *NOTHING_OF_OURS, *BELOW]
    assert len(asserted) == len(set(asserted))
    assert set(asserted) == {path.stem for path in recorded.glob("*.json")}


def test_every_recorded_answer_is_understood_as_an_answer(recorded: Path, load: Load) -> None:
    for name in (path.stem for path in recorded.glob("*.json")):
        response = load(name)
        assert (response.status, response.type, response.open_subsonic) == ("ok", "navidrome", True), name
        told = (response.version, response.server_version, response.error)
        assert told in (("1.16.1", "v0.55.0", None), ("1.8.0", "v0.0.0", None)), name


@pytest.mark.parametrize("name", SONGS)
def test_songs_are_tracks_wherever_they_are(recorded: Path, name: str) -> None:
    place, expected = SONGS[name]
    found = entries(recorded, name, place)
    read_at_once = [track(msgspec.json.decode(entry, type=Song), HOW) for entry in found]
    assert [(each.ref.id, each.title, each.album, each.duration_ms) for each in read_at_once] == expected
    assert [track_of(msgspec.json.decode(entry, type=Child), HOW) for entry in found] == read_at_once
    assert all(each.ref.server == "home" and each.ref.kind is Kind.TRACK for each in read_at_once)


@pytest.mark.parametrize("name", ARTISTS)
def test_artists_are_artists_wherever_they_are(recorded: Path, name: str) -> None:
    place, expected = ARTISTS[name]
    found = [msgspec.json.decode(entry, type=ArtistID3) for entry in entries(recorded, name, place)]
    mapped = [mapper.artist(each, HOW) for each in found]
    assert [(each.ref.id, each.name) for each in mapped] == expected
    assert [(each.rating, each.favorite) for each in mapped if name.startswith("Indexes")] in (
        [],
        [(60, True)],
    )


@pytest.mark.parametrize("name", sorted(NOTHING_OF_OURS))
def test_what_is_about_something_else_holds_nothing_of_ours(load: Load, name: str) -> None:
    head = Response(
        status="ok", version="1.16.1", type="navidrome", server_version="v0.55.0", open_subsonic=True
    )
    assert msgspec.structs.asdict(load(name)) == msgspec.structs.asdict(head)


def test_no_extensions_are_no_extensions(load: Load) -> None:
    assert load("OpenSubsonicExtensions_without_data").open_subsonic_extensions == []


def test_a_song_with_everything_keeps_everything(recorded: Path) -> None:
    song = children(recorded, "Child_with_data")[0]
    song.is_dir = False
    found = track_of(song, HOW.in_library("1"))
    assert found.ref == ItemRef("home", Kind.TRACK, "1")
    assert (found.title, found.album) == ("title", "album")
    assert found.artists == (ArtistCredit(name="artist1", id="1"), ArtistCredit(name="artist2", id="2"))
    assert found.album_artists == (
        ArtistCredit(name="album artist1", id="1"),
        ArtistCredit(name="album artist2", id="2"),
    )
    assert (found.track_number, found.disc, found.year) == (1, None, 1985)
    assert (found.duration_ms, found.bitrate, found.sample_rate, found.size) == (
        146_000,
        320,
        44_100,
        8_421_341,
    )
    assert (found.codec, found.genres, found.isrcs) == ("flac", ("rock", "progressive"), ("ISRC-1", "ISRC-2"))
    assert (found.favorite, found.rating, found.library_id) == (True, None, "1")
    assert found.musicbrainz == MusicBrainzIds(), "what is no MusicBrainz id is not passed on as one"
    assert found.omitted == {"updated", "path"}


def test_a_folder_among_songs_is_no_song(recorded: Path) -> None:
    with pytest.raises(ValueError, match="folder"):
        track_of(children(recorded, "Child_with_data")[0], HOW)


def test_an_entry_without_id_is_no_song(recorded: Path) -> None:
    with pytest.raises(ValueError, match="no id"):
        track_of(children(recorded, "Child_with_data")[1], HOW)


@pytest.mark.parametrize("name", ["Child_without_data", "Child_without_data_OpenSubsonic"])
def test_zero_values_are_unknown_rather_than_zero(recorded: Path, name: str) -> None:
    found = track_of(children(recorded, name)[0], HOW)
    assert found.title == "[untitled]"
    assert (found.track_number, found.disc, found.year, found.duration_ms) == (None, None, None, None)
    assert (found.size, found.bitrate, found.sample_rate, found.rating) == (None, None, None, None)
    assert (found.artists, found.album_artists, found.genres, found.isrcs) == ((), (), (), ())
    assert found.favorite is False


def test_what_is_sent_empty_is_empty_and_what_is_not_sent_is_omitted(recorded: Path) -> None:
    bare = track_of(children(recorded, "Child_without_data")[0], HOW)
    empty = track_of(children(recorded, "Child_without_data_OpenSubsonic")[0], HOW)
    assert {"genres", "isrcs", "musicbrainz"} <= bare.omitted
    assert not {"genres", "isrcs", "musicbrainz"} & empty.omitted


def test_an_album_of_zero_values_has_no_id_and_is_refused(load: Load) -> None:
    album = msgspec.json.decode(load("AlbumWithSongsID3_without_data_OpenSubsonic").album, type=AlbumID3)
    with pytest.raises(ValueError, match="no id"):
        mapper.album(album, HOW)
    album.id = 7
    mapped = mapper.album(album, HOW)
    assert mapped.ref.id == "7"
    assert mapped.added is None, "the year one means never"
    assert (mapped.compilation, mapped.track_count, mapped.rating, mapped.year) == (False, 0, None, None)


@pytest.mark.parametrize(
    "name", ["Artist_with_data", "Artist_with_OpenSubsonic_data", "Artist_with_data_and_MBID_and_Sort_Name"]
)
def test_artists_are_read_from_their_index(load: Load, name: str) -> None:
    artists = load(name).artists
    assert artists is not None
    assert isinstance(artists.index, list)
    letter = artists.index[0]
    assert isinstance(letter, IndexID3)
    found = msgspec.json.decode(letter.artist, type=list[ArtistID3])
    mapped = mapper.artist(found[0], HOW)
    assert (mapped.ref.id, mapped.name, mapped.album_count) == ("111", "aaa", 2)
    assert (mapped.rating, mapped.favorite) == (60, True)
    rich = name != "Artist_with_data"
    assert mapped.sort_name == ("sort name" if rich else None)
    assert ("sort_name" in mapped.omitted) is not rich


def test_playlists_tell_who_may_change_them(load: Load) -> None:
    playlists = load("Playlists_with_data").playlists
    assert playlists is not None
    wires = msgspec.json.decode(playlists.playlist, type=list[WirePlaylist])
    first, second, third = (mapper.playlist(wire, "home", "somebody") for wire in wires)
    assert first.read_only is not None
    assert (first.name, first.description, first.owner, first.public) == ("aaa", "comment", "admin", True)
    assert (first.track_count, first.duration_ms) == (2, 120_000)
    assert first.updated == datetime(2023, 2, 20, 14, 45, tzinfo=UTC)
    assert (second.read_only, third.read_only) == (None, None)
    assert second.added is None
    foreign = mapper.playlist(WirePlaylist(id="1", name="x", owner="admin"), "home", "somebody")
    assert foreign.read_only == "it belongs to admin"


def test_no_playlists_are_no_playlists(load: Load) -> None:
    playlists = load("Playlists_without_data").playlists
    assert playlists is not None
    assert bytes(playlists.playlist) == b""


def test_a_scan_status_tells_its_time_or_does_not(load: Load) -> None:
    told, untold = load("ScanStatus_with_data").scan_status, load("ScanStatus_without_data").scan_status
    assert told is not None
    assert untold is not None
    assert (told.scanning, told.count, told.folder_count) == (True, 456, 123)
    assert told.last_scan == "2006-01-02T15:04:00Z"
    assert (untold.scanning, untold.last_scan) == (False, None)


def test_music_folders_with_whole_numbers_are_libraries(load: Load) -> None:
    folders = load("MusicFolders_with_data").music_folders
    assert folders is not None
    assert folders.music_folder == [MusicFolder(id=111, name="aaa"), MusicFolder(id=222, name="bbb")]


def test_what_is_playing_and_who_listens(load: Load) -> None:
    playing = load("NowPlaying_with_data").now_playing
    assert playing is not None
    assert isinstance(playing.entry, list)
    entry = playing.entry[0]
    assert isinstance(entry, NowPlayingEntry)
    active = mapper.active_play(entry, "home")
    assert (active.title, active.user, active.client) == ("Song", "testuser", "TestPlayer")
    assert (active.position_ms, active.paused) == (120_000, False)
    silent = load("NowPlaying_without_data").now_playing
    assert silent is not None
    assert silent.entry is None


def test_users_are_named(load: Load) -> None:
    several = load("Users_without_data").users
    for name in ("User_with_data", "User_without_data"):
        one = load(name).user
        assert isinstance(one, WireUser)
        assert (mapper.user(one).name, mapper.user(one).id, mapper.user(one).admin) == (
            "deluan",
            "deluan",
            False,
        )
    assert several is not None
    assert several.user == [WireUser(username="deluan", admin_role=False)]
