"""What a search on a server returns."""

from __future__ import annotations

from dataclasses import dataclass

from soulsync_engine.models.library import Album, Artist, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hits by kind, best first, at most the asked-for limit of each."""

    artists: tuple[Artist, ...] = ()
    albums: tuple[Album, ...] = ()
    tracks: tuple[Track, ...] = ()
