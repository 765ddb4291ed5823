"""What a simulated server holds: songs, grouped into albums and artists as such servers group them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, cast

from soulsync_engine.testing.scenarios import Scenario, ScenarioTrack

UNKNOWN_ARTIST: Final = "[Unknown Artist]"
UNKNOWN_ALBUM: Final = "[Unknown Album]"
_BEGINNING: Final = datetime(2024, 1, 1, tzinfo=UTC)
_BITRATES: Final = {"mp3": 192, "flac": 900, "ogg": 160, "opus": 128, "m4a": 256}

Named = tuple[str, str]
"""The id and the name of an artist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A song as the server knows it. `path` is real, below the directory of its library."""

    id: str
    title: str
    artists: tuple[Named, ...]
    album_id: str
    album: str
    album_artists: tuple[Named, ...]
    disc: int | None
    number: int | None
    year: int | None
    genres: tuple[str, ...]
    seconds: int
    path: str
    library: int
    size: int
    recording_id: str | None
    isrcs: tuple[str, ...]
    compilation: bool
    added: datetime
    cover: bytes | None = field(default=None, repr=False)

    @property
    def suffix(self) -> str:
        """The file's suffix."""
        return self.path.rpartition(".")[2]

    @property
    def bitrate(self) -> int:
        """In kbit/s."""
        return _BITRATES.get(self.suffix, 128)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An album: its songs in their order."""

    id: str
    name: str
    artists: tuple[Named, ...]
    library: int
    songs: tuple[Song, ...]
    added: datetime


class Catalogue:
    """Songs, and the albums and artists they make; immutable once made."""

    def __init__(self, songs: Iterable[Song], libraries: Iterable[str]) -> None:
        self.libraries = dict(enumerate(libraries, start=1))
        self._lists: dict[str, list[Song] | list[Group]] = {}
        self.songs = {song.id: song for song in songs}
        grouped: dict[str, list[Song]] = {}
        for song in self.songs.values():
            grouped.setdefault(song.album_id, []).append(song)
        self.albums = {
            album_id: Group(
                id=album_id,
                name=members[0].album,
                artists=members[0].album_artists,
                library=members[0].library,
                songs=tuple(sorted(members, key=lambda song: (song.disc or 1, song.number or 0, song.title))),
                added=min(song.added for song in members),
            )
            for album_id, members in grouped.items()
        }
        self.artists: dict[str, str] = {}
        self.albums_of: dict[str, list[Group]] = {}
        """By artist, everything the artist is on: as album artist first of all, but as a guest, too."""
        self.album_artists: dict[str, None] = {}
        for group in self.albums.values():
            for artist_id, name in group.artists:
                self.artists[artist_id] = name
                self.album_artists[artist_id] = None
            credited = dict([*group.artists, *(artist for song in group.songs for artist in song.artists)])
            for artist_id, name in credited.items():
                self.artists.setdefault(artist_id, name)
                self.albums_of.setdefault(artist_id, []).append(group)

    def songs_of(self, library: int | None) -> list[Song]:
        """The songs of one library, or of all, in the order of listings."""
        return self._songs(f"songs of {library}", lambda song: library in (None, song.library))

    def albums_of_library(self, library: int | None) -> list[Group]:
        """The albums of one library, or of all."""
        return [group for group in self.albums.values() if library in (None, group.library)]

    def songs_by_id(self) -> list[Song]:
        """The songs in the order of their ids."""
        key = "songs by id"
        if key not in self._lists:
            self._lists[key] = sorted(self.songs.values(), key=lambda song: song.id)
        return cast("list[Song]", self._lists[key])

    def albums_in_order(self, key: str, order: Callable[[Group], tuple[str | float, ...]]) -> list[Group]:
        """The albums in an order, which is made only once for each key."""
        if key not in self._lists:
            self._lists[key] = sorted(self.albums.values(), key=order)
        return cast("list[Group]", self._lists[key])

    def _songs(self, key: str, wanted: Callable[[Song], bool]) -> list[Song]:
        if key not in self._lists:
            self._lists[key] = [song for song in self.songs.values() if wanted(song)]
        return cast("list[Song]", self._lists[key])


class Naming:
    """How a server makes ids. Another `salt` names everything anew; `uuids` are longer and have dashes."""

    def __init__(self, salt: str = "", *, uuids: bool = False) -> None:
        self._salt = salt
        self._uuids = uuids

    def __call__(self, kind: str, *key: str) -> str:
        """The id of what is identified by this key."""
        text = "\0".join((self._salt, kind, *key))
        if self._uuids:
            return str(uuid.uuid5(uuid.NAMESPACE_OID, text))
        return hashlib.blake2b(text.encode(), digest_size=11).hexdigest()


def from_scenario(scenario: Scenario, naming: Naming, known: Catalogue | None = None) -> Catalogue:
    """A scenario as a catalogue. What was `known` before keeps the time at which it was added."""
    libraries = {name: number for number, name in enumerate(scenario.libraries, start=1)}
    now = _BEGINNING if known is None else datetime.now(UTC).replace(microsecond=0)
    songs = [_song(track, naming, libraries[track.library], now) for track in scenario.tracks]
    if known is not None:
        songs = [
            replace(song, added=known.songs[song.id].added) if song.id in known.songs else song
            for song in songs
        ]
    return Catalogue(songs, scenario.libraries)


def generated(tracks: int, naming: Naming, *, per_album: int = 10, albums_per_artist: int = 2) -> Catalogue:
    """A library of so many made-up tracks."""
    songs = []
    for index in range(tracks):
        album_number = index // per_album
        artist = f"Artist {album_number // albums_per_artist:05}"
        title = f"Album {album_number:06}"
        number = index % per_album + 1
        who = ((naming("artist", artist), artist),)
        songs.append(
            Song(
                id=naming("song", str(index)),
                title=f"Track {index:07}",
                artists=who,
                album_id=naming("album", title),
                album=title,
                album_artists=who,
                disc=1,
                number=number,
                year=1960 + album_number % 60,
                genres=("Rock", "Pop") if album_number % 3 else ("Jazz",),
                seconds=180 + index % 120,
                path=f"{artist}/{title}/{number:02} Track {index:07}.flac",
                library=1,
                size=20_000_000 + index,
                recording_id=str(uuid.UUID(int=index + 1)),
                isrcs=(f"XX-ABC-24-{index % 100000:05}",),
                compilation=False,
                added=_BEGINNING + timedelta(seconds=index),
            )
        )
    return Catalogue(songs, ("Music",))


def _song(track: ScenarioTrack, naming: Naming, library: int, now: datetime) -> Song:
    artists = track.artists or (UNKNOWN_ARTIST,)
    album_artists = track.album_artists or artists
    album = track.album or UNKNOWN_ALBUM
    place = str(library)
    return Song(
        id=naming("song", place, track.file),
        title=track.title or PurePosixPath(track.file).stem,
        artists=tuple((naming("artist", name), name) for name in artists),
        album_id=naming("album", place, album, *album_artists),
        album=album,
        album_artists=tuple((naming("artist", name), name) for name in album_artists),
        disc=track.disc,
        number=track.track_number,
        year=track.year,
        genres=track.genres,
        seconds=max(1, round(track.duration_ms / 1000)),
        path=track.file,
        library=library,
        size=4000 + len(track.file),
        recording_id=track.recording_id,
        isrcs=track.isrcs,
        compilation=track.compilation,
        added=now,
        cover=track.cover,
    )
