"""The Plex client: its parts, put together."""

from __future__ import annotations

from typing import ClassVar

from soulsync_engine.models import PagingLimits
from soulsync_plex.activity import PlayHistory
from soulsync_plex.changes import Changes
from soulsync_plex.listing import LARGEST_PAGE
from soulsync_plex.media import Pictures
from soulsync_plex.playlist_edits import PlaylistEdits
from soulsync_plex.resolving import Resolving
from soulsync_plex.scanning import Scanning
from soulsync_plex.users import Users
from soulsync_plex.watching import Watching


class PlexClient(Changes, Scanning, PlaylistEdits, PlayHistory, Pictures, Users, Watching, Resolving):
    """A Plex Media Server, seen by the engine."""

    limits = PagingLimits(max_page_size=LARGEST_PAGE, max_concurrency=4, offset_cursors=True)
    claims: ClassVar[frozenset[str]] = frozenset({"delete_playlist"})
