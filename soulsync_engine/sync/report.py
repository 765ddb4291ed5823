"""What a sync tells: its progress while it runs, and its report at the end. All values are immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from soulsync_engine.mirror.records import Ambiguity, KindCounts, SyncMode, SyncState
from soulsync_engine.models import Kind, Problem


class SyncPhase(StrEnum):
    """The parts of a sync, in the order of the work; which of them occur depends on its mode."""

    PROBE = "probe"
    TRACKS = "tracks"
    ALBUMS = "albums"
    ARTISTS = "artists"
    SWEEP = "sweep"
    REMOVE = "remove"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress:
    """Where a sync is: `done` items of `total` (None when not known) in this phase, `rate` in items per second."""

    server: str
    phase: SyncPhase
    done: int
    total: int | None
    rate: float
    eta_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync did, or with `dry_run` would have done.

    `reason` says why it went the way of `mode`. `problems` are items the server could not give. `withheld` says, for
    each kind of which nothing was removed although the listing ended, why. `held` says how many items of each kind
    are gone from the server and were not removed, because so many need the `confirmation` to be passed back to the
    next sync. `ambiguities` are items under new ids of which it could not be told which known ones they are.
    `last_seq` is the newest change in the mirror; what this sync changed is `mirror.changes` from the number before it.
    """

    server: str
    mode: SyncMode
    reason: str
    state: SyncState
    kinds: Mapping[Kind, KindCounts]
    problems: tuple[Problem, ...]
    withheld: Mapping[Kind, str]
    held: Mapping[Kind, int]
    confirmation: str | None
    ambiguities: tuple[Ambiguity, ...]
    seconds: float
    dry_run: bool
    last_seq: int

    @property
    def changed(self) -> bool:
        """Whether the mirror is, or would be, another one afterwards."""
        return any(
            counts.added
            or counts.changed
            or counts.moved
            or counts.remapped
            or counts.removed
            or counts.restored
            for counts in self.kinds.values()
        )
