"""The server in memory: its address, its door, its counter and its content."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar, cast

from soulsync_engine.errors import AuthenticationError, UnavailableError
from soulsync_engine.models import ActivePlay, ItemRef, Kind, PlayEvent, User
from soulsync_engine.testing.reference.catalogue import Catalogue
from soulsync_engine.testing.reference.faults import FaultPlan
from soulsync_engine.testing.scenarios import Scenario, empty

T = TypeVar("T")

ADMIN: Final = User(id="user-1", name="ada", admin=True)
LISTENER: Final = User(id="user-2", name="ben", admin=False)

_numbers = itertools.count(1)
_running: dict[str, ReferenceServer] = {}


@dataclass(slots=True)
class Opinion:
    """What one user thinks of one item, and how often he played it."""

    rating: int | None = None
    favorite: bool = False
    play_count: int = 0
    last_played: datetime | None = None


@dataclass(slots=True)
class StoredPlaylist:
    """A playlist as the server keeps it: `entries` are pairs of entry id and track id."""

    id: str
    name: str
    owner: str
    description: str | None = None
    public: bool = False
    smart: bool = False
    entries: list[tuple[str, str]] = field(default_factory=list)
    revision: int = 1
    image: bytes | None = None
    added: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))


class ReferenceServer:
    """A server that is running as soon as it exists. `requests` counts what reached it, also what it refused.

    Tests steer it with `change`, `stop` and `faults`; clients reach it by its address alone.
    """

    def __init__(self, scenario: Scenario | None = None, *, token: str = "reference-token-8c1f") -> None:  # noqa: S107
        self.address = f"memory://{next(_numbers)}"
        self.token = token
        self.catalogue = Catalogue()
        self.catalogue.load(scenario or empty())
        self.faults = FaultPlan()
        self.users: tuple[User, ...] = (ADMIN, LISTENER)
        self.playlists: dict[str, StoredPlaylist] = {}
        self.opinions: dict[tuple[str, Kind, str], Opinion] = {}
        self.plays: list[tuple[str, PlayEvent]] = []
        self.active_plays: tuple[ActivePlay, ...] = ()
        self.images: dict[tuple[Kind, str], tuple[bytes, str]] = {}
        self.scan_polls_left = 0
        self.last_scan = datetime.now(UTC)
        self.operations: Counter[str] = Counter()
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._staged: Scenario | None = None
        self._serial = itertools.count(1)
        self.start()

    @property
    def requests(self) -> int:
        """How many requests have reached the server."""
        return self.operations.total()

    def settings(self) -> dict[str, object]:
        """The settings of a server in a configuration that reach this one."""
        return {"backend": "reference", "address": self.address, "token": self.token}

    def start(self) -> None:
        """Answer again at the same address."""
        _running[self.address] = self

    def stop(self) -> None:
        """Be unreachable from now on."""
        _running.pop(self.address, None)

    def change(self, scenario: Scenario) -> None:
        """Hold other content, at once."""
        with self._changed:
            self.catalogue.load(scenario)
            self._changed.notify_all()

    def stage(self, scenario: Scenario) -> None:
        """Put other content where the next scan will find it."""
        self._staged = scenario

    def begin_scan(self) -> None:
        """Scan; the scan is over when its state has been asked for twice."""
        with self._lock:
            self.scan_polls_left = 2

    def poll_scan(self) -> bool:
        """Whether the scan is still running, asked once more."""
        with self._lock:
            if self.scan_polls_left == 0:
                return False
            self.scan_polls_left -= 1
            if self.scan_polls_left > 0:
                return True
            if self._staged is not None:
                self.change(self._staged)
                self._staged = None
            self.last_scan = datetime.now(UTC)
            return False

    def wait_for_change(self, timeout: float) -> bool:
        """Wait until the content changes; False when `timeout` seconds went by without."""
        with self._changed:
            before = self.catalogue.revision
            return self._changed.wait_for(lambda: self.catalogue.revision != before, timeout)

    def opinion(self, user: str, ref: ItemRef) -> Opinion:
        """What a user thinks of an item, to be read or changed."""
        return self.opinions.setdefault((user, ref.kind, ref.id), Opinion())

    def next_id(self, prefix: str) -> str:
        """An id that was never used."""
        return f"{prefix}-{next(self._serial):x}"

    def handle(self, operation: str, produce: Callable[[], T]) -> T:
        """Answer one request, unless a fault is ordered for it.

        The answer of a fault may be of any type: that is what the fault is for.
        """
        with self._lock:
            self.operations[operation] += 1
            effect = self.faults.effect(operation, self.requests, self.operations[operation])

        def answer() -> T:
            with self._lock:
                return produce()

        return answer() if effect is None else cast("T", effect(answer))


def reach(address: str, token: str, *, server: str) -> ReferenceServer:
    """The running server at an address; raises what a real client would have to raise."""
    found = _running.get(address)
    if found is None:
        raise UnavailableError(
            f"Nothing answers at {address}.",
            server=server,
            next_step="Start the server or correct its address.",
        )
    if token != found.token:
        found.operations["refused"] += 1
        raise AuthenticationError(
            "The server does not accept the token.", server=server, next_step="Enter the token again."
        )
    return found
