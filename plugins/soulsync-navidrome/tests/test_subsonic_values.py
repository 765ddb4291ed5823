"""Values as servers write them: times, numbers, flags, single things where there should be a list."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from soulsync_engine.models import Track
from soulsync_navidrome import mapper, native_mapper
from soulsync_navidrome.mapper import Reading
from soulsync_navidrome.songs import tidied, track
from soulsync_navidrome.values import (
    flag,
    milliseconds,
    moment,
    positive,
    rating_from_stars,
    stars_from_rating,
    whole,
)
from soulsync_navidrome.wire import AlbumID3, Child, Song

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T12:00:00", NOON),
        ("2024-05-01T12:00:00Z", NOON),
        ("2024-05-01T12:00:00.000Z", NOON),
        ("2024-05-01T12:00:00.000000000Z", NOON),
        ("2024-05-01T14:00:00+02:00", NOON),
        ("2024-05-01T12:00Z", NOON),
        ("2024-05-01", NOON.replace(hour=0)),
        ("9999-12-31T23:59:59-05:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_aware_whatever_they_look_like(text: str | None, expected: datetime | None) -> None:
    assert moment(text) == expected


def test_numbers_come_as_texts_and_with_fractions() -> None:
    assert (whole("12"), whole("12.7"), whole("twelve"), whole(12.7), whole("nan"), whole(None)) == (
        *(12, 12, None, 12, None, None),
    )
    assert (positive(-1), positive(0), positive("3")) == (None, None, 3)
    assert (milliseconds(3), milliseconds(3.25), milliseconds("3"), milliseconds(-1)) == (
        3000,
        3250,
        3000,
        None,
    )
    assert (flag("true"), flag("false"), flag(True), flag(None)) == (True, False, True, None)


@pytest.mark.parametrize("stars", range(1, 6))
def test_stars_survive_the_way_there_and_back(stars: int) -> None:
    assert stars_from_rating(rating_from_stars(stars)) == stars


def test_a_low_rating_is_one_star_and_none_is_no_star() -> None:
    assert (stars_from_rating(1), stars_from_rating(None)) == (1, 0)
    assert (rating_from_stars(0), rating_from_stars(None)) == (None, None)


def song(text: str) -> Child:
    return msgspec.json.decode(text, type=Child)


def track_of(child: Child, how: Reading) -> Track:
    return track(tidied(child), how)


def test_ids_are_texts_whatever_they_were() -> None:
    how = Reading(server="home", rich=False)
    found = track_of(song('{"id": 12, "albumId": 3, "artist": "A", "artistId": 4, "title": "T"}'), how)
    assert (found.ref.id, found.album_id, found.artists[0].id) == ("12", "3", "4")


def test_a_page_in_which_nothing_is_odd_says_the_same_as_a_page_in_which_something_is() -> None:
    how = Reading(server="home", rich=True)
    text = (
        '{"id": "1", "title": "T", "track": 3, "discNumber": 0, "year": 1999, "duration": 61.5, "suffix": "FLAC",'
        '"size": 7, "created": "2024-05-01T14:00:00.123456789+02:00", "played": "0001-01-01T00:00:00Z",'
        '"userRating": 4, "playCount": 2, "starred": "2024-05-01T12:00:00Z", "isrc": ["A", "B"],'
        '"genres": [{"name": "Jazz"}], "artists": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]}'
    )
    read_at_once, item_by_item = msgspec.json.decode(text, type=Song), msgspec.json.decode(text, type=Child)
    mapped = track(read_at_once, how)
    assert mapped == track_of(item_by_item, how)
    assert (mapped.duration_ms, mapped.rating, mapped.last_played) == (61_500, 80, None)
    assert (mapped.added, mapped.codec) == (NOON.replace(microsecond=123_457), "flac")


@pytest.mark.parametrize(
    "odd",
    [
        '"year": -1',
        '"year": "1999"',
        '"id": 7',
        '"isrc": ["", "X"]',
        '"created": "yesterday"',
        '"isDir": "false"',
    ],
)
def test_what_is_odd_is_left_to_the_patient_way_of_reading(odd: str) -> None:
    text = f'{{"id": "1", "title": "T", {odd}}}'
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Song)
    assert track_of(song(text), Reading(server="home", rich=True)).title == "T"


@pytest.mark.parametrize(
    "genres",
    [
        '"genre": "Jazz"',
        '"genres": [{"name": "Jazz"}]',
        '"genres": ["Jazz"]',
        '"genres": [{"value": "Jazz"}]',
    ],
)
def test_genres_come_in_four_ways(genres: str) -> None:
    how = Reading(server="home", rich=True)
    assert track_of(song(f'{{"id": "1", "title": "T", {genres}}}'), how).genres == ("Jazz",)


def test_a_song_without_title_is_called_after_its_file() -> None:
    how = Reading(server="home", rich=False)
    assert track_of(song('{"id": "1", "title": " ", "path": "a/b/Some File.mp3"}'), how).title == "Some File"


def test_a_made_up_path_is_not_shown_as_one() -> None:
    how = Reading(server="home", rich=True, made_up_paths=True)
    made_up = track_of(song('{"id": "1", "title": "T", "path": "A/B/01 - T.mp3"}'), how)
    real = track_of(song('{"id": "1", "title": "T", "path": "/music/A/B/01 - T.mp3"}'), how)
    assert (made_up.path, "path" in made_up.omitted) == (None, True)
    assert (real.path, "path" in real.omitted) == ("/music/A/B/01 - T.mp3", False)


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ('"libraryPath": "/music", "path": "A/1.mp3"', "/music/A/1.mp3"),
        ('"libraryPath": "/music/", "path": "A/1.mp3"', "/music/A/1.mp3"),
        ('"libraryPath": "/music", "path": "/srv/A/1.mp3"', "/srv/A/1.mp3"),
        ('"libraryPath": "/music"', None),
    ],
)
def test_a_path_that_the_native_api_does_not_tell_is_omitted_rather_than_none(
    where: str, path: str | None
) -> None:
    text = f'{{"id": "1", "title": "T", "albumId": "a", "libraryId": 1, {where}}}'
    found = native_mapper.track(msgspec.json.decode(text, type=native_mapper.NativeSong), "home")
    assert found.path == path
    assert ("path" in found.omitted) is (path is None)


@pytest.mark.parametrize("seconds", [10**12, 10**18, 10**30])
def test_a_play_beyond_the_end_of_time_is_no_play(seconds: int) -> None:
    odd = native_mapper.NativePlay(id=1, media_file_id="1", submission_time=seconds)
    with pytest.raises(ValueError):
        native_mapper.play(odd, "home", None)


def test_an_isrc_and_musicbrainz_ids_are_read() -> None:
    how = Reading(server="home", rich=True)
    uuid = "0B87A4E5-1234-4abc-9def-0123456789ab"
    found = track_of(song(f'{{"id": "1", "title": "T", "isrc": "XX", "musicBrainzId": "{uuid}"}}'), how)
    assert (found.isrcs, found.musicbrainz.recording) == (("XX",), uuid.lower())
    album = mapper.album(_album(uuid), how)
    assert album.musicbrainz.release == uuid.lower()


def _album(uuid: str) -> AlbumID3:
    return msgspec.json.decode(f'{{"id": "1", "name": "A", "musicBrainzId": "{uuid}"}}', type=AlbumID3)
