"""The mirror: a durable, searchable local copy of what servers hold.

`schema` and `bookkeeping` are the tables, `migrations` how they came to be, `database` the connections. A sync writes
through `store`, under a `lease`, and ends with `settling`: `placing` finds known items under new ids, `removal` takes
nothing but the proof that `sweep` makes. `mirror` is what hosts read.
"""

from soulsync_engine.mirror.mirror import Mirror
from soulsync_engine.mirror.records import (
    Ambiguity,
    Change,
    ChangeType,
    KindCounts,
    MirrorCounts,
    MirroredItem,
    SearchHit,
    SyncMode,
    SyncRun,
    SyncState,
)

__all__ = [
    "Ambiguity",
    "Change",
    "ChangeType",
    "KindCounts",
    "Mirror",
    "MirrorCounts",
    "MirroredItem",
    "SearchHit",
    "SyncMode",
    "SyncRun",
    "SyncState",
]
