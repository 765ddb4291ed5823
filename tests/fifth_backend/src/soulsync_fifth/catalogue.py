"""From the file to artists, albums and tracks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from soulsync_engine.models import Album, Artist, ArtistCredit, Item, ItemRef, Kind, Library, Track
from soulsync_fifth.document import Document, TrackEntry

UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the file lists, in its order. `artist_libraries` are the libraries each artist has tracks in."""

    libraries: tuple[Library, ...]
    artists: dict[str, Artist]
    albums: dict[str, Album]
    tracks: dict[str, Track]
    artist_libraries: dict[str, set[str]]

    def of_kind(self, kind: Kind) -> Mapping[str, Item]:
        """All items of one kind, by id; there are no playlists."""
        if kind is Kind.ARTIST:
            return self.artists
        if kind is Kind.ALBUM:
            return self.albums
        return self.tracks if kind is Kind.TRACK else {}

    def is_in(self, item: Item, libraries: Iterable[str]) -> bool:
        """Whether an item belongs to one of these libraries."""
        if isinstance(item, Artist):
            return not self.artist_libraries[item.ref.id].isdisjoint(libraries)
        return item.library_id in set(libraries)


def build(document: Document, server: str) -> Catalogue:
    """The catalogue of a file. Ids are hashes of what identifies an item, so they stay when others come and go."""
    libraries: list[Library] = []
    artists: dict[str, Artist] = {}
    tracks: dict[str, Track] = {}
    members: dict[str, list[Track]] = {}
    compilations: set[str] = set()
    artist_libraries: dict[str, set[str]] = {}
    for entry in document.libraries:
        library = Library(id=_id(entry.name), name=entry.name)
        libraries.append(library)
        for row in entry.tracks:
            track = _track(row, library.id, server)
            tracks[track.ref.id] = track
            members.setdefault(track.album_id or "", []).append(track)
            if row.compilation:
                compilations.add(track.album_id or "")
            for credit in track.album_artists:
                artist_id = credit.id or ""
                artists.setdefault(
                    artist_id, Artist(ref=ItemRef(server, Kind.ARTIST, artist_id), name=credit.name)
                )
                artist_libraries.setdefault(artist_id, set()).add(library.id)
    albums = {key: _album(key, found, key in compilations, server) for key, found in members.items()}
    return Catalogue(tuple(libraries), artists, albums, tracks, artist_libraries)


def _track(row: TrackEntry, library_id: str, server: str) -> Track:
    path = PurePosixPath(row.file)
    album = row.album or path.parent.name or UNKNOWN
    artists = row.artists or (UNKNOWN,)
    album_artists = row.album_artists or artists
    return Track(
        ref=ItemRef(server, Kind.TRACK, _id(library_id, row.file)),
        title=row.title or path.stem,
        artists=_credits(artists),
        album=album,
        album_id=_id(library_id, album, *album_artists),
        album_artists=_credits(album_artists),
        disc=row.disc,
        track_number=row.track_number,
        duration_ms=row.duration_ms,
        year=row.year,
        genres=row.genres,
        path=row.file,
        library_id=library_id,
    )


def _album(album_id: str, tracks: list[Track], compilation: bool, server: str) -> Album:
    first = tracks[0]
    return Album(
        ref=ItemRef(server, Kind.ALBUM, album_id),
        title=first.album or UNKNOWN,
        artists=first.album_artists,
        year=first.year,
        genres=tuple(dict.fromkeys(genre for track in tracks for genre in track.genres)),
        compilation=compilation,
        track_count=len(tracks),
        disc_count=len({track.disc or 1 for track in tracks}),
        library_id=first.library_id,
    )


def _credits(names: tuple[str, ...]) -> tuple[ArtistCredit, ...]:
    # Only album artists are listed as artists, so a credit may lead to nobody.
    return tuple(ArtistCredit(name=name, id=_id("artist", name)) for name in names)


def _id(*key: str) -> str:
    return sha256("\0".join(key).encode()).hexdigest()[:16]
