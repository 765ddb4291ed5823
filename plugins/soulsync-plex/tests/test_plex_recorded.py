"""What real servers sent, and what the mapper makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import httpx
import msgspec
import pytest

from soulsync_engine.http import HttpAnswer, UnexpectedAnswerError, UnreadableAnswerError
from soulsync_engine.models import ArtistCredit, Kind
from soulsync_engine.server import MediaServer
from soulsync_plex import mapper
from soulsync_plex.decoding import ReadRows, raw_rows, read, read_rows
from soulsync_plex.sections import is_for_audiobooks
from soulsync_plex.simulator import PlexSimulator
from soulsync_plex.wire import ItemRow, Media, Part, PlaylistRow, Root, Section, Sections, Stream


def answer_of(body: bytes, content_type: str = "application/json") -> HttpAnswer:
    return HttpAnswer(
        server="home", method="GET", path="/x", status=200, headers={"content-type": content_type}, body=body
    )


def recorded(shared: Path, name: str) -> HttpAnswer:
    path = shared / "fixtures" / "plex" / name
    return answer_of(path.read_bytes(), "text/xml" if name.endswith(".xml") else "application/json")


def items(answer: HttpAnswer) -> ReadRows[ItemRow]:
    return read_rows(raw_rows(answer), ItemRow, kind=Kind.ALBUM)


def test_an_album_in_json(shared: Path) -> None:
    page = items(recorded(shared, "openapi-examples/albums.json"))
    album = mapper.album(page.rows[0], server="home", library_id="3")
    assert (album.ref.id, album.title, album.year) == ("265", "Mandatory Fun", 2014)
    assert album.artists == (ArtistCredit(name="“Weird Al” Yankovic", id="251"),)
    assert album.genres == ("Comedy/Spoken",)
    assert album.track_count == 12
    assert album.rating is None  # the critics' rating is not the user's
    assert album.added == datetime(2023, 4, 10, 18, 42, 56, tzinfo=UTC)


def test_leaves_in_json_are_read_though_they_are_films(shared: Path) -> None:
    row = items(recorded(shared, "openapi-examples/allLeaves.json")).rows[0]
    assert (row.type, row.ratingKey, row.viewCount) == ("episode", "150", 1)
    assert row.Media[0].Part[0].size == 1_883_816_967
    assert row.Media[0].bitrate == 5741


def test_an_album_in_xml(shared: Path) -> None:
    album = mapper.album(
        items(recorded(shared, "home-assistant/album.xml")).rows[0], server="home", library_id="3"
    )
    assert (album.ref.id, album.title, album.year, album.track_count) == ("200", "Album", 2019, 9)
    assert album.artists == (ArtistCredit(name="Artist", id="300"),)
    assert album.play_count == 5
    assert album.updated == datetime(2020, 10, 12, 20, 28, 1, tzinfo=UTC)


def test_a_track_in_xml_of_which_the_parts_were_misplaced(shared: Path) -> None:
    row = items(recorded(shared, "home-assistant/media_100_track.xml")).rows[0]
    track = mapper.track(row, server="home", library_id="3", albums={})
    assert (track.ref.id, track.title, track.album, track.album_id) == (
        "100",
        "Track 1",
        "Album Title",
        "200",
    )
    assert track.artists == track.album_artists == (ArtistCredit(name="Artist Name", id="300"),)
    assert (track.disc, track.track_number, track.duration_ms) == (1, 1, 250_000)
    assert (track.bitrate, track.codec, track.play_count) == (256, "mp3", 1)
    assert track.last_played == datetime(2020, 10, 21, 19, 42, 26, tzinfo=UTC)
    # The recording has the file beside its version instead of within it.
    assert track.path is None


def test_sections_in_xml(shared: Path) -> None:
    sections = read(recorded(shared, "home-assistant/library_sections.xml"), Sections).Directory
    assert [section.type for section in sections] == ["movie", "show", "artist"]
    music = sections[2]
    assert (music.key, music.title, music.contentChangedAt, music.refreshing) == (
        "3",
        "Music",
        116_260_421,
        False,
    )
    assert mapper.library(music).paths == ("/storage/music",)
    assert not is_for_audiobooks(music)


def test_the_server_itself_in_xml(shared: Path) -> None:
    root = read(recorded(shared, "home-assistant/plex_server_base.xml"), Root)
    assert root.version == "1.20.4.3517-ab5e1197c"
    assert root.machineIdentifier == "{machine_identifier}"
    assert root.myPlexSigninState == "ok"


def test_playlists_in_xml_that_hold_films(shared: Path) -> None:
    rows = read_rows(
        raw_rows(recorded(shared, "home-assistant/playlists.xml")), PlaylistRow, kind=Kind.PLAYLIST
    ).rows
    assert [(row.ratingKey, row.playlistType, row.smart) for row in rows] == [
        ("500", "video", False),
        ("501", "video", False),
    ]
    assert mapper.playlist(rows[0], server="home").duration_ms == 5_054_000


@pytest.mark.parametrize(
    ("name", "total"), [("library_music_size.xml", 1), ("library_music_metadata.xml", 10)]
)
def test_counts_without_rows_in_xml(shared: Path, name: str, total: int) -> None:
    page = items(recorded(shared, f"home-assistant/{name}"))
    assert (page.rows, page.total, page.offset) == ((), total, 0)


def test_orders_in_xml_are_no_items(shared: Path) -> None:
    assert items(recorded(shared, "home-assistant/library_music_sort.xml")).rows == ()


def test_one_odd_row_does_not_take_the_others_with_it() -> None:
    rows = b'{"ratingKey":"1","year":1990},{"ratingKey":2,"year":"199?"},{"ratingKey":3}'
    body = b'{"MediaContainer":{"totalSize":3,"Metadata":[' + rows + b"]}}"
    page = items(answer_of(body))
    assert [row.ratingKey for row in page.rows] == ["1", 3]
    assert [(problem.id, len(page)) for problem in page.problems] == [("2", 3)]
    assert "year" in page.problems[0].reason


@pytest.mark.parametrize(
    ("rows", "total", "following"),
    [(2, 5, 4), (2, 4, None), (2, None, 4), (1, None, None), (0, None, None), (0, 5, None), (3, None, None)],
)
def test_where_the_next_page_begins(rows: int, total: int | None, following: int | None) -> None:
    assert ReadRows(rows=(ItemRow(),) * rows, total=total).next_start(2, 2) == following


def test_numbers_texts_and_truth_are_read_in_any_spelling() -> None:
    body = b'{"MediaContainer":{"size":"1","Metadata":[{"ratingKey":7,"year":"1990","userRating":"8.5","smart":1}]}}'
    row = items(answer_of(body)).rows[0]
    assert (row.ratingKey, row.year, row.userRating) == (7, 1990, 8.5)
    playlists = read_rows(
        raw_rows(answer_of(b'{"MediaContainer":{"Metadata":[{"smart":"1"},{"smart":0}]}}')),
        PlaylistRow,
        kind=Kind.PLAYLIST,
    )
    assert [row.smart for row in playlists.rows] == [True, False]


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><MediaContainer x="&b;"/>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><MediaContainer/>',
        b"<MediaContainer><Track",
        b"",
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        b"\xff\xfe\x00",
        b'{"MediaContainer": {"Metadata": [{"ratingKey"',
        b"[" * 100_000,
        b'{"MediaContainer":' + b'{"a":' * 100_000,
    ],
    ids=["bomb", "outside", "cut", "nothing", "page", "noise", "cut-json", "list", "deep"],
)
def test_what_is_no_answer_of_plex_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        items(answer_of(body))


def test_another_document_is_refused() -> None:
    with pytest.raises(UnexpectedAnswerError, match="Response"):
        items(answer_of(b'<Response code="503" title="Maintenance"/>', "text/xml"))
    with pytest.raises(UnexpectedAnswerError):
        read(answer_of(b'{"error": "no"}'), Sections)


@pytest.mark.parametrize(
    ("stars", "rating"),
    [(None, None), (-1.0, None), (0.0, 0), (0.5, 5), (7.0, 70), (8.5, 85), (10.0, 100), (11.0, 100)],
)
def test_ratings(stars: float | None, rating: int | None) -> None:
    assert mapper.rating_of(stars) == rating


def test_every_rating_survives_the_way_there_and_back() -> None:
    assert [mapper.rating_of(mapper.stars_of(rating)) for rating in range(101)] == list(range(101))


def test_times_that_no_calendar_has_are_none() -> None:
    assert [mapper.moment(seconds) for seconds in (None, 0, 10**18, -(10**18))] == [None] * 4


def test_an_untitled_track_is_named_after_its_file() -> None:
    media = rb'[{"Part":[{"file":"D:\\Musik\\05 - L\u00e4rm.mp3"}]}]'
    body = b'{"MediaContainer":{"Metadata":[{"ratingKey":"1","Media":' + media + b"}]}}"
    row = read_rows(raw_rows(answer_of(body)), ItemRow, kind=Kind.TRACK).rows[0]
    assert mapper.track(row, server="home", library_id="3", albums={}).title == "05 - Lärm"


def attributes(root: ElementTree.Element, tag: str, kind: str | None = None) -> dict[str, str]:
    """Those of the first element of that tag and type."""
    return next(
        dict(element.attrib) for element in root.iter(tag) if kind is None or element.get("type") == kind
    )


SENT: dict[str, tuple[str, str, str | None, str, type[object]]] = {
    "a section": ("library_sections.xml", "Directory", "artist", "/library/sections", Section),
    "an album": ("album.xml", "Directory", "album", "/library/metadata/{album}", ItemRow),
    "a track": ("media_100_track.xml", "Track", "track", "/library/metadata/{track}", ItemRow),
    "a version": ("media_100_track.xml", "Media", None, "/library/metadata/{track}", Media),
    "a file": ("media_100_track.xml", "Part", None, "/library/metadata/{track}", Part),
    "a sound track": ("media_100_track.xml", "Stream", None, "/library/metadata/{track}", Stream),
    "a playlist": ("playlists.xml", "Playlist", None, "/playlists/{playlist}", PlaylistRow),
    "a server": ("plex_server_base.xml", "MediaContainer", None, "/", Root),
}


@pytest.mark.parametrize("what", SENT)
def test_the_simulator_sends_what_a_real_server_sent(
    shared: Path, plex: PlexSimulator, server: MediaServer, what: str
) -> None:
    name, tag, kind, path, wire = SENT[what]
    track = next(track for track in server.iter_tracks() if track.album == "First Light")
    server.report_play(track.ref.id, datetime.now(UTC))
    playlist = server.create_playlist("Recorded", [track]).playlist.ref.id
    path = path.format(track=track.ref.id, album=track.album_id, playlist=playlist)
    answer = httpx.get(f"{plex.base_url}{path}", headers={"X-Plex-Token": plex.token, "Accept": "text/xml"})
    simulated = attributes(ElementTree.fromstring(answer.content), tag, kind)
    real = attributes(
        ElementTree.parse(shared / "fixtures" / "plex" / "home-assistant" / name).getroot(), tag, kind
    )
    read_by_us = {field.name for field in msgspec.structs.fields(wire)}
    known = read_by_us & real.keys()
    assert len(known) > 1
    # Albums are not played here, and artists have no pictures.
    assert known - simulated.keys() <= {"viewCount", "lastViewedAt", "parentThumb", "grandparentThumb"}
    for attribute in known & simulated.keys():
        assert simulated[attribute].isdigit() is real[attribute].isdigit(), attribute
