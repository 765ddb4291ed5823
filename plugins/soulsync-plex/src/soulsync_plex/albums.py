"""Years and genres of tracks, which Plex keeps at their albums."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Final

from soulsync_engine.contract import ServerContext
from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import Kind
from soulsync_plex.decoding import ReadRows
from soulsync_plex.listing import SectionListing
from soulsync_plex.mapper import AlbumFacts, album_facts, key_of
from soulsync_plex.settings import PlexSettings
from soulsync_plex.wire import ItemRow

KEYS_IN_A_REQUEST: Final = 200
_ALBUMS_IN_A_REQUEST: Final = 5000
_NOT_NEEDED: Final = {
    "excludeElements": "Guid,Media,Collection,Style,Mood,Country",
    "excludeFields": "summary",
}

Facts = dict[str, AlbumFacts]


class AlbumJoin(SectionListing):
    """Looks up the albums of tracks: a few by their keys, or all of a section with few large requests.

    What a sweep has read is kept for its further pages, and for nothing else: an album may be edited at any time.
    """

    def __init__(self, context: ServerContext[PlexSettings]) -> None:
        super().__init__(context)
        self._albums_lock = Lock()
        self._albums_of_section: dict[str, Facts] = {}

    def _facts_for(
        self, rows: list[tuple[ItemRow, str]], *, of_a_sweep: bool = False, begins: bool = False
    ) -> Facts:
        """The facts of the albums these tracks need.

        For the pages of a sweep whole sections are read, which is fewer requests, and anew where the sweep begins.
        """
        if begins:
            with self._albums_lock:
                self._albums_of_section.clear()
        needed: dict[str, set[str]] = {}
        for row, section in rows:
            if not _is_complete(row) and (album := key_of(row.parentRatingKey)):
                needed.setdefault(section, set()).add(album)
        facts: Facts = {}
        for section, albums in needed.items() if of_a_sweep else ():
            known = self._facts_in(section)
            facts.update((album, known[album]) for album in albums & known.keys())
        # An album that came after its section was read is looked up by itself.
        others = set().union(*needed.values()) - facts.keys()
        return {**facts, **self._facts_by_key(sorted(others))}

    def _facts_in(self, section: str) -> Facts:
        with self._albums_lock:
            if section not in self._albums_of_section:
                self._albums_of_section[section] = self._all_facts(section)
            return self._albums_of_section[section]

    def _facts_by_key(self, keys: list[str]) -> Facts:
        rows = self._rows_by_key(Kind.ALBUM, keys, _NOT_NEEDED)
        return {key: album_facts(row) for row in rows if (key := key_of(row.ratingKey))}

    def _all_facts(self, section: str) -> Facts:
        facts: Facts = {}
        start: int | None = 0
        while start is not None:
            read = self._section_rows(
                Kind.ALBUM, section, start, _ALBUMS_IN_A_REQUEST, {**_NOT_NEEDED, "includeGuids": 0}
            )
            facts.update({key: album_facts(row) for row in read.rows if (key := key_of(row.ratingKey))})
            start = read.next_start(start, _ALBUMS_IN_A_REQUEST)
        return facts

    def _rows_by_key(
        self, kind: Kind, keys: Iterable[str], params: dict[str, str] | None = None
    ) -> list[ItemRow]:
        """The items with these keys, in the server's order, without those it does not have."""
        wanted = list(keys)
        rows: list[ItemRow] = []
        for begin in range(0, len(wanted), KEYS_IN_A_REQUEST):
            some = wanted[begin : begin + KEYS_IN_A_REQUEST]
            rows.extend(self._some_by_key(kind, some, params).rows)
        return [row for row in rows if row.type in (None, kind.value)]

    def _some_by_key(self, kind: Kind, keys: list[str], params: dict[str, str] | None) -> ReadRows[ItemRow]:
        try:
            return self._transport.rows(
                ItemRow,
                f"/library/metadata/{','.join(keys)}",
                {"includeGuids": 1, **(params or {})},
                kind=kind,
            )
        except NotFoundError:
            return ReadRows(rows=())


def _is_complete(row: ItemRow) -> bool:
    return bool(row.Genre and (row.year or row.parentYear))
