"""The scenarios of the kit. They are never overridden: a backend is measured against them as they are."""

from __future__ import annotations

import struct
import zlib
from itertools import cycle

from soulsync_engine.testing.audio import MAIN_FORMATS, AudioFormat
from soulsync_engine.testing.scenarios.model import Scenario, ScenarioTrack

DIFFICULT_CHARS = (
    "'quoted' \"twice\" back\\slash sl/ash *?:<>|&%#@!$^`~[]{}()=+,;. 100%41 &amp; <b>not bold</b>"
)
"""A title of characters that break queries, file names, URLs and markup."""

LONG_TITLE = "A Title That Goes On and On " + "and On " * 40 + "to Its End"

VARIOUS_ARTISTS = "Various Artists"


def _png(width: int, height: int) -> bytes:
    """A picture of one colour, written by hand so that the kit needs no picture library."""
    pixels = zlib.compress(b"".join(b"\0" + b"\x30\x60\x90" * width for _ in range(height)))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", pixels),
        (b"IEND", b""),
    )
    parts = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


COVER = _png(64, 64)
"""The cover that is embedded in the files of the first album of `small`, a PNG of 64 x 64 pixels."""

PAGE = 10
"""The page size of the paging tests."""


def empty() -> Scenario:
    """A library that is there and holds nothing.

    Music/
    """
    return Scenario(name="empty", tracks=())


def small() -> Scenario:
    """Three artists, five albums, seventeen tracks, every tag in place, the five common formats.

    Music/
    ├── Amber Foxes/
    │   ├── First Light (1998)/      4 tracks, with a cover
    │   └── Second Wind (2001)/      3 tracks
    ├── Cedar Engines/
    │   ├── Pistons (2010)/          4 tracks
    │   └── Valves (2012)/           3 tracks
    └── Tidal Kites/
        └── Neap (2020)/             3 tracks
    """
    return Scenario(
        name="small",
        tracks=(
            *_album(
                "Amber Foxes", "First Light", 1998, ("Dawn", "Dew", "Larks", "Window"), ("Folk",), cover=COVER
            ),
            *_album("Amber Foxes", "Second Wind", 2001, ("Uphill", "Crest", "Downhill"), ("Folk",)),
            *_album(
                "Cedar Engines", "Pistons", 2010, ("Intake", "Compression", "Power", "Exhaust"), ("Rock",)
            ),
            *_album("Cedar Engines", "Valves", 2012, ("Open", "Overlap", "Closed"), ("Rock",)),
            *_album("Tidal Kites", "Neap", 2020, ("Moon", "Shore", "String"), ("Ambient",)),
        ),
    )


def odd() -> Scenario:
    """What real collections are full of.

    Music/
    ├── Various Artists/Summer Tape/      a compilation of three artists
    ├── Long Walkers/The Road/            two discs
    ├── First Band/Greetings/             an album and a track title...
    ├── Second Band/Greetings/            ...that another artist has too
    ├── scripts/                          Cyrillic, Greek, Hebrew, Arabic, Japanese, Korean, combining accents, emoji
    ├── Up/Down (one artist)/             a slash in an artist's name, hostile characters in a title
    ├── Anna Trio/Together/               three artists on a track, three genres
    ├── Lengthy/                          a title of 300 characters
    └── loose/                            a file without tags, a file with a title only
    """
    tape = [
        ScenarioTrack(
            file=f"Various Artists/Summer Tape/0{number} {title}.{kind}",
            title=title,
            artists=(artist,),
            album="Summer Tape",
            album_artists=(VARIOUS_ARTISTS,),
            disc=1,
            track_number=number,
            year=1999,
            compilation=True,
        )
        for number, title, artist, kind in (
            (1, "Beach", "Sandy Shores", AudioFormat.MP3),
            (2, "Pool", "Chlorine Five", AudioFormat.FLAC),
            (3, "Ice Cream", "Vanilla Row", AudioFormat.M4A),
        )
    ]
    road = [
        ScenarioTrack(
            file=f"Long Walkers/The Road/{disc}-0{number} {title}.ogg",
            title=title,
            artists=("Long Walkers",),
            album="The Road",
            album_artists=("Long Walkers",),
            disc=disc,
            track_number=number,
            year=1975,
        )
        for disc, number, title in (
            (1, 1, "Setting Out"),
            (1, 2, "Milestone"),
            (2, 1, "Blisters"),
            (2, 2, "Home"),
        )
    ]
    scripts = [
        track
        for number, (artist, album, title) in enumerate(_SCRIPTS, start=1)
        for track in _album(artist, album, 2000 + number, (title,), (), folder=f"scripts/{number}")
    ]
    together = ScenarioTrack(
        file="Anna Trio/Together/01 Threefold.flac",
        title="Threefold",
        artists=("Anna Trio", "Bert & Sons", "Carla, the Third"),
        album="Together",
        album_artists=("Anna Trio",),
        disc=1,
        track_number=1,
        year=2015,
        genres=("Jazz", "Drum & Bass", "Spoken Word"),
    )
    return Scenario(
        name="odd",
        tracks=(
            *tape,
            *road,
            *_album("First Band", "Greetings", 2003, ("Hello", "Goodbye"), ("Pop",)),
            *_album("Second Band", "Greetings", 2007, ("Hello", "Again"), ("Pop",)),
            *scripts,
            *_album(
                "Up/Down", "Signs", 1990, (DIFFICULT_CHARS,), (), folder="Up_Down", kind=AudioFormat.FLAC
            ),
            together,
            *_album("Lengthy", "Long", 2011, (LONG_TITLE,), (), folder="Lengthy"),
            ScenarioTrack(file="loose/untagged noise.mp3"),
            ScenarioTrack(file="loose/a title alone.flac", title="Alone With a Title"),
        ),
    )


def paged(limit: int = PAGE) -> Scenario:
    """`2 * limit + 1` artists with one album of one track each, so that every listing has three pages.

    Music/
    ├── Artist 001/Album 001/01 Track 001.mp3
    ├── ...
    └── Artist 021/Album 021/01 Track 021.mp3       (with a limit of 10)
    """
    return Scenario(
        name=f"paged-{limit}",
        tracks=tuple(
            track
            for number in range(1, 2 * limit + 2)
            for track in _album(
                f"Artist {number:03}",
                f"Album {number:03}",
                1900 + number % 100,
                (f"Track {number:03}",),
                (),
                kind=AudioFormat.MP3,
            )
        ),
    )


def shared() -> Scenario:
    """Two libraries, one artist in both, so that what leaks from one into the other is seen.

    Music/
    ├── Both Sides/Left/             2 tracks
    └── Only Music/Here/             2 tracks
    Other/
    ├── Both Sides/Right/            2 tracks
    └── Only Other/There/            3 tracks
    """
    return Scenario(
        name="shared",
        libraries=("Music", "Other"),
        tracks=(
            *_album("Both Sides", "Left", 2001, ("Left One", "Left Two"), ()),
            *_album("Only Music", "Here", 2002, ("Here One", "Here Two"), ()),
            *_album("Both Sides", "Right", 2003, ("Right One", "Right Two"), (), library="Other"),
            *_album(
                "Only Other", "There", 2004, ("There One", "There Two", "There Three"), (), library="Other"
            ),
        ),
    )


_SCRIPTS = (
    ("Мумий Дом", "Морская", "Утекай"),
    ("Ζωή Βαρέλι", "Θάλασσα", "Κύματα"),
    ("שלום בית", "ירושלים", "דרך ארוכה"),
    ("فيروزة الشام", "الليل", "يا قمر"),
    ("椎名りんご飴", "無罪の夜", "歌舞伎町の朝"),
    ("김광진수", "서른 즈음", "거리에서"),
    ("Bjo\u0308rk Gudmunds", "Cafe\u0301", "De\u0301ja\u0300 Vu"),
    ("🎧 Emoji Choir 👩‍🚀", "🌍", "🎶 with 🧵"),
)


def _album(
    artist: str,
    album: str,
    year: int,
    titles: tuple[str, ...],
    genres: tuple[str, ...],
    *,
    folder: str | None = None,
    kind: AudioFormat | None = None,
    cover: bytes | None = None,
    library: str = "Music",
) -> tuple[ScenarioTrack, ...]:
    """An album by one artist; its files are named after the titles unless a `folder` is given."""
    kinds = cycle(MAIN_FORMATS if kind is None else (kind,))
    return tuple(
        ScenarioTrack(
            file=f"{folder}/{number:02}.{suffix}"
            if folder
            else f"{artist}/{album} ({year})/{number:02} {title}.{suffix}",
            title=title,
            artists=(artist,),
            album=album,
            album_artists=(artist,),
            disc=1,
            track_number=number,
            year=year,
            genres=genres,
            cover=cover,
            library=library,
        )
        for number, (title, suffix) in enumerate(zip(titles, kinds, strict=False), start=1)
    )
