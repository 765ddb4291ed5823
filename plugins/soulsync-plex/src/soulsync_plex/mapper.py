"""From what the server sends to the engine's models: pure functions, without a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from soulsync_engine.models import (
    ActivePlay,
    Album,
    Artist,
    ArtistCredit,
    Item,
    ItemRef,
    Kind,
    Library,
    MusicBrainzIds,
    PlayEvent,
    Playlist,
    Track,
)
from soulsync_plex.wire import (
    EventRow,
    Guid,
    ItemRow,
    Key,
    Media,
    Part,
    PlaylistRow,
    Section,
    SessionRow,
    Stream,
    Tag,
)

TYPES: Final = {Kind.ARTIST: 8, Kind.ALBUM: 9, Kind.TRACK: 10}
"""The server's number of each kind."""

OF_ALBUMS: Final = frozenset({"year", "genres"})
"""The fields of a track that its album may have to tell."""

_TRACK: Final = Kind.TRACK
"""Looking it up in its class costs more than making the reference it is for."""
_SOUND: Final = 2
_NO_IDS: Final = MusicBrainzIds()
_NO_MEDIA: Final = Media()
_NO_PART: Final = Part()
_MBID: Final = re.compile(r"mbid://([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AlbumFacts:
    """What Plex keeps at the album and the models have at the track too."""

    year: int | None
    genres: tuple[str, ...]


def key_of(value: Key) -> str | None:
    """An id as an opaque text; None where there is none."""
    if isinstance(value, str):
        return value or None
    return None if value is None else str(value)


def track(row: ItemRow, *, server: str, library_id: str, albums: Mapping[str, AlbumFacts]) -> Track:
    """A track. `albums` are those that were looked up, by key; raises `ValueError` for a row without a key.

    Large libraries pass through here, so that what many tracks share is made once.
    """
    version = row.Media[0] if row.Media else _NO_MEDIA
    part = version.Part[0] if version.Part else _NO_PART
    sample_rate = _sample_rate(part.Stream) if part.Stream else None
    artist = row.grandparentTitle
    album_artists = _credits(artist, key_of(row.grandparentRatingKey)) if artist else ()
    year, genres = row.year or row.parentYear, _tags(row.Genre)
    album_id = key_of(row.parentRatingKey)
    album = albums.get(album_id) if album_id else None
    if album is not None:
        year, genres = year or album.year, genres or album.genres
    album_known = album is not None or album_id is None
    played = row.lastViewedAt
    return Track(
        ref=ItemRef(server, _TRACK, _required_key(row)),
        title=row.title or _stem(part.file) or "[untitled]",
        artists=_credits(row.originalTitle, None) if row.originalTitle else album_artists,
        album=row.parentTitle or None,
        album_id=album_id,
        album_artists=album_artists,
        disc=_counted(row.parentIndex),
        track_number=_counted(row.index),
        duration_ms=row.duration or None,
        year=year,
        genres=genres,
        musicbrainz=_recording(row.Guid) if row.Guid else _NO_IDS,
        path=part.file,
        size=part.size,
        bitrate=version.bitrate or None,
        codec=version.audioCodec or version.container,
        sample_rate=sample_rate,
        rating=None if row.userRating is None else rating_of(row.userRating),
        play_count=row.viewCount or 0,
        last_played=moment(played) if played else None,
        library_id=library_id,
        added=_shared_moment(row.addedAt),
        updated=_shared_moment(row.updatedAt),
        omitted=_omitted(
            sample_rate is None,
            not album_known and not year,
            not album_known and not genres,
            not row.Media,
            not row.Media and not row.Guid,
        ),
    )


def with_album(track: Track, album: AlbumFacts) -> Track:
    """A track that was mapped before its album was looked up, with what the album knows."""
    return replace(
        track,
        year=track.year or album.year,
        genres=track.genres or album.genres,
        omitted=track.omitted - OF_ALBUMS,
    )


def album(row: ItemRow, *, server: str, library_id: str) -> Album:
    """An album; raises `ValueError` for a row without a key."""
    mbid = _mbid(row.Guid)
    return Album(
        ref=ItemRef(server, Kind.ALBUM, _required_key(row)),
        title=row.title or "[untitled]",
        artists=_credits(row.parentTitle, key_of(row.parentRatingKey)) if row.parentTitle else (),
        sort_title=row.titleSort or None,
        year=row.year,
        genres=_tags(row.Genre),
        compilation=True if any(tag.tag == "Compilation" for tag in row.Subformat) else None,
        track_count=row.leafCount,
        musicbrainz=MusicBrainzIds(release=mbid) if mbid else _NO_IDS,
        rating=rating_of(row.userRating),
        play_count=row.viewCount or 0,
        library_id=library_id,
        added=moment(row.addedAt),
        updated=moment(row.updatedAt),
    )


def artist(row: ItemRow, *, server: str, library_id: str) -> Artist:
    """An artist; raises `ValueError` for a row without a key."""
    return Artist(
        ref=ItemRef(server, Kind.ARTIST, _required_key(row)),
        name=row.title or "[unknown]",
        sort_name=row.titleSort or None,
        genres=_tags(row.Genre),
        biography=row.summary or None,
        musicbrainz_id=_mbid(row.Guid),
        album_count=row.childCount,
        track_count=row.leafCount,
        rating=rating_of(row.userRating),
        library_id=library_id,
        added=moment(row.addedAt),
        updated=moment(row.updatedAt),
    )


def item(kind: Kind, row: ItemRow, *, server: str, library_id: str) -> Item:
    """An item of any kind. A track's album is not looked up."""
    if kind is Kind.ARTIST:
        return artist(row, server=server, library_id=library_id)
    if kind is Kind.ALBUM:
        return album(row, server=server, library_id=library_id)
    return track(row, server=server, library_id=library_id, albums={})


def album_facts(row: ItemRow) -> AlbumFacts:
    """What an album tells of its tracks."""
    return AlbumFacts(year=row.year, genres=_tags(row.Genre))


def library(section: Section) -> Library:
    """A section as a library."""
    return Library(
        id=key_of(section.key) or "",
        name=section.title or key_of(section.key) or "",
        paths=tuple(location.path for location in section.Location if location.path),
    )


def playlist(row: PlaylistRow, *, server: str) -> Playlist:
    """A playlist; raises `ValueError` for a row without a key."""
    native_id = key_of(row.ratingKey)
    if native_id is None:
        raise ValueError("a playlist without a key")
    reason = "its content is made by rules" if row.smart else "it is a radio station" if row.radio else None
    return Playlist(
        ref=ItemRef(server, Kind.PLAYLIST, native_id),
        name=row.title or "",
        description=row.summary or None,
        read_only=reason,
        track_count=row.leafCount,
        duration_ms=row.duration,
        added=moment(row.addedAt),
        updated=moment(row.updatedAt),
    )


def play_event(
    row: EventRow, *, server: str, users: Mapping[str, str], devices: Mapping[str, str]
) -> PlayEvent | None:
    """A play; None for a row without a time. `users` and `devices` are names by number."""
    played_at = moment(row.viewedAt)
    if played_at is None:
        return None
    track_id = key_of(row.ratingKey)
    account = key_of(row.accountID)
    return PlayEvent(
        played_at=played_at,
        track=ItemRef(server, Kind.TRACK, track_id) if track_id else None,
        title=row.title or None,
        artist=row.originalTitle or row.grandparentTitle or None,
        album=row.parentTitle or None,
        user=users.get(account, account) if account else None,
        client=devices.get(key_of(row.deviceID) or ""),
    )


def active_play(row: SessionRow, *, server: str) -> ActivePlay:
    """What is being played; raises `ValueError` for a row without a key."""
    track_id = key_of(row.ratingKey)
    if track_id is None:
        raise ValueError("a session without a track")
    player = row.Player
    return ActivePlay(
        track=ItemRef(server, Kind.TRACK, track_id),
        title=row.title or "",
        user=row.User.title if row.User else None,
        client=(player.title or player.product) if player else None,
        position_ms=row.viewOffset,
        paused=(player.state == "paused") if player and player.state else None,
    )


def moment(seconds: int | None) -> datetime | None:
    """A time of the server's as an aware one; None where there is none, or none that a calendar has."""
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def rating_of(stars: float | None) -> int | None:
    """A rating of 0 to 10 as 0 to 100; None for no rating, which servers also say as -1."""
    return None if stars is None or stars < 0 else min(100, round(stars * 10))


def stars_of(rating: int) -> float:
    """A rating of 0 to 100 as the server keeps it."""
    return rating / 10


def _required_key(row: ItemRow) -> str:
    native_id = key_of(row.ratingKey)
    if native_id is None:
        raise ValueError("a row without a key")
    return native_id


def _tags(tags: tuple[Tag, ...]) -> tuple[str, ...]:
    return _shared(tuple(tag.tag for tag in tags if tag.tag)) if tags else ()


@lru_cache(maxsize=4096)
def _shared(texts: tuple[str, ...]) -> tuple[str, ...]:
    """One tuple for the many items that have the same genres."""
    return texts


@lru_cache(maxsize=4096)
def _credits(name: str, native_id: str | None) -> tuple[ArtistCredit, ...]:
    """One credit for all tracks of an artist."""
    return (ArtistCredit(name=name, id=native_id),)


@lru_cache(maxsize=4096)
def _shared_moment(seconds: int | None) -> datetime | None:
    """One time for all items that came in the same second."""
    return moment(seconds)


@lru_cache(maxsize=32)
def _omitted(sample_rate: bool, year: bool, genres: bool, media: bool, guids: bool) -> frozenset[str]:
    """Only single items come with their sound tracks; year and genres come with their albums.

    A row without its files is one that was asked for without them: no track is without a file.
    """
    missing = {
        "sample_rate": sample_rate,
        "year": year,
        "genres": genres,
        "path": media,
        "size": media,
        "bitrate": media,
        "codec": media,
        "musicbrainz": guids,
    }
    return frozenset(name for name, is_missing in missing.items() if is_missing)


def _sample_rate(streams: tuple[Stream, ...]) -> int | None:
    return next((stream.samplingRate for stream in streams if stream.streamType == _SOUND), None)


def _mbid(guids: tuple[Guid, ...]) -> str | None:
    for guid in guids:
        if guid.id and (found := _MBID.fullmatch(guid.id)):
            return found[1].lower()
    return None


def _recording(guids: tuple[Guid, ...]) -> MusicBrainzIds:
    mbid = _mbid(guids)
    return MusicBrainzIds(recording=mbid) if mbid else _NO_IDS


def _counted(number: int | None) -> int | None:
    return number if number is not None and number >= 1 else None


def _stem(path: str | None) -> str | None:
    if not path:
        return None
    kind = PureWindowsPath if "\\" in path and "/" not in path else PurePosixPath
    return kind(path).stem or None
