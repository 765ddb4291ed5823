"""Single values: times, ids, ratings, names, as servers have been seen to send them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_jellyfin import values, wire
from soulsync_jellyfin.dialect import EMBY, JELLYFIN, Identity
from soulsync_jellyfin.mapper import Mapper, image_source, rating_of, wire_rating


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-12-11T12:10:40.7607527Z", datetime(2023, 12, 11, 12, 10, 40, 760752, UTC)),
        ("2023-12-11T12:10:40Z", datetime(2023, 12, 11, 12, 10, 40, tzinfo=UTC)),
        ("2023-12-11T12:10:40.5", datetime(2023, 12, 11, 12, 10, 40, 500000, UTC)),
        ("2023-12-11T14:10:40.0000000+02:00", datetime(2023, 12, 11, 12, 10, 40, tzinfo=UTC)),
        ("0001-01-01T00:00:00.0000000Z", None),
        ("0001-01-01T00:00:00.0000000+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_times_of_seven_digits_are_read(text: str | None, expected: datetime | None) -> None:
    assert values.moment(text) == expected


@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2150, 1, 1)))
def test_a_time_that_is_written_is_read_again(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    assert values.moment(values.wire_time(moment)) == moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60bbceb2-0ddc-403b-970b-b4e9c3b2de5c", "60bbceb2-0ddc-403b-970b-b4e9c3b2de5c"),
        ("60BBCEB2-0DDC-403B-970B-B4E9C3B2DE5C", "60bbceb2-0ddc-403b-970b-b4e9c3b2de5c"),
        ("60bbceb20ddc403b970bb4e9c3b2de5c", "60bbceb2-0ddc-403b-970b-b4e9c3b2de5c"),
        ("00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000"),
        ("60bbceb2-0ddc-403b-970b-b4e9c3b2de5", None),
        ("60bbceb2-0ddc-403b-970b-b4e9c3b2de5g", None),
        ("60bbceb2-0ddc-403b-970b-b4e9c3b2 e5 ", None),
        ("60bbceb2-0ddc-403b-970b--4e9c3b2de5c", None),
        ("", None),
        (None, None),
    ],
)
def test_musicbrainz_ids_are_uuids_or_nothing(text: str | None, expected: str | None) -> None:
    assert values.musicbrainz(text) == expected


def test_several_musicbrainz_ids_in_one_text_are_several() -> None:
    one, other = "60bbceb2-0ddc-403b-970b-b4e9c3b2de5c", "827b9ff1-56f8-4614-9261-a08de5fc1be0"
    for joined in (f"{one}/{other}", f"{one}; {other}", f"{one},{other},{one}", f"x/{one}/{other}"):
        assert values.musicbrainz_list(joined) == (one, other)


@given(st.integers(0, 100))
def test_no_rating_is_lost(rating: int) -> None:
    assert rating_of(wire.UserData(rating=wire_rating(rating))) == rating


def test_likes_stand_for_a_rating_only_where_there_is_none() -> None:
    assert rating_of(wire.UserData(likes=True)) == 100
    assert rating_of(wire.UserData(likes=False)) == 10
    assert rating_of(wire.UserData(likes=False, rating=8.0)) == 80
    assert rating_of(wire.UserData()) is None
    assert rating_of(None) is None


@pytest.mark.parametrize(
    ("text", "jellyfin", "emby"),
    [
        ("0123456789abcdef0123456789abcdef", True, True),
        ("01234567-89AB-cdef-0123-456789abcdef", True, True),
        ("4711", False, True),
        ("no-such-id", False, False),
        ("../../etc/passwd", False, False),
        ("9" * 40, False, False),
        ("", False, False),
    ],
)
def test_ids_are_looked_at_before_they_are_sent(text: str, jellyfin: bool, emby: bool) -> None:
    assert (JELLYFIN.is_id(text), EMBY.is_id(text)) == (jellyfin, emby)


def test_ids_that_are_numbers_are_texts_for_us() -> None:
    item = msgspec.json.decode(b'{"Id": 4711, "Name": "x", "AlbumId": 12}', type=wire.Track)
    track = Mapper(server="attic").track(item)
    assert (track.ref.id, track.album_id) == ("4711", "12")


def test_what_is_zero_or_null_is_unknown() -> None:
    row = b'{"Id": "1", "Name": "x", "ParentIndexNumber": null, "IndexNumber": 0, "RunTimeTicks": 0}'
    track = Mapper(server="attic").track(msgspec.json.decode(row, type=wire.Track))
    assert (track.disc, track.track_number, track.duration_ms) == (None, None, None)


def test_a_row_without_user_data_says_nothing_about_it() -> None:
    track = Mapper(server="attic").track(wire.Track(id="1", name="x"))
    assert {
        "favorite",
        "rating",
        "play_count",
        "last_played",
        "size",
        "genres",
        "library_id",
    } <= track.omitted


def test_the_first_of_several_container_names_counts() -> None:
    item = wire.Track(id="1", name="x", container="mov,mp4,m4a,3gp,3g2,mj2")
    assert Mapper(server="attic").track(item).codec == "mov"


def test_a_nameless_track_is_called_after_its_file() -> None:
    paths = ("/music/a/07 Song.flac", r"D:\music\a\07 Song.flac", r"\\nas\music\07 Song.flac")
    for path in paths:
        assert Mapper(server="attic").track(wire.Track(id="1", path=path)).title == "07 Song"


def test_pictures_fall_back_from_item_to_album_to_parent_to_thumb() -> None:
    own = wire.Item(
        id="1", image_tags={"Primary": "t", "Thumb": "t"}, album_id="2", album_primary_image_tag="t"
    )
    assert image_source(own) == ("1", "Primary")
    assert image_source(wire.Item(id="1", album_id="2", album_primary_image_tag="t")) == ("2", "Primary")
    assert image_source(wire.Item(id="1", album_id="2", parent_primary_image_item_id="3")) == ("3", "Primary")
    assert image_source(wire.Item(id="1", image_tags={"Thumb": "t"})) == ("1", "Thumb")
    assert image_source(wire.Item(id="1", parent_thumb_item_id="4")) == ("4", "Thumb")
    assert image_source(wire.Item(id="1", image_tags={"Logo": "t"})) is None


def test_jellyfin_is_asked_in_its_own_header_and_emby_in_its() -> None:
    identity = Identity(device="d", device_id="i", version="1")
    jellyfin = JELLYFIN.headers(identity, "t0ken")
    assert jellyfin == {
        "Authorization": 'MediaBrowser Client="soulsync-engine", Device="d", DeviceId="i", Version="1", Token="t0ken"'
    }
    assert EMBY.headers(identity, "t0ken") == {
        "X-Emby-Authorization": 'Emby Client="soulsync-engine", Device="d", DeviceId="i", Version="1"',
        "X-Emby-Token": "t0ken",
    }
