"""Bringing the mirror up to date with a server: probe, then changes or everything, then what is proven gone.

`plan` chooses the way, `intake` reads, `run` holds it together; `report` is what comes out.
"""

from soulsync_engine.mirror.records import KindCounts, SyncMode, SyncState
from soulsync_engine.sync.report import SyncPhase, SyncProgress, SyncReport
from soulsync_engine.sync.run import sync_server

__all__ = [
    "KindCounts",
    "SyncMode",
    "SyncPhase",
    "SyncProgress",
    "SyncReport",
    "SyncState",
    "sync_server",
]
