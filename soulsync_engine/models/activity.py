"""Plays, ratings and favourites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soulsync_engine.models.pages import Page
from soulsync_engine.models.refs import ItemRef
from soulsync_engine.models.value import Value


class HistoryLevel(StrEnum):
    """What a row of a play history stands for: every play, or only the last play of each track."""

    EVENTS = "events"
    LAST_PLAY = "last_play"


class PlayEvent(Value, frozen=True, kw_only=True):
    """One play. `track` is None when the item played no longer exists; the texts remain."""

    played_at: datetime
    track: ItemRef | None = None
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    user: str | None = None
    client: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlayEventPage(Page[PlayEvent]):
    """One page of play events, newest first, all of the same `level`."""

    level: HistoryLevel


class PlayCount(Value, frozen=True, kw_only=True):
    """How often a track was played, as far as the server knows."""

    track: ItemRef
    count: int
    last_played: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserData:
    """What the server now stores of one user's relation to one item. `rating` is 0 to 100, None unrated."""

    ref: ItemRef
    rating: int | None = None
    favorite: bool | None = None
    play_count: int | None = None
    last_played: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePlay:
    """Something that is being played now. `position_ms` is the place in the track, in milliseconds."""

    track: ItemRef
    title: str
    user: str | None = None
    client: str | None = None
    position_ms: int | None = None
    paused: bool | None = None
