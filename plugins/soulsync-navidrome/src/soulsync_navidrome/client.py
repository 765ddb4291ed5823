"""The contract, spoken by Subsonic servers: one class, put together by capability."""

from __future__ import annotations

from soulsync_navidrome.reading import ReadingClient


class SubsonicClient(ReadingClient):
    """Navidrome and every other Subsonic server."""
