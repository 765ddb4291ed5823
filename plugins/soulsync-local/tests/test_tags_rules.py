"""How the texts of a file become fields."""

from __future__ import annotations

import pytest

from soulsync_local.tags.fields import clean, file_tags, number, year
from soulsync_local.tags.values import FileTags

ID_1 = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
ID_2 = "bbbbbbbb-2222-4222-8222-bbbbbbbbbbbb"


def tags(v23: bool = False, **texts: list[str]) -> FileTags:
    return file_tags(
        texts,
        v23=v23,
        seconds=1.0,
        bits_per_second=1000,
        size=0,
        sample_rate=44100,
        codec="mp3",
        has_cover=False,
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  plain ", "plain"),
        ("a\x00b\x07c", "abc"),
        ("line\r\nbreak\ttab", "line break tab"),
        ("a\u200bb\ufeff\u2060c", "abc"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("Café", "Café"),
        ("\ud800x", "?x"),
        ("\u200b \t", ""),
        ("x" * 10_000, "x" * 10_000),
    ],
)
def test_text_is_made_fit_for_display(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("03", 3), ("3/12", 3), (" 3 / 12", 3), ("1/0", 1), ("9999", 9999),
        ("0", None), ("00", None), ("A1", None), ("-1", None), ("", None), ("10000", None),
        ("3.5", None), ("/12", None),
    ],
)  # fmt: skip
def test_numbers_start_at_one(text: str, value: int | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1999", 1999), ("1999-04-01", 1999), ("1999-04-01T12:00:00", 1999), ("19990401", 1999), ("01.04.1999", 1999),
        ("(c) 2003", 2003), ("0000", None), ("20O1", None), ("199?", None), ("99", None), ("", None), ("12345", None),
        ("0999", None), ("3000", None),
    ],
)  # fmt: skip
def test_years_are_four_digits(text: str, value: int | None) -> None:
    assert year(text) == value


def test_the_date_of_the_release_comes_before_that_of_the_original() -> None:
    assert tags(date=["2011"], originaldate=["1971"]).year == 2011
    assert tags(date=["20O1"], originaldate=["1971"]).year == 1971


@pytest.mark.parametrize("artist", ["AC/DC", "Tyler, The Creator", "Simon & Garfunkel", "Rock;Jazz", "A / B"])
@pytest.mark.parametrize("v23", [False, True])
def test_artists_are_not_cut_at_separators(artist: str, v23: bool) -> None:
    assert tags(v23, artist=[artist]).artists == (artist,)


@pytest.mark.parametrize(
    ("artist", "ids", "names"),
    [
        ("One/Two", [f"{ID_1}/{ID_2}"], ("One", "Two")),
        ("One; Two", [f"{ID_1}; {ID_2}"], ("One", "Two")),
        ("AC/DC", [ID_1], ("AC/DC",)),
        ("AC/DC feat. Two", [f"{ID_1}/{ID_2}"], ("AC/DC feat. Two",)),
        ("AC/DC/Two", [f"{ID_1}/{ID_2}"], ("AC/DC/Two",)),
    ],
)
def test_id3v23_artists_are_cut_where_the_ids_say_how_many_there_are(
    artist: str, ids: list[str], names: tuple[str, ...]
) -> None:
    assert tags(True, artist=[artist], musicbrainz_artistid=ids).artists == names
    assert tags(False, artist=[artist], musicbrainz_artistid=ids).artists == (artist,)


def test_the_list_of_artists_wins_over_the_credit() -> None:
    assert tags(artist=["A feat. B"], artists=["A", "B"]).artists == ("A", "B")
    assert tags(artist=["A feat. B"], artists=[" "]).artists == ("A feat. B",)


@pytest.mark.parametrize(
    ("values", "v23", "genres"),
    [
        (["Rock;Jazz"], False, ("Rock", "Jazz")),
        (["Rock", "rock", "ROCK", "Jazz"], False, ("Rock", "Jazz")),
        (["Rock/Jazz"], True, ("Rock", "Jazz")),
        (["Rock/Jazz"], False, ("Rock/Jazz",)),
        (["Pop/Funk"], True, ("Pop/Funk",)),
        (["Rock/My Own"], True, ("Rock/My Own",)),
        (["(17)"], False, ("Rock",)),
        (["17"], False, ("Rock",)),
        (["(4)Eurodisco"], False, ("Disco", "Eurodisco")),
        (["(999)"], False, ("Unknown",)),
        (["", " ; "], False, ()),
        ([f"Genre {n}" for n in range(60)], False, tuple(f"Genre {n}" for n in range(60))),
    ],
)
def test_genres(values: list[str], v23: bool, genres: tuple[str, ...]) -> None:
    assert tags(v23, genre=values).genres == genres


def test_ids_are_found_by_their_shape() -> None:
    found = tags(
        musicbrainz_artistid=[f"{ID_1.upper()}/{ID_2}", "nonsense", ID_1], musicbrainz_albumid=["none"]
    )
    assert (found.artist_ids, found.release_id) == ((ID_1, ID_2), None)


def test_isrcs_are_found_by_their_shape() -> None:
    assert tags(isrc=["us-rc1-76-07839/GBAYE0000351", "x", "USRC17607839"]).isrcs == (
        "USRC17607839",
        "GBAYE0000351",
    )


@pytest.mark.parametrize(
    ("text", "flag"), [("1", True), ("True", True), ("0", False), ("", False), ("no", False)]
)
def test_compilation(text: str, flag: bool) -> None:
    assert tags(compilation=[text]).compilation is flag


@pytest.mark.parametrize("seconds", [0.0, -1.0, None, float("inf"), float("nan")])
def test_a_senseless_length_is_none(seconds: float | None) -> None:
    found = file_tags(
        {}, v23=False, seconds=seconds, bits_per_second=0, size=0, sample_rate=0, codec="mp3", has_cover=False
    )
    assert (found.duration_ms, found.bitrate, found.sample_rate) == (None, None, None)
