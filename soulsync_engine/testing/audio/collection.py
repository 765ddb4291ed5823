"""A plausible music collection of any size, made of real tagged files, the same for the same seed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from random import Random

from soulsync_engine.testing.audio.tags import Tags
from soulsync_engine.testing.audio.templates import MAIN_FORMATS, AudioFormat
from soulsync_engine.testing.audio.writing import write_audio

_FIRST = (
    "Amber", "Broken", "Cedar", "Distant", "Electric", "Faded", "Golden", "Hollow", "Iron", "Jade", "Kind", "Lunar",
    "Marble", "Northern", "Open", "Paper", "Quiet", "Red", "Silver", "Tidal", "Upper", "Velvet", "Winter", "Young",
)  # fmt: skip
_SECOND = (
    "Anchors", "Bells", "Cities", "Dogs", "Engines", "Foxes", "Gardens", "Harbours", "Islands", "Journals", "Kites",
    "Lanterns", "Mirrors", "Nights", "Orchards", "Parades", "Rivers", "Satellites", "Trains", "Umbrellas", "Valleys",
    "Wolves", "Years", "Zeppelins",
)  # fmt: skip
_ELSEWHERE = (
    "Björk Guðmunds", "Sigur Röst", "Café Tacubá", "Дельфины", "Мумий Дом", "椎名りんご", "きゃりー", "김광진",
    "Ζωή Βαρέλι", "فيروزة", "Édith Pïaf", "Mötley Düsen", "Żywiołek", "Dvořák Trio",
)  # fmt: skip
_LINES = (
    "After the {b}", "All the {b}", "Before {a} {b}", "Calling {b}", "{a}", "{a} {b}", "{a} Morning", "Never {a}",
    "No More {b}", "Song for {b}", "Ten Thousand {b}", "The {a} Road", "Waiting on {b}", "Where {b} Go",
)  # fmt: skip
_GENRES = (
    "Rock", "Jazz", "Electronic", "Folk", "Hip Hop", "Classical", "Ambient", "Soul", "Metal", "Pop", "Indie Rock",
    "Post-Punk", "Dub", "House", "Blues", "Drum & Bass",
)  # fmt: skip
_VARIOUS_ARTISTS = "Various Artists"
_VARIOUS_ARTISTS_ID = "89ad4ac3-39f7-470e-963a-56509c546377"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryContents:
    """What was made: `files` (one track each), `albums`, and the distinct `album_artists` and track `artists`."""

    root: Path
    files: int
    albums: int
    album_artists: int
    artists: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Artist:
    name: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Album:
    title: str
    artist: _Artist
    year: int
    genres: tuple[str, ...]
    format: AudioFormat
    discs: tuple[int, ...]
    compilation: bool
    release_id: str
    release_group_id: str
    known_to_musicbrainz: bool


def generate_library(
    root: str | PathLike[str],
    count: int,
    *,
    seed: int = 0,
    formats: Sequence[AudioFormat] = MAIN_FORMATS,
    cover: bytes | None = None,
) -> LibraryContents:
    """Make `count` tagged files under `root` (made when missing) as `Artist/Album (Year)/[disc-]NN Title.ext`.

    The same arguments give the same files, byte for byte. Albums have 8 to 14 tracks a disc (the last one may be cut
    short by `count`), one in twelve has two discs, one in fifteen is a compilation of several artists; nine in ten
    carry MusicBrainz ids. An album is in one format, taken from `formats` in turn, so that each has about the same
    share. `cover` is embedded in every file. Raises `OSError` when it cannot write there.
    """
    random = Random(seed)
    base = Path(root)
    base.mkdir(parents=True, exist_ok=True)
    made = albums = 0
    album_artists: set[str] = set()
    artists: set[str] = set()
    for album in _albums(random, formats):
        if made == count:
            break
        albums += 1
        album_artists.add(album.artist.name)
        folder = base / _file_name(album.artist.name) / _file_name(f"{album.title} ({album.year})")
        folder.mkdir(parents=True, exist_ok=True)
        for name, tags in _tracks(random, album, cover):
            if made == count:
                break
            write_audio(folder / name, album.format, tags)
            artists.update(tags.artists)
            made += 1
    return LibraryContents(
        root=base, files=made, albums=albums, album_artists=len(album_artists), artists=len(artists)
    )


def _mbid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _artist(random: Random) -> _Artist:
    if random.random() < 0.12:
        name = f"{random.choice(_ELSEWHERE)} {random.randint(1, 99)}"
    else:
        prefix = "The " if random.random() < 0.3 else ""
        name = f"{prefix}{random.choice(_FIRST)} {random.choice(_SECOND)}"
    return _Artist(name=name, id=str(uuid.uuid5(uuid.NAMESPACE_URL, name)))


def _line(random: Random) -> str:
    return random.choice(_LINES).format(a=random.choice(_FIRST), b=random.choice(_SECOND))


def _albums(random: Random, formats: Sequence[AudioFormat]) -> Iterator[_Album]:
    """Albums without end: an artist has one to four, all with different titles and years."""
    number = 0
    various = _Artist(name=_VARIOUS_ARTISTS, id=_VARIOUS_ARTISTS_ID)
    while True:
        artist = _artist(random)
        for _ in range(random.randint(1, 4)):
            compilation = random.random() < 1 / 15
            number += 1
            discs = 2 if random.random() < 1 / 12 else 1
            yield _Album(
                # The number keeps two albums of one artist apart at any size of the collection.
                title=f"{_line(random)}, Vol. {number}",
                artist=various if compilation else artist,
                year=random.randint(1965, 2024),
                genres=tuple(random.sample(_GENRES, random.randint(1, 3))),
                format=formats[number % len(formats)],
                discs=tuple(random.randint(8, 14) for _ in range(discs)),
                compilation=compilation,
                release_id=_mbid(random),
                release_group_id=_mbid(random),
                known_to_musicbrainz=random.random() < 0.9,
            )


def _tracks(random: Random, album: _Album, cover: bytes | None) -> Iterator[tuple[str, Tags]]:
    for disc, length in enumerate(album.discs, start=1):
        for track in range(1, length + 1):
            title = _line(random)
            main = _artist(random) if album.compilation else album.artist
            guests = (_artist(random),) if random.random() < 0.08 else ()
            credited = (main, *(guest for guest in guests if guest.name != main.name))
            tagged = album.known_to_musicbrainz
            prefix = f"{disc}-" if len(album.discs) > 1 else ""
            name = f"{prefix}{track:02d} {_file_name(title)}{album.format.suffix}"
            yield (
                name,
                Tags(
                    title=title,
                    artists=tuple(artist.name for artist in credited),
                    artist_credit=" feat. ".join(artist.name for artist in credited)
                    if len(credited) > 1 and tagged
                    else None,
                    album=album.title,
                    album_artists=(album.artist.name,),
                    track=track,
                    track_total=length,
                    disc=disc,
                    disc_total=len(album.discs),
                    year=album.year,
                    genres=album.genres,
                    compilation=album.compilation,
                    recording_id=_mbid(random) if tagged else None,
                    track_id=_mbid(random) if tagged else None,
                    release_id=album.release_id if tagged else None,
                    release_group_id=album.release_group_id if tagged else None,
                    artist_ids=tuple(artist.id for artist in credited) if tagged else (),
                    album_artist_ids=(album.artist.id,) if tagged else (),
                    isrcs=(f"XX{random.randint(0, 10**10 - 1):010d}",) if tagged else (),
                    cover=cover,
                ),
            )


def _file_name(text: str) -> str:
    return text.replace("/", "_").rstrip(". ") or "_"
