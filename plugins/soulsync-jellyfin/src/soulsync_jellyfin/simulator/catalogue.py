"""What the simulated server holds: libraries, artists, albums and tracks, made from a scenario or generated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import count
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from soulsync_engine.testing.scenarios import MUSIC, Scenario, ScenarioTrack

LONG_AGO: Final = datetime(2023, 3, 1, 12, tzinfo=UTC)
"""When a library was scanned that nobody touched since."""

_CONTAINERS: Final = {"m4a": "mov,mp4,m4a,3gp,3g2,mj2"}
"""A container may be a list of the demuxer's names [A 1.6]."""

_CODECS: Final = {"m4a": "aac", "ogg": "vorbis", "wav": "pcm_s16le"}
_ARTICLES: Final = re.compile(r"^(?:the|a|an) ", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Library:
    """A view. Its type is what the user chose when making it; its name is anything."""

    id: str
    name: str
    path: str
    collection_type: str | None = "music"


@dataclass(slots=True, kw_only=True)
class Picture:
    """A picture of an item."""

    data: bytes
    mime_type: str

    @property
    def tag(self) -> str:
        """Changes with the picture."""
        return md5(self.data, usedforsecurity=False).hexdigest()


@dataclass(slots=True, kw_only=True)
class Entry:
    """An item. `saved` is what `minDateLastSaved` looks at, which no answer shows."""

    id: str
    type: str
    name: str
    library: str | None = None
    created: datetime = LONG_AGO
    saved: datetime = LONG_AGO
    genres: tuple[str, ...] = ()
    provider_ids: dict[str, str] = field(default_factory=dict)
    overview: str | None = None
    forced_sort_name: str | None = None
    locked_fields: tuple[str, ...] = ()
    lock_data: bool = False
    pictures: dict[str, Picture] = field(default_factory=dict)
    path: str | None = None
    artists: tuple[str, ...] = ()
    album_artists: tuple[str, ...] = ()
    album: str | None = None
    album_id: str | None = None
    disc: int | None = None
    number: int | None = None
    year: int | None = None
    ticks: int = 0
    size: int = 0
    suffix: str = ""

    @property
    def container(self) -> str:
        """As the server names it."""
        return _CONTAINERS.get(self.suffix, self.suffix)

    @property
    def codec(self) -> str:
        """The codec of the sound."""
        return _CODECS.get(self.suffix, self.suffix)

    @property
    def etag(self) -> str:
        """A hash of when the item was saved [S BaseItem]."""
        return md5(f"{self.saved.timestamp()}".encode(), usedforsecurity=False).hexdigest()

    @property
    def sort_name(self) -> str:
        """Disc, number and title for tracks; without article and with padded numbers for others [A 2.6, F]."""
        if self.forced_sort_name:
            return self.forced_sort_name
        if self.type == "Audio":
            return f"{self.disc or 0:04} - {self.number or 0:04} - {self.name}"
        bare = _ARTICLES.sub("", self.name.lower())
        return re.sub(r"\d+", lambda digits: f"{digits[0]:0>10}", bare)


class Ids:
    """Hands out ids: hashes of type and path as Jellyfin's, or integers as Emby's; the same for the same thing."""

    def __init__(self, *, numbers: bool) -> None:
        self._numbers = numbers
        self._next = count(101)
        self._given: dict[str, str] = {}

    def of(self, *what: str) -> str:
        """The id of what these texts name."""
        key = "\n".join(what)
        if not self._numbers:
            return md5(key.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        if key not in self._given:
            self._given[key] = str(next(self._next))
        return self._given[key]


class Catalogue:
    """The libraries and items of one server. Changes are made under the server's lock."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.libraries: dict[str, Library] = {}
        self.items: dict[str, Entry] = {}
        self.version = 0
        """Goes up with every change, for caches."""

    def add_library(self, name: str, *, collection_type: str | None = "music") -> Library:
        """Add a library, or find it again."""
        library_id = self.ids.of("library", name)
        if library_id not in self.libraries:
            self.libraries[library_id] = Library(
                id=library_id, name=name, path=f"/media/{name}", collection_type=collection_type
            )
        return self.libraries[library_id]

    def put(self, entry: Entry, *, now: datetime | None = None) -> Entry:
        """Add an item, or what differs from what is there; with `now` that counts as saved then."""
        before = self.items.get(entry.id)
        if before is not None:
            entry = replace(entry, created=before.created, saved=before.saved)
            if entry == before:
                return before
        if now is not None:
            entry.created = now if before is None else before.created
            entry.saved = now
        self.items[entry.id] = entry
        self.version += 1
        return entry

    def touched(self, entry: Entry, now: datetime) -> None:
        """An item was edited in its place."""
        entry.saved = now
        self.version += 1

    def remove(self, ids: Iterable[str]) -> None:
        """Take items away."""
        for each in ids:
            if self.items.pop(each, None) is not None:
                self.version += 1

    def artist_id(self, name: str) -> str:
        """The id of the artist of that name."""
        return self.ids.of("artist", name)

    def genre_id(self, name: str) -> str:
        """Genres that differ in case are one [A 2.18]."""
        return self.ids.of("genre", name.lower())

    def scan(self, scenario: Scenario, *, now: datetime | None = None) -> None:
        """Make the libraries hold a scenario. With `now`, what differs was scanned then."""
        libraries = {name: self.add_library(name) for name in scenario.libraries}
        wanted: dict[str, Entry] = {}
        for number, track in enumerate(scenario.tracks):
            library = libraries[track.library]
            for entry in _entries(self, library, track, LONG_AGO + timedelta(seconds=number)):
                wanted.setdefault(entry.id, entry)
        music = [
            key for key, entry in self.items.items() if entry.type in ("Audio", "MusicAlbum", "MusicArtist")
        ]
        self.remove(key for key in music if key not in wanted)
        for entry in wanted.values():
            if entry.type == "MusicAlbum":
                entry.ticks = sum(each.ticks for each in wanted.values() if each.album_id == entry.id)
            self.put(entry, now=now)

    def generate(self, *, tracks: int, albums: int, artists: int) -> None:
        """So many of each in the library Music, spread evenly."""
        library = self.add_library(MUSIC)
        names = [f"Artist {number:06}" for number in range(artists)]
        for name in names:
            self._generated(
                Entry(id=self.artist_id(name), type="MusicArtist", name=name), number=len(self.items)
            )
        titles = [(f"Album {number:06}", names[number % artists]) for number in range(albums)]
        for title, artist in titles:
            self._generated(
                _album(self, library, title, (artist,), f"{library.path}/{artist}/{title}"),
                number=len(self.items),
            )
        for number in range(tracks):
            title, artist = titles[number % albums]
            place = number // albums + 1
            entry = Entry(
                id=self.ids.of("track", str(number)),
                type="Audio",
                name=f"Track {number:07}",
                library=library.id,
                path=f"{library.path}/{artist}/{title}/{place:02}.flac",
                genres=("Rock",),
                artists=(artist,),
                album_artists=(artist,),
                album=title,
                album_id=self.ids.of("album", library.id, title, artist),
                disc=1,
                number=place,
                year=2000,
                ticks=1_800_000_000 + number * 10_000,
                size=20_000_000 + number,
                suffix="flac",
                provider_ids=_tagged(number, title, artist),
            )
            self._generated(entry, number=len(self.items))
        self.version += 1

    def _generated(self, entry: Entry, *, number: int) -> None:
        entry.created = entry.saved = LONG_AGO + timedelta(seconds=number)
        self.items[entry.id] = entry


def _tagged(number: int, title: str, artist: str) -> dict[str, str]:
    """What taggers write into every file, and the server reads from it [F]."""
    return {
        "MusicBrainzArtist": _uuid("artist", artist),
        "MusicBrainzAlbumArtist": _uuid("artist", artist),
        "MusicBrainzAlbum": _uuid("album", title),
        "MusicBrainzReleaseGroup": _uuid("group", title),
        "MusicBrainzTrack": _uuid("track", str(number)),
    }


def _uuid(*what: str) -> str:
    return str(uuid5(NAMESPACE_OID, "\n".join(what)))


def _entries(catalogue: Catalogue, library: Library, track: ScenarioTrack, when: datetime) -> Iterable[Entry]:
    """The track, and the album and artists it is the first to name."""
    for name in dict.fromkeys((*track.album_artists, *track.artists)):
        artist = Entry(id=catalogue.artist_id(name), type="MusicArtist", name=name)
        artist.created = artist.saved = when
        yield artist
    cover = {"Primary": Picture(data=track.cover, mime_type="image/png")} if track.cover else {}
    album: Entry | None = None
    if track.album is not None:
        folder = track.file.rpartition("/")[0]
        album = _album(catalogue, library, track.album, track.album_artists, f"{library.path}/{folder}")
        album.artists = track.artists
        album.genres, album.year, album.pictures = track.genres, track.year, cover
        album.created = album.saved = when
        yield album
    path = f"{library.path}/{track.file}"
    entry = Entry(
        id=catalogue.ids.of("track", library.id, track.file),
        type="Audio",
        # An untagged file is called after its stem [A 2.16, F].
        name=track.title or track.file.rpartition("/")[2].rpartition(".")[0],
        library=library.id,
        path=path,
        genres=track.genres,
        artists=track.artists,
        album_artists=track.album_artists,
        album=track.album,
        album_id=None if album is None else album.id,
        disc=track.disc,
        number=track.track_number,
        year=track.year,
        ticks=track.duration_ms * 10_000,
        size=4096,
        suffix=track.file.rpartition(".")[2],
        pictures=cover,
        provider_ids={"MusicBrainzRecording": track.recording_id} if track.recording_id else {},
    )
    entry.created = entry.saved = when
    yield entry


def _album(catalogue: Catalogue, library: Library, title: str, artists: tuple[str, ...], path: str) -> Entry:
    return Entry(
        id=catalogue.ids.of("album", library.id, title, *artists),
        type="MusicAlbum",
        name=title,
        library=library.id,
        path=path,
        album_artists=artists,
        artists=artists,
    )
