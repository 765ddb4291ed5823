"""Songs as tracks. Pure functions; what makes no sense raises `ValueError`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from soulsync_engine.models import ItemRef, Kind, MusicBrainzIds, Track
from soulsync_navidrome.credits import absent, credits, genres, listed_credits
from soulsync_navidrome.mapper import UNTITLED, Reading
from soulsync_navidrome.values import (
    flag,
    milliseconds,
    moment,
    musicbrainz,
    optional_id,
    positive,
    rating_from_stars,
    text_id,
    utc,
    whole,
)
from soulsync_navidrome.wire import Child, Song

_TRACK: Final = Kind.TRACK
"""Looked up once: to read it off its class takes longer than to make the reference that it is for."""


def track(song: Song, how: Reading) -> Track:
    """A song. Folders and videos, which share its form, are refused."""
    if song.is_dir or song.is_video:
        raise ValueError("it is a folder or a video, not a song")
    album_artists = listed_credits(bytes(song.album_artists)) or how.album_artists.get(
        song.album_id or "", ()
    )
    path = song.path or None
    if path is not None and how.made_up_paths and path[0] != "/":
        path = None
    title = song.title
    if not title or title.isspace():
        title = _stem(song.path) or UNTITLED
    return Track(
        ref=ItemRef(how.server, _TRACK, song.id),
        title=title,
        artists=credits(song.artists, song.artist, song.artist_id),
        album=song.album or None,
        album_id=song.album_id or None,
        album_artists=album_artists,
        disc=song.disc_number or None,
        track_number=song.track or None,
        duration_ms=milliseconds(song.duration),
        year=song.year or None,
        genres=genres(song.genres, song.genre),
        musicbrainz=MusicBrainzIds(recording=musicbrainz(song.music_brainz_id)),
        isrcs=song.isrc or (),
        path=path,
        size=song.size or None,
        bitrate=song.bit_rate or None,
        codec=song.suffix.lower() if song.suffix else None,
        sample_rate=song.sampling_rate or None,
        rating=rating_from_stars(song.user_rating),
        favorite=bool(song.starred),
        play_count=song.play_count,
        last_played=utc(song.played),
        library_id=how.library_id,
        added=utc(song.created),
        omitted=_left_out(
            not album_artists,
            path is None,
            how.library_id is None,
            song.isrc is None,
            song.music_brainz_id is None,
            how.rich and song.genre is None and absent(song.genres),
        ),
    )


def tidied(child: Child) -> Song:
    """A song with its values in the types that they are described with."""
    isrc = child.isrc
    return Song(
        id=text_id(child.id),
        title=child.title,
        album=child.album,
        artist=child.artist,
        is_dir=flag(child.is_dir),
        is_video=flag(child.is_video),
        track=positive(child.track),
        disc_number=positive(child.disc_number),
        year=positive(child.year),
        genre=child.genre,
        size=positive(child.size),
        suffix=child.suffix,
        duration=child.duration,
        bit_rate=positive(child.bit_rate),
        sampling_rate=positive(child.sampling_rate),
        path=child.path,
        user_rating=positive(child.user_rating),
        play_count=whole(child.play_count),
        played=moment(child.played),
        created=moment(child.created),
        starred=child.starred,
        album_id=optional_id(child.album_id),
        artist_id=optional_id(child.artist_id),
        music_brainz_id=child.music_brainz_id,
        isrc=(isrc,)
        if isinstance(isrc, str) and isrc
        else None
        if isrc is None
        else tuple(filter(None, isrc)),
        genres=child.genres,
        artists=child.artists,
        album_artists=child.album_artists,
    )


@lru_cache(maxsize=256)
def _left_out(
    album_artists: bool, path: bool, library_id: bool, isrcs: bool, musicbrainz: bool, genres: bool
) -> frozenset[str]:
    """The names of what an answer did not hold, one set for all songs that are alike in this."""
    given = {
        "album_artists": album_artists,
        "path": path,
        "library_id": library_id,
        "isrcs": isrcs,
        "musicbrainz": musicbrainz,
        "genres": genres,
    }
    return frozenset(name for name, omitted in given.items() if omitted) | {"updated"}


def _stem(path: str | None) -> str | None:
    return PurePosixPath(path).stem or None if path else None
