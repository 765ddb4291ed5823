"""Playlists and their entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from soulsync_engine.models.library import Track
from soulsync_engine.models.refs import ItemRef
from soulsync_engine.models.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Playlist:
    """A playlist. `read_only` carries the reason (smart, somebody else's) why it cannot be edited, or None.

    `duration_ms` is in milliseconds. `revision` changes whenever the entries do, where the server offers that.
    """

    ref: ItemRef
    name: str
    description: str | None = None
    owner: str | None = None
    public: bool | None = None
    read_only: str | None = None
    track_count: int | None = None
    duration_ms: int | None = None
    revision: str | None = None
    added: datetime | None = None
    updated: datetime | None = None


class PlaylistEntry(Value, frozen=True, kw_only=True):
    """One place in a playlist. `entry_id` names the place, not the track: a track may be in it twice.

    `position` starts at 0. `track` is filled where the listing carries the whole track.
    """

    entry_id: str
    position: int
    track_ref: ItemRef
    track: Track | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistResult:
    """What became of a playlist write, after reading it back.

    `requested` and `stored` are the tracks in order; `missing` are those asked for and not stored.
    """

    playlist: Playlist
    requested: tuple[ItemRef, ...]
    stored: tuple[ItemRef, ...]
    missing: tuple[ItemRef, ...]

    @property
    def exact(self) -> bool:
        """Whether the playlist now holds exactly what was asked for, in that order."""
        return self.requested == self.stored
