"""What the mirror answers with. All values are immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from soulsync_engine.models import Album, Artist, Item, ItemRef, Kind, Track
from soulsync_engine.models.value import Value


class ChangeType(StrEnum):
    """What happened to an item.

    `MOVED`: its path changed and nothing else that people see. `REMAPPED`: the server gave it another id; the uid
    stays. `RESTORED`: it had been removed and came back under the same uid, perhaps with another id.
    """

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    REMAPPED = "remapped"
    REMOVED = "removed"
    RESTORED = "restored"


class Change(Value, frozen=True, kw_only=True):
    """One entry of the change feed.

    `seq` grows from entry to entry; remember the last one you dealt with. `ref` and `title` are as they
    were at that moment, the title cut at 200 characters. `fields` are the names of the model's fields
    that differ, sorted: for changed, moved, remapped and restored items. `run` is the sync that found it.
    """

    seq: int
    type: ChangeType
    kind: Kind
    uid: str
    ref: ItemRef
    title: str
    fields: tuple[str, ...]
    at: datetime
    run: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorCounts:
    """How many there are, without removed ones."""

    libraries: int
    artists: int
    albums: int
    tracks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredItem:
    """An item as last seen. `uid` is the mirror's own lasting name for it; `removed` says that it is gone.

    `missing` says that the last sweep did not see it. `ids` are all it has had on the server, the one in use first.
    """

    uid: str
    item: Item
    removed: bool
    missing: bool = False
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A hit of a search. A higher `score` is better; scores of different searches do not compare."""

    uid: str
    item: Artist | Album | Track
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """An item under a new id that may be one of several known ones, or shares what speaks for it with others.

    It was added as a new one, or left out until it is clear which are gone.
    """

    ref: ItemRef
    title: str


class SyncMode(StrEnum):
    """Which way a sync went."""

    UNCHANGED = "unchanged"
    DELTA = "delta"
    FULL = "full"


class SyncState(StrEnum):
    """How a sync ended.

    `COMPLETE`: everything was seen, and what is gone is removed, or missing until its grace is over. `INCOMPLETE`:
    everything listed is stored, but absence could not be proven, so nothing was removed. `INTERRUPTED`: cancelled, or
    its process was ended. After `FAILED` and `INTERRUPTED` what had arrived is stored, or waits in a file for the next
    sync, and nothing was removed.
    """

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCounts:
    """What a sync did with the items of one kind. `seen` are the items the server still has.

    `missing` are absent on the server and not removed: not for long enough yet, or for want of a confirmation.
    """

    seen: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    remapped: int = 0
    removed: int = 0
    missing: int = 0
    restored: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """One sync in the mirror's history. A sync that found nothing to do leaves no run."""

    id: int
    server: str
    mode: SyncMode
    reason: str
    state: SyncState
    started: datetime
    finished: datetime | None = None
    error: str | None = None
    kinds: Mapping[Kind, KindCounts] = field(default_factory=dict)
