"""Years and genres of tracks, which Plex keeps at their albums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

from soulsync_engine.contract import ServerContext
from soulsync_engine.errors import NotFoundError
from soulsync_engine.http import DecodedItems
from soulsync_engine.models import Kind, Track
from soulsync_plex import mapper
from soulsync_plex.decoding import ReadRows
from soulsync_plex.listing import RawPage, SectionListing
from soulsync_plex.mapper import OF_ALBUMS, AlbumFacts, album_facts, key_of
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

    def _tracks_of(self, page: RawPage, *, of_a_sweep: bool, begins: bool) -> DecodedItems[Track]:
        """The tracks of a page, with what their albums know.

        For the pages of a sweep whole sections are read, which is fewer requests, and anew where the sweep begins.
        """
        if begins:
            with self._albums_lock:
                self._albums_of_section.clear()
        sections = [section for section, _ in page.parts]
        known = {section: self._albums_of_section.get(section, {}) for section in sections if of_a_sweep}
        found = self._mapped(
            Kind.TRACK, page, lambda row, section: self._track(row, section, known.get(section, {}))
        )
        tracks = found.items
        if of_a_sweep:
            lacking = {track.library_id or "" for track in tracks if _lacks_album(track)}
            for section in sorted(lacking):
                if not known[section]:
                    tracks = _completed(tracks, self._facts_in(section))
        # An album that came after its section was read is looked up by itself.
        return DecodedItems(items=self._with_albums(tracks), problems=found.problems)

    def _with_albums(self, tracks: Sequence[Track]) -> tuple[Track, ...]:
        """The tracks with what those of their albums know that nobody looked up."""
        lacking = {track.album_id or "" for track in tracks if _lacks_album(track)}
        return _completed(tracks, self._facts_by_key(sorted(lacking))) if lacking else tuple(tracks)

    def _track(self, row: ItemRow, section: str, albums: Facts) -> Track:
        return mapper.track(row, server=self.server, library_id=section, albums=albums)

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
            page = RawPage(parts=[(section, read.rows)])
            albums = self._mapped(
                Kind.ALBUM, page, lambda row, _: (key_of(row.ratingKey) or "", album_facts(row))
            )
            facts.update(albums.items)
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


def _lacks_album(track: Track) -> bool:
    """Whether it has an album that was not looked up, though it would tell something."""
    return not track.omitted.isdisjoint(OF_ALBUMS) and track.album_id is not None


def _completed(tracks: Iterable[Track], albums: Facts) -> tuple[Track, ...]:
    return tuple(
        mapper.with_album(track, albums[track.album_id])
        if _lacks_album(track) and track.album_id in albums
        else track
        for track in tracks
    )
