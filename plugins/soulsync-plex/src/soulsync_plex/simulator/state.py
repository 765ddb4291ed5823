"""What the simulated server remembers besides its library: accounts, opinions, playlists, plays, pictures."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field

from soulsync_plex.simulator.catalogue import Catalogue, SimulatedSection
from soulsync_plex.simulator.personality import Personality
from soulsync_plex.simulator.rows import Row

MACHINE_ID = "5f1c0de5f1c0de5f1c0de5f1c0de5f1c0de5f1c0"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAccount:
    """Somebody with a token. The owner has the number 1; others may see some sections only (None: all)."""

    id: int
    name: str
    token: str
    sections: frozenset[str] | None = None

    @property
    def owner(self) -> bool:
        """Whether the server is this account's own."""
        return self.id == 1


@dataclass(slots=True)
class StoredPlaylist:
    """A playlist: `entries` are pairs of entry id and key. A smart one has `rules` instead, a path with a query."""

    key: str
    title: str
    account: int
    type: str = "audio"
    smart: bool = False
    rules: str = ""
    summary: str = ""
    entries: list[tuple[str, str]] = field(default_factory=list)
    added: int = 0
    updated: int = 0


@dataclass(slots=True)
class StoredPlay:
    """A row of the history. The texts stay when the item goes."""

    at: int
    account: int
    device: int
    key: str
    row: Row


class ServerState:
    """Everything that requests read and change, under one lock."""

    def __init__(self, personality: Personality, token: str) -> None:
        self.personality = personality
        self.catalogue = Catalogue(personality)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.notified = 0
        self.accounts = [SimulatedAccount(id=1, name="ada", token=token)]
        self.opinions: dict[tuple[int, str], Row] = {}
        self.playlists: dict[str, StoredPlaylist] = {}
        self.plays: list[StoredPlay] = []
        self.posters: dict[str, list[tuple[str, bytes]]] = {}
        self.sessions: list[Row] = []
        self.devices: dict[int, str] = {}
        self.numbers = itertools.count(700_001)

    def account(self, token: str | None) -> SimulatedAccount | None:
        """Whose token it is."""
        return next((account for account in self.accounts if account.token == token), None)

    def sections(self, account: SimulatedAccount) -> list[SimulatedSection]:
        """The sections an account sees."""
        return [
            section
            for section in self.catalogue.sections.values()
            if account.sections is None or section.key in account.sections
        ]

    def device_of(self, client: str | None) -> int:
        """The number of what a client plays on. One that was never seen gets its identifier for a name."""
        name = client or "unknown"
        for number, known in self.devices.items():
            if known == name:
                return number
        self.devices[len(self.devices) + 1] = name
        return len(self.devices)

    def opinion(self, account: SimulatedAccount, key: str) -> Row:
        """An account's own data of an item, to be read or changed. It hangs on the guid and survives a new key."""
        guid = str(self.catalogue.find(key)[1]["guid"])
        return self.opinions.setdefault((account.id, guid), {})

    def shown(self, account: SimulatedAccount, row: Row) -> Row:
        """A row as an account sees it."""
        opinion = self.opinions.get((account.id, str(row["guid"])))
        return {**row, **opinion} if opinion else row

    def next_number(self) -> str:
        """A number that was never given."""
        return str(next(self.numbers))
