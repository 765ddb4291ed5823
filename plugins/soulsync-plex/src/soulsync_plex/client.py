"""The Plex client: its parts, put together."""

from __future__ import annotations

from soulsync_engine.models import PagingLimits
from soulsync_plex.listing import LARGEST_PAGE
from soulsync_plex.reading import Reading


class PlexClient(Reading):
    """A Plex Media Server, seen by the engine."""

    limits = PagingLimits(max_page_size=LARGEST_PAGE, max_concurrency=4, offset_cursors=True)
