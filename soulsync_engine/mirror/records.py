"""What the mirror answers with. All values are immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from soulsync_engine.models import Album, Artist, Item, ItemRef, Kind, Track


class ChangeType(StrEnum):
    """What happened to an item.

    `MOVED`: its path changed and nothing else that people see. `RESTORED`: it had been removed and came
    back, under the same uid.
    """

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the change feed.

    `seq` grows from entry to entry; remember the last one you dealt with. `ref` and `title` are as they
    were at that moment, the title cut at 200 characters. `fields` are the names of the model's fields
    that differ, sorted: for changed, moved and restored items.
    """

    seq: int
    type: ChangeType
    kind: Kind
    uid: str
    ref: ItemRef
    title: str
    fields: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorCounts:
    """How many there are, without removed ones."""

    libraries: int
    artists: int
    albums: int
    tracks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredItem:
    """An item as last seen. `uid` is the mirror's own lasting name for it; `removed` says that it is gone."""

    uid: str
    item: Item
    removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A hit of a search. A higher `score` is better; scores of different searches do not compare."""

    uid: str
    item: Artist | Album | Track
    score: float


class SyncMode(StrEnum):
    """Which way a sync went."""

    UNCHANGED = "unchanged"
    DELTA = "delta"
    FULL = "full"


class SyncState(StrEnum):
    """How a sync ended.

    `COMPLETE`: everything was seen, what is gone was removed. `INCOMPLETE`: everything listed is stored, but
    absence could not be proven, so nothing was removed. `INTERRUPTED`: cancelled, or its process was ended.
    After `FAILED` and `INTERRUPTED` what had arrived is stored, and nothing was removed.
    """

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCounts:
    """What a sync did with the items of one kind. `seen` are the items the server still has."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
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
