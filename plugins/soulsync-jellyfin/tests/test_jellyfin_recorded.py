"""Answers recorded from real servers of 10.9 and 10.10 map with all that is in them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from soulsync_engine.models import Album, Artist, ArtistCredit, ItemRef, Kind, MusicBrainzIds, Track
from soulsync_jellyfin import wire
from soulsync_jellyfin.mapper import Mapper, image_source

MAPPER = Mapper(server="attic", library="7e64e319657a9516ec78490da03edccb")
BOTH = ("60bbceb2-0ddc-403b-970b-b4e9c3b2de5c", "827b9ff1-56f8-4614-9261-a08de5fc1be0")


@pytest.fixture
def recorded(shared: Path) -> Path:
    return shared / "fixtures" / "jellyfin" / "music-assistant"


def row(folder: Path, name: str) -> wire.Item:
    return msgspec.json.decode((folder / name).read_bytes(), type=wire.Item)


def track_row(folder: Path, name: str) -> wire.Track:
    return msgspec.json.decode((folder / name).read_bytes(), type=wire.Track)


def test_every_recorded_file_is_looked_at_here(recorded: Path) -> None:
    assert {path.name for path in recorded.iterdir()} == {
        "albums__infest.json",
        "albums__this_is_christmas.json",
        "albums__yesterday_when_i_was_mad.json",
        "artists__ash.json",
        "tracks__thrown_away.json",
        "tracks__where_the_bands_are.json",
        "tracks__zombie_christmas.json",
    }


def test_an_album_with_everything(recorded: Path) -> None:
    assert MAPPER.album(row(recorded, "albums__infest.json")) == Album(
        ref=ItemRef("attic", Kind.ALBUM, "70b7288088b42d318f75dbcc41fd0091"),
        title="Infest",
        artists=(ArtistCredit(name="Papa Roach", id="e439648e08ade14e27d5de48fa97c88e"),),
        sort_title="infest",
        year=2000,
        genres=("Alt Metal",),
        track_count=11,
        duration_ms=2761427,
        musicbrainz=MusicBrainzIds(
            release="bf25b030-0cbb-495a-8d79-6c7fee20a089",
            release_group="0193355a-cdfb-3936-afd2-44d651eb006d",
            album_artists=("c5eb9407-caeb-4303-b383-6929aa94021c",),
        ),
        favorite=False,
        library_id="7e64e319657a9516ec78490da03edccb",
        added=datetime(2023, 12, 11, 12, 10, 40, 760752, UTC),
        omitted=frozenset({"updated", "play_count"}),
    )


def test_an_album_whose_artist_has_two_musicbrainz_ids(recorded: Path) -> None:
    album = MAPPER.album(row(recorded, "albums__this_is_christmas.json"))
    assert album.title == "This Is Christmas"
    assert [credit.name for credit in album.artists] == ["Emmy the Great & Tim Wheeler"]
    assert album.musicbrainz.album_artists == BOTH
    assert album.year == 2011
    assert album.duration_ms == 1872202
    # This row was recorded thin: what was not sent says nothing.
    assert album.omitted == {"updated", "play_count", "track_count", "genres", "added"}


def test_an_album_of_nobody(recorded: Path) -> None:
    album = MAPPER.album(row(recorded, "albums__yesterday_when_i_was_mad.json"))
    assert (album.title, album.artists, album.year, album.duration_ms) == (
        "Yesterday, When I Was Mad [Disc 2]",
        (),
        None,
        None,
    )
    assert album.sort_title == "yesterday when i was mad [disc 0000000002]"
    assert album.musicbrainz == MusicBrainzIds()


def test_an_artist(recorded: Path) -> None:
    assert MAPPER.artist(row(recorded, "artists__ash.json")) == Artist(
        ref=ItemRef("attic", Kind.ARTIST, "dd954bbf54398e247d803186d3585b79"),
        name="Ash",
        sort_name="ash",
        musicbrainz_id="99164692-c02d-407c-81c9-25d338dd21f4",
        favorite=False,
        omitted=frozenset({"updated", "album_count", "track_count", "genres", "added"}),
    )


def test_an_untagged_track(recorded: Path) -> None:
    item = row(recorded, "tracks__thrown_away.json")
    assert MAPPER.track(track_row(recorded, "tracks__thrown_away.json")) == Track(
        ref=ItemRef("attic", Kind.TRACK, "b5319fb11cde39fca2023184fcfa9862"),
        title="11 Thrown Away",
        album_id="70b7288088b42d318f75dbcc41fd0091",
        duration_ms=577776,
        path="/media/music/Papa Roach/Infest/11 Thrown Away.m4a",
        size=11283443,
        bitrate=156,
        codec="mp3",
        sample_rate=44100,
        favorite=False,
        play_count=0,
        library_id="7e64e319657a9516ec78490da03edccb",
        omitted=frozenset({"updated", "isrcs", "genres", "added"}),
    )
    # It has no picture of its own, so its album's stands for it.
    assert image_source(item) == ("70b7288088b42d318f75dbcc41fd0091", "Primary")


def test_a_track_without_an_album_id(recorded: Path) -> None:
    item = row(recorded, "tracks__where_the_bands_are.json")
    track = MAPPER.track(track_row(recorded, "tracks__where_the_bands_are.json"))
    assert (track.album, track.album_id) == ("Where the Bands Are (2018 Version) - Single", None)
    assert track.artists == (ArtistCredit(name="Dead Like Harry", id="94875b0dd58cbf5245a135982133651a"),)
    assert track.album_artists == track.artists
    assert (track.disc, track.track_number, track.year) == (1, 1, 2018)
    # The rate of the sound; the file's as a whole counts the cover too.
    assert (track.bitrate, track.codec, track.size) == (278, "aac", 9167268)
    assert image_source(item) == ("54918f75ee8f6c8b8dc5efd680644f29", "Primary")


def test_a_track_of_two_artists(recorded: Path) -> None:
    track = MAPPER.track(track_row(recorded, "tracks__zombie_christmas.json"))
    assert [credit.name for credit in track.artists] == ["Emmy the Great", "Tim Wheeler"]
    assert [credit.name for credit in track.album_artists] == ["Emmy the Great & Tim Wheeler"]
    assert track.musicbrainz == MusicBrainzIds(
        track="17d1019d-d4f4-326c-b4bb-d8aec2607bd7",
        release="b13a174d-527d-44a1-b8f8-a4c78b03b7d9",
        release_group="f002d6b7-17af-4f9e-8d30-5486548ffe6f",
        artists=BOTH,
        album_artists=BOTH,
    )
    assert (track.disc, track.track_number, track.duration_ms, track.bitrate) == (1, 8, 224932, 268)
