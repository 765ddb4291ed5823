"""The two clients: one implementation, put together from its parts."""

from __future__ import annotations

from typing import ClassVar, Final

from soulsync_engine.contract import ServerContext
from soulsync_engine.models import PagingLimits, ServerInfo
from soulsync_jellyfin.activity import Activity
from soulsync_jellyfin.changes import Changes
from soulsync_jellyfin.dialect import EMBY, JELLYFIN, Dialect
from soulsync_jellyfin.entries import Entries
from soulsync_jellyfin.listing import LARGEST_PAGE
from soulsync_jellyfin.media import MediaAccess
from soulsync_jellyfin.scanning import Scanning
from soulsync_jellyfin.settings import JellyfinSettings
from soulsync_jellyfin.watching import Watching
from soulsync_jellyfin.writeback import Writeback

_BEING_READ: Final = 2
"""Pages that are being decoded and mapped while as many as the settings allow are waited for.

The transport never has more than those on their way, so without these the server would wait for us in turn.
"""


class _Client(Changes, Scanning, Entries, Activity, Writeback, MediaAccess, Watching):
    """What both have in common: everything but the table of differences."""

    def __init__(self, context: ServerContext[JellyfinSettings]) -> None:
        super().__init__(context)
        asked = context.settings.max_concurrency
        self.limits = PagingLimits(
            max_page_size=LARGEST_PAGE,
            max_concurrency=asked if asked == 1 else asked + _BEING_READ,
            offset_cursors=True,
        )

    def connect(self) -> ServerInfo:
        return self.connection.greet()

    def close(self) -> bool:
        self.connection.close()
        return True


class JellyfinClient(_Client):
    """Jellyfin, 10.9 and later."""

    dialect: ClassVar[Dialect] = JELLYFIN
    claims: ClassVar[frozenset[str]] = frozenset({"delete_playlist"})


class EmbyClient(_Client):
    """Emby."""

    dialect: ClassVar[Dialect] = EMBY
    claims: ClassVar[frozenset[str]] = frozenset({"delete_playlist"})
