"""Songs, albums and plays of Navidrome's own API as values of the models. What it must have is not optional here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from soulsync_engine.models import Album, ArtistCredit, ItemRef, Kind, MusicBrainzIds, PlayEvent, Track
from soulsync_navidrome.values import milliseconds, moment, musicbrainz, positive, rating_from_stars

_UNTITLED: Final = "[untitled]"


class Person(msgspec.Struct):
    """Somebody who takes part in a song."""

    id: str | None = None
    name: str | None = None


class Participants(msgspec.Struct):
    """Who takes part, by role."""

    artist: list[Person] | None = None
    albumartist: list[Person] | None = None


class NamedGenre(msgspec.Struct):
    """A genre."""

    name: str | None = None


class NativeSong(msgspec.Struct):
    """A song; id, title, album and library tell that it really is one."""

    id: str
    title: str
    albumId: str
    libraryId: int
    libraryPath: str = ""
    path: str = ""
    album: str = ""
    artist: str = ""
    artistId: str = ""
    albumArtist: str = ""
    albumArtistId: str = ""
    trackNumber: int = 0
    discNumber: int = 0
    year: int = 0
    size: int = 0
    suffix: str = ""
    duration: float = 0.0
    bitRate: int = 0
    sampleRate: int = 0
    genre: str = ""
    genres: list[NamedGenre] | None = None
    rating: int | None = None
    starred: bool | None = None
    playCount: int | None = None
    playDate: str | None = None
    mbzRecordingID: str | None = None
    mbzReleaseTrackId: str | None = None
    mbzAlbumId: str | None = None
    mbzReleaseGroupId: str | None = None
    mbzArtistId: str | None = None
    mbzAlbumArtistId: str | None = None
    tags: dict[str, list[str]] | None = None
    participants: Participants | None = None
    createdAt: str | None = None
    updatedAt: str | None = None


class NativeAlbum(msgspec.Struct):
    """An album."""

    id: str
    name: str
    libraryId: int
    albumArtist: str = ""
    albumArtistId: str = ""
    maxYear: int = 0
    minYear: int = 0
    compilation: bool = False
    songCount: int = 0
    duration: float = 0.0
    genres: list[NamedGenre] | None = None
    sortAlbumName: str | None = None
    orderAlbumName: str | None = None
    rating: int | None = None
    starred: bool | None = None
    playCount: int | None = None
    mbzAlbumId: str | None = None
    mbzReleaseGroupId: str | None = None
    participants: Participants | None = None
    createdAt: str | None = None
    updatedAt: str | None = None


class NativePlay(msgspec.Struct):
    """One play; the time is in seconds since 1970."""

    id: int | str
    mediaFileId: str
    submissionTime: int


def track(song: NativeSong, server: str) -> Track:
    """A song."""
    people = song.participants or Participants()
    artists = _credits(people.artist, song.artist, song.artistId)
    return Track(
        ref=ItemRef(server, Kind.TRACK, song.id),
        title=song.title if song.title.strip() else _UNTITLED,
        artists=artists,
        album=song.album or None,
        album_id=song.albumId or None,
        album_artists=_credits(people.albumartist, song.albumArtist, song.albumArtistId),
        disc=positive(song.discNumber),
        track_number=positive(song.trackNumber),
        duration_ms=milliseconds(song.duration),
        year=positive(song.year),
        genres=_genres(song.genres, song.genre),
        musicbrainz=MusicBrainzIds(
            recording=musicbrainz(song.mbzRecordingID),
            track=musicbrainz(song.mbzReleaseTrackId),
            release=musicbrainz(song.mbzAlbumId),
            release_group=musicbrainz(song.mbzReleaseGroupId),
            artists=_ids(song.mbzArtistId),
            album_artists=_ids(song.mbzAlbumArtistId),
        ),
        isrcs=tuple((song.tags or {}).get("isrc", ())),
        path=_path(song.libraryPath, song.path),
        size=positive(song.size),
        bitrate=positive(song.bitRate),
        codec=song.suffix.lower() or None,
        sample_rate=positive(song.sampleRate),
        rating=rating_from_stars(song.rating),
        favorite=bool(song.starred),
        play_count=song.playCount or None,
        last_played=moment(song.playDate),
        library_id=str(song.libraryId),
        added=moment(song.createdAt),
        updated=moment(song.updatedAt),
    )


def album(found: NativeAlbum, server: str) -> Album:
    """An album."""
    people = found.participants or Participants()
    return Album(
        ref=ItemRef(server, Kind.ALBUM, found.id),
        title=found.name or _UNTITLED,
        artists=_credits(people.albumartist, found.albumArtist, found.albumArtistId),
        sort_title=found.sortAlbumName or found.orderAlbumName or None,
        year=positive(found.maxYear) or positive(found.minYear),
        genres=_genres(found.genres, ""),
        compilation=found.compilation,
        track_count=found.songCount,
        duration_ms=milliseconds(found.duration),
        musicbrainz=MusicBrainzIds(
            release=musicbrainz(found.mbzAlbumId), release_group=musicbrainz(found.mbzReleaseGroupId)
        ),
        rating=rating_from_stars(found.rating),
        favorite=bool(found.starred),
        play_count=found.playCount or None,
        library_id=str(found.libraryId),
        added=moment(found.createdAt),
        updated=moment(found.updatedAt),
        omitted=frozenset({"disc_count"}),
    )


def play(found: NativePlay, server: str, user: str | None) -> PlayEvent:
    """A play. The song it was of may be gone."""
    return PlayEvent(
        played_at=datetime.fromtimestamp(found.submissionTime, UTC),
        track=ItemRef(server, Kind.TRACK, found.mediaFileId) if found.mediaFileId else None,
        user=user,
    )


def _credits(people: list[Person] | None, name: str, artist_id: str) -> tuple[ArtistCredit, ...]:
    found = tuple(
        ArtistCredit(name=person.name, id=person.id or None) for person in people or () if person.name
    )
    if found or not name:
        return found
    return (ArtistCredit(name=name, id=artist_id or None),)


def _genres(several: list[NamedGenre] | None, single: str) -> tuple[str, ...]:
    names = [genre.name for genre in several or () if genre.name] or [single]
    return tuple(dict.fromkeys(name for name in names if name))


def _ids(text: str | None) -> tuple[str, ...]:
    """Several ids in one text, as older versions send them."""
    found = (musicbrainz(part) for part in (text or "").replace(";", "/").replace(" ", "/").split("/"))
    return tuple(part for part in found if part is not None)


def _path(root: str, path: str) -> str | None:
    if not path:
        return None
    return f"{root.rstrip('/')}/{path}" if root and not path.startswith("/") else path
