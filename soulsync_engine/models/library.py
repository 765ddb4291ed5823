"""What a library holds: artists, albums and tracks, and the libraries themselves.

All values are immutable. Times are timezone-aware UTC. `None` means that the server knows nothing,
an empty tuple that it knows there is nothing. A field named in an item's `omitted` was not sent at
all in this answer: its value says nothing, and the mirror keeps what it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from soulsync_engine.models.refs import ItemRef
from soulsync_engine.models.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A music section, view, music folder or root directory of a server.

    `paths` are the directories it is made of as the server sees them, where it tells.
    """

    id: str
    name: str
    paths: tuple[str, ...] = ()


class ArtistCredit(Value, frozen=True, kw_only=True):
    """One artist as credited on an album or a track. `id` is the artist's id where the server links it."""

    name: str
    id: str | None = None


class MusicBrainzIds(Value, frozen=True, kw_only=True):
    """MusicBrainz identifiers, each a lower-case UUID. Artist ids follow the order of the tags."""

    recording: str | None = None
    track: str | None = None
    release: str | None = None
    release_group: str | None = None
    artists: tuple[str, ...] = ()
    album_artists: tuple[str, ...] = ()


class Artist(Value, frozen=True, kw_only=True):
    """An album artist, or whoever the server lists as an artist of the library.

    `rating` is 0 to 100. `library_id` is None where the server's artists belong to no one library.
    """

    ref: ItemRef
    name: str
    sort_name: str | None = None
    genres: tuple[str, ...] = ()
    biography: str | None = None
    musicbrainz_id: str | None = None
    album_count: int | None = None
    track_count: int | None = None
    rating: int | None = None
    favorite: bool | None = None
    library_id: str | None = None
    added: datetime | None = None
    updated: datetime | None = None
    omitted: frozenset[str] = frozenset()


class Album(Value, frozen=True, kw_only=True):
    """An album as the server groups it. `duration_ms` is the sum of its tracks, `rating` 0 to 100."""

    ref: ItemRef
    title: str
    artists: tuple[ArtistCredit, ...] = ()
    sort_title: str | None = None
    year: int | None = None
    genres: tuple[str, ...] = ()
    compilation: bool | None = None
    track_count: int | None = None
    disc_count: int | None = None
    duration_ms: int | None = None
    musicbrainz: MusicBrainzIds = MusicBrainzIds()
    rating: int | None = None
    favorite: bool | None = None
    play_count: int | None = None
    library_id: str | None = None
    added: datetime | None = None
    updated: datetime | None = None
    omitted: frozenset[str] = frozenset()


class Track(Value, frozen=True, kw_only=True):
    """One audio file or stream of a library.

    `duration_ms` is in milliseconds, `size` in bytes, `bitrate` in kbit/s, `sample_rate` in Hz,
    `rating` 0 to 100. `disc` and `track_number` start at 1. `path` is the file as the server sees it.
    """

    ref: ItemRef
    title: str
    artists: tuple[ArtistCredit, ...] = ()
    album: str | None = None
    album_id: str | None = None
    album_artists: tuple[ArtistCredit, ...] = ()
    disc: int | None = None
    track_number: int | None = None
    duration_ms: int | None = None
    year: int | None = None
    genres: tuple[str, ...] = ()
    musicbrainz: MusicBrainzIds = MusicBrainzIds()
    isrcs: tuple[str, ...] = ()
    path: str | None = None
    size: int | None = None
    bitrate: int | None = None
    codec: str | None = None
    sample_rate: int | None = None
    rating: int | None = None
    favorite: bool | None = None
    play_count: int | None = None
    last_played: datetime | None = None
    library_id: str | None = None
    added: datetime | None = None
    updated: datetime | None = None
    omitted: frozenset[str] = frozenset()


Item = Artist | Album | Track
