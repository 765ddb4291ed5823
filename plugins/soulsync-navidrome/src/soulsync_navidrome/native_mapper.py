"""Songs, albums and plays of Navidrome's own API as values of the models. What it must have is not optional here."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from soulsync_engine.models import Album, ItemRef, Kind, MusicBrainzIds, PlayEvent, Track
from soulsync_navidrome.credits import credits, genres
from soulsync_navidrome.mapper import UNTITLED
from soulsync_navidrome.values import milliseconds, musicbrainz, positive, rating_from_stars, utc
from soulsync_navidrome.wire import Wire

_TRACK: Final = Kind.TRACK


class Participants(Wire):
    """Who takes part, by role."""

    artist: msgspec.Raw = msgspec.Raw()
    albumartist: msgspec.Raw = msgspec.Raw()


class Tags(Wire):
    """What else the file says."""

    isrc: tuple[str, ...] = ()


class NativeSong(Wire):
    """A song; id, title, album and library tell that it really is one."""

    id: str
    title: str
    album_id: str
    library_id: int
    library_path: str = ""
    path: str = ""
    album: str = ""
    artist: str = ""
    artist_id: str = ""
    album_artist: str = ""
    album_artist_id: str = ""
    track_number: int = 0
    disc_number: int = 0
    year: int = 0
    size: int = 0
    suffix: str = ""
    duration: float = 0.0
    bit_rate: int = 0
    sample_rate: int = 0
    genre: str = ""
    genres: msgspec.Raw = msgspec.Raw()
    rating: int | None = None
    starred: bool | None = None
    play_count: int | None = None
    play_date: datetime | None = None
    mbz_recording: str | None = msgspec.field(name="mbzRecordingID", default=None)
    mbz_release_track_id: str | None = None
    mbz_album_id: str | None = None
    mbz_release_group_id: str | None = None
    mbz_artist_id: str | None = None
    mbz_album_artist_id: str | None = None
    tags: Tags | None = None
    participants: Participants | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class NativeAlbum(Wire):
    """An album."""

    id: str
    name: str
    library_id: int
    album_artist: str = ""
    album_artist_id: str = ""
    max_year: int = 0
    min_year: int = 0
    compilation: bool = False
    song_count: int = 0
    duration: float = 0.0
    genres: msgspec.Raw = msgspec.Raw()
    sort_album_name: str | None = None
    order_album_name: str | None = None
    rating: int | None = None
    starred: bool | None = None
    play_count: int | None = None
    mbz_album_id: str | None = None
    mbz_release_group_id: str | None = None
    participants: Participants | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class NativePlay(Wire):
    """One play; the time is in seconds since 1970."""

    id: int | str
    media_file_id: str
    submission_time: int


_NOBODY: Final = Participants()
_NO_OMISSION: Final[frozenset[str]] = frozenset()
_NO_PATH: Final = frozenset({"path"})


def track(song: NativeSong, server: str) -> Track:
    """A song."""
    people = song.participants or _NOBODY
    release, release_group, artists, album_artists = _shared_ids(
        song.mbz_album_id, song.mbz_release_group_id, song.mbz_artist_id, song.mbz_album_artist_id
    )
    return Track(
        ref=ItemRef(server, _TRACK, song.id),
        title=song.title if song.title.strip() else UNTITLED,
        artists=credits(people.artist, song.artist, song.artist_id),
        album=song.album or None,
        album_id=song.album_id or None,
        album_artists=credits(people.albumartist, song.album_artist, song.album_artist_id),
        disc=positive(song.disc_number),
        track_number=positive(song.track_number),
        duration_ms=milliseconds(song.duration),
        year=positive(song.year),
        genres=genres(song.genres, song.genre),
        musicbrainz=MusicBrainzIds(
            recording=musicbrainz(song.mbz_recording),
            track=musicbrainz(song.mbz_release_track_id),
            release=release,
            release_group=release_group,
            artists=artists,
            album_artists=album_artists,
        ),
        isrcs=song.tags.isrc if song.tags else (),
        path=_path(song.library_path, song.path),
        size=positive(song.size),
        bitrate=positive(song.bit_rate),
        codec=song.suffix.lower() or None,
        sample_rate=positive(song.sample_rate),
        rating=rating_from_stars(song.rating),
        favorite=bool(song.starred),
        play_count=song.play_count or None,
        last_played=utc(song.play_date),
        library_id=str(song.library_id),
        added=utc(song.created_at),
        updated=utc(song.updated_at),
        omitted=_NO_OMISSION if song.path else _NO_PATH,
    )


def album(found: NativeAlbum, server: str) -> Album:
    """An album."""
    people = found.participants or _NOBODY
    return Album(
        ref=ItemRef(server, Kind.ALBUM, found.id),
        title=found.name or UNTITLED,
        artists=credits(people.albumartist, found.album_artist, found.album_artist_id),
        sort_title=found.sort_album_name or found.order_album_name or None,
        year=positive(found.max_year) or positive(found.min_year),
        genres=genres(found.genres, None),
        compilation=found.compilation,
        track_count=found.song_count,
        duration_ms=milliseconds(found.duration),
        musicbrainz=MusicBrainzIds(
            release=musicbrainz(found.mbz_album_id), release_group=musicbrainz(found.mbz_release_group_id)
        ),
        rating=rating_from_stars(found.rating),
        favorite=bool(found.starred),
        play_count=found.play_count or None,
        library_id=str(found.library_id),
        added=utc(found.created_at),
        updated=utc(found.updated_at),
        omitted=frozenset({"disc_count"}),
    )


def play(found: NativePlay, server: str, user: str | None) -> PlayEvent:
    """A play. The song it was of may be gone."""
    try:
        played_at = datetime.fromtimestamp(found.submission_time, UTC)
    except (OverflowError, OSError):
        raise ValueError("it was played beyond the end of time") from None
    return PlayEvent(
        played_at=played_at,
        track=ItemRef(server, Kind.TRACK, found.media_file_id) if found.media_file_id else None,
        user=user,
    )


@lru_cache(maxsize=2048)
def _shared_ids(
    release: str | None, release_group: str | None, artists: str | None, album_artists: str | None
) -> tuple[str | None, str | None, tuple[str, ...], tuple[str, ...]]:
    """The MusicBrainz ids that the songs of an album share, read once for all of them."""
    return musicbrainz(release), musicbrainz(release_group), _ids(artists), _ids(album_artists)


def _ids(text: str | None) -> tuple[str, ...]:
    """Several ids in one text, as older versions send them."""
    if not text:
        return ()
    found = (musicbrainz(part) for part in text.replace(";", "/").replace(" ", "/").split("/"))
    return tuple(part for part in found if part is not None)


def _path(root: str, path: str) -> str | None:
    if not path:
        return None
    return f"{root.rstrip('/')}/{path}" if root and not path.startswith("/") else path
