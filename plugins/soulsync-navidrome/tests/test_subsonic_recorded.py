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


def test_every_recorded_answer_is_understood_as_an_answer(recorded: Path, load: Load) -> None:
    names = sorted(path.stem for path in recorded.glob("*.json"))
    assert len(names) >= 40
    for name in names:
        response = load(name)
        assert (response.status, response.type, response.open_subsonic) == ("ok", "navidrome", True), name


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
    one, several = load("User_with_data").user, load("Users_without_data").users
    assert isinstance(one, WireUser)
    assert mapper.user(one).name == "deluan"
    assert mapper.user(one).admin is False
    assert several is not None
    assert several.user == [WireUser(username="deluan", admin_role=False)]
