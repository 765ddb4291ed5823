"""What users do to a simulated server: ratings, plays, playlists, scans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count


@dataclass(slots=True)
class SimulatedUser:
    """Somebody with a login."""

    name: str
    password: str
    admin: bool = False
    api_key: str = ""
    token: str = ""
    """The token of the last login at the native API."""


@dataclass(slots=True)
class Opinion:
    """What one user thinks of one item, and how often he played it."""

    stars: int = 0
    starred: datetime | None = None
    plays: int = 0
    played: datetime | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """One play."""

    number: int
    user: str
    song_id: str
    at: datetime


@dataclass(slots=True)
class SimulatedPlaylist:
    """A playlist; `smart` ones are made by the server."""

    id: str
    name: str
    owner: str
    comment: str = ""
    public: bool = False
    smart: bool = False
    songs: list[str] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))
    image: bytes | None = None


class State:
    """Everything about a simulated server that changes."""

    def __init__(self) -> None:
        self.users: dict[str, SimulatedUser] = {}
        self.opinions: dict[tuple[str, str, str], Opinion] = {}
        self.plays: list[Play] = []
        self.playlists: dict[str, SimulatedPlaylist] = {}
        self.scan_polls_left = 0
        self.scans: list[tuple[str, ...]] = []
        """The targets of every scan that was asked for."""
        self.last_scan = datetime(2024, 1, 2, tzinfo=UTC)
        self.now_playing: dict[str, str] = {}
        """Song ids by user."""
        self.numbers: Iterator[int] = count(1)

    def opinion(self, user: str, kind: str, item_id: str) -> Opinion:
        """What a user thinks of an item, to be changed."""
        return self.opinions.setdefault((user, kind, item_id), Opinion())

    def seen(self, user: str, kind: str, item_id: str) -> Opinion | None:
        """What a user thinks of an item, None where he never said."""
        return self.opinions.get((user, kind, item_id))
