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
    """Looks up the albums of tracks: a few by their keys, or all of a section with few large requests."""

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
        facts: Facts = {}
        for section in dict.fromkeys(section for _, section in rows):
            needed = {
                album
                for row, of_section in rows
                if of_section == section and not _is_complete(row) and (album := key_of(row.parentRatingKey))
            }
            facts.update(self._facts_in(section, needed, of_a_sweep=of_a_sweep, begins=begins))
        return facts

    def _facts_in(self, section: str, needed: set[str], *, of_a_sweep: bool, begins: bool) -> Facts:
        with self._albums_lock:
            if begins:
                self._albums_of_section.pop(section, None)
            known = self._albums_of_section.get(section)
            if known is None and needed and of_a_sweep:
                known = self._albums_of_section[section] = self._all_facts(section)
        known = known or {}
        # An album that came after the section was read is looked up by itself.
        return {**known, **self._facts_by_key(sorted(needed - known.keys()))}

    def _facts_by_key(self, keys: list[str]) -> Facts:
        rows = self._rows_by_key(Kind.ALBUM, keys, _NOT_NEEDED)
        return {key: album_facts(row) for row in rows if (key := key_of(row.ratingKey))}

    def _all_facts(self, section: str) -> Facts:
        facts: Facts = {}
        start = 0
        while True:
            read = self._section_rows(
                Kind.ALBUM, section, start, _ALBUMS_IN_A_REQUEST, {**_NOT_NEEDED, "includeGuids": 0}
            )
            facts.update({key: album_facts(row) for row in read.rows if (key := key_of(row.ratingKey))})
            start += len(read)
            if not len(read) or read.total is None or start >= read.total:
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
