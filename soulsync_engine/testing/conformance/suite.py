"""The whole suite, group by group."""

from __future__ import annotations

from soulsync_engine.testing.conformance.activity import HistoryKept, UserDataKept
from soulsync_engine.testing.conformance.changes import Changes
from soulsync_engine.testing.conformance.configuration import Configuration
from soulsync_engine.testing.conformance.contract import Contract
from soulsync_engine.testing.conformance.failures import Failures
from soulsync_engine.testing.conformance.guard import Guard
from soulsync_engine.testing.conformance.media import MediaServed
from soulsync_engine.testing.conformance.negative import Negative
from soulsync_engine.testing.conformance.oddities import Oddities
from soulsync_engine.testing.conformance.packaging import Packaging
from soulsync_engine.testing.conformance.paging import Paging
from soulsync_engine.testing.conformance.playlists import PlaylistsKept
from soulsync_engine.testing.conformance.reading import Reading
from soulsync_engine.testing.conformance.scopes import Scopes
from soulsync_engine.testing.conformance.trust import Trust
from soulsync_engine.testing.conformance.watching import Scanning, Watching
from soulsync_engine.testing.conformance.writeback import Writeback


class BackendConformance(
    Packaging,
    Configuration,
    Contract,
    Paging,
    Reading,
    Oddities,
    Scopes,
    Failures,
    Trust,
    Changes,
    Scanning,
    MediaServed,
    PlaylistsKept,
    HistoryKept,
    UserDataKept,
    Writeback,
    Watching,
    Negative,
    Guard,
):
    """Every test a backend has to pass. See `Harness` for what to override, above all `make_settings`."""

    __test__ = False
