"""Libraries, listings, items and search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from soulsync_engine.capabilities import Support
from soulsync_engine.errors import ConfigurationError, NotFoundError
from soulsync_engine.http import DecodedItems
from soulsync_engine.models import (
    Album,
    Artist,
    Item,
    Kind,
    Library,
    Page,
    Scope,
    SearchResult,
    ServerInfo,
    Track,
)
from soulsync_plex import mapper
from soulsync_plex.albums import AlbumJoin
from soulsync_plex.connection import is_key
from soulsync_plex.decoding import is_xml, read
from soulsync_plex.listing import RawPage
from soulsync_plex.mapper import key_of
from soulsync_plex.wire import Hubs, ItemRow, Root

ModelT = TypeVar("ModelT")

_KINDS: Final = {"artist": Kind.ARTIST, "album": Kind.ALBUM, "track": Kind.TRACK}
_LONGEST_QUERY: Final = 500
_SWEEPING_FROM: Final = 500
"""Pages of this size or more belong to a sweep, for which reading all albums once is cheaper than a few each time."""


class Reading(AlbumJoin):
    """The required operations."""

    def connect(self) -> ServerInfo:
        """As in the contract."""
        try:
            answer = self._transport.send("GET", "/")
        except NotFoundError:
            raise ConfigurationError(
                "No Plex Media Server answers at this address.",
                server=self.server,
                next_step="Check the address, and leave out what a browser shows behind it, such as /web. "
                "A server of another kind has another backend; see: soulsync backends",
            ) from None
        root = read(answer, Root)
        self._speaks_json = not is_xml(answer)
        self._machine = root.machineIdentifier
        notes = (
            ()
            if root.myPlexSigninState in (None, "ok")
            else (f"The server is not signed in to plex.tv (its state there is {root.myPlexSigninState}).",)
        )
        return ServerInfo(
            product="Plex Media Server",
            version=root.version or "unknown",
            name=root.friendlyName,
            machine_id=root.machineIdentifier,
            notes=notes,
        )

    def narrow(self) -> Mapping[str, Support]:
        """As in the contract."""
        if self._speaks_json:
            return {}
        return {
            "list_changed": Support.versioned(
                "a Plex Media Server that answers in JSON, as all do since 2017"
            )
        }

    def _machine_id(self) -> str:
        """The server's own id, which it wants to see in addresses of its items."""
        if self._machine is None:
            self.connect()
        return self._machine or ""

    def list_libraries(self) -> tuple[Library, ...]:
        """As in the contract."""
        return tuple(mapper.library(section) for section in self._sections.fresh())

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        """As in the contract."""
        page = self._raw_page(Kind.ARTIST, scope, cursor, limit)
        return self._paged(page, scope, self._mapped(Kind.ARTIST, page, self._artist))

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        """As in the contract."""
        page = self._raw_page(Kind.ALBUM, scope, cursor, limit)
        return self._paged(page, scope, self._mapped(Kind.ALBUM, page, self._album))

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        """As in the contract."""
        page = self._raw_page(Kind.TRACK, scope, cursor, limit)
        more = cursor is not None or page.next_cursor is not None
        sweeping = more and limit >= _SWEEPING_FROM
        return self._paged(page, scope, self._tracks_of(page, of_a_sweep=sweeping, begins=cursor is None))

    def list_ids(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[str]:
        """As in the contract."""
        page = self._raw_page(
            kind,
            scope,
            cursor,
            limit,
            {
                "includeGuids": 0,
                "excludeElements": "Guid,Media,Genre,Collection,Style,Mood,Country,Subformat",
                "excludeFields": "summary",
            },
        )
        return self._paged(
            page, scope, self._mapped(kind, page, lambda row, section: key_of(row.ratingKey) or "")
        )

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        """As in the contract."""
        allowed = {key_of(section.key) for section in self._sections.of(Scope())}
        found = {
            key_of(row.ratingKey): row
            for row in self._rows_by_key(kind, dict.fromkeys(id for id in ids if is_key(id)))
            if key_of(row.librarySectionID) in allowed
        }
        rows = [(row, key_of(row.librarySectionID) or "") for id in ids if (row := found.get(id))]
        return self._items(kind, rows)

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        """As in the contract. Tracks found have no year and no genres, since Plex keeps those at albums."""
        sections = self._sections_of(scope)
        text = query.strip()[:_LONGEST_QUERY]
        hits: dict[Kind, list[tuple[ItemRow, str]]] = {kind: [] for kind in mapper.TYPES}
        for section in sections if text and kinds else ():
            key = key_of(section.key) or ""
            hubs = self._transport.read(
                Hubs, "/hubs/search", {"query": text, "limit": limit, "sectionId": key, "includeGuids": 1}
            )
            for row in (row for hub in hubs.Hub for row in hub.Metadata):
                kind = _KINDS.get(row.type or "")
                # A server that does not know `sectionId` searches everywhere.
                if kind in kinds and key_of(row.ratingKey) and key_of(row.librarySectionID) in (None, key):
                    hits[kind].append((row, key))
        return SearchResult(
            artists=tuple(
                mapper.artist(row, server=self.server, library_id=key)
                for row, key in hits[Kind.ARTIST][:limit]
            ),
            albums=tuple(
                mapper.album(row, server=self.server, library_id=key) for row, key in hits[Kind.ALBUM][:limit]
            ),
            tracks=tuple(
                mapper.track(row, server=self.server, library_id=key, albums={})
                for row, key in hits[Kind.TRACK][:limit]
            ),
        )

    def _items(self, kind: Kind, rows: list[tuple[ItemRow, str]]) -> tuple[Item, ...]:
        """Rows of any kind as items, tracks with what their albums know."""
        if kind is not Kind.TRACK:
            return tuple(mapper.item(kind, row, server=self.server, library_id=key) for row, key in rows)
        return self._with_albums([self._track(row, key, {}) for row, key in rows])

    def _artist(self, row: ItemRow, section: str) -> Artist:
        return mapper.artist(row, server=self.server, library_id=section)

    def _album(self, row: ItemRow, section: str) -> Album:
        return mapper.album(row, server=self.server, library_id=section)

    def _paged(self, page: RawPage, scope: Scope, found: DecodedItems[ModelT]) -> Page[ModelT]:
        return Page(
            items=found.items,
            next_cursor=page.next_cursor,
            total=page.total,
            problems=found.problems,
            empty_proof=self._empty_proof(page, scope),
        )

    def _empty_proof(self, page: RawPage, scope: Scope) -> str | None:
        """That a listing is truly empty: the server scanned every section of it, and scans none at the moment.

        A user who is shown no section at all may lack the right, which proves nothing.
        """
        if page.total != 0 or len(page):
            return None
        if scope.libraries == ():
            return "no library was asked for"
        sections = self._sections_of(scope, fresh=True)
        if not sections or not all(section.scannedAt and section.refreshing is False for section in sections):
            return None
        names = ", ".join(repr(section.title) for section in sections)
        return f"the server finished scanning {names} and declares no items"
