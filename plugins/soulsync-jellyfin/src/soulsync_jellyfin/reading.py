"""What is in the libraries: listings, single items, search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final, TypeVar

from soulsync_engine.errors import NotAllowedError, NotFoundError
from soulsync_engine.models import (
    Album,
    Artist,
    Item,
    Kind,
    Library,
    Page,
    Scope,
    SearchResult,
    Track,
)
from soulsync_jellyfin.dialect import THIN, Params
from soulsync_jellyfin.listing import Query, offset_of
from soulsync_jellyfin.mapper import TYPES
from soulsync_jellyfin.readers import ALBUMS, ARTISTS, IDS, READERS, TRACKS, Reader
from soulsync_jellyfin.session import Session
from soulsync_jellyfin.transport import LONGEST_QUERY
from soulsync_jellyfin.values import text_id

M = TypeVar("M")

FIELDS: Final = {
    Kind.ARTIST: "Genres,ProviderIds,Overview,SortName,DateCreated",
    Kind.ALBUM: "Genres,ProviderIds,SortName,DateCreated",
    Kind.TRACK: "Path,Genres,ProviderIds,MediaSources,DateCreated",
}
"""What has to be asked for by name. Each costs the server time, so nothing is asked for that no model holds."""

NEVER: Final = datetime.min.replace(tzinfo=UTC)
_LONGEST_SEARCH: Final = 500


class Reading(Session):
    """The required operations that read."""

    def list_libraries(self) -> tuple[Library, ...]:
        """The music libraries of the configured user, with their folders where the credentials may see them."""
        libraries = self.connection.libraries(self.connection.user())
        try:
            folders = self.connection.folders()
        except (NotAllowedError, NotFoundError):
            return libraries
        paths = {text_id(folder.item_id): tuple(folder.locations or ()) for folder in folders}
        return tuple(
            Library(id=library.id, name=library.name, paths=paths.get(library.id, ()))
            for library in libraries
        )

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        """The album artists; guests on a track are none."""
        return self.lister.page(listing_of(Kind.ARTIST), scope, cursor, limit, ARTISTS)

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        """The albums, in the order in which they were added."""
        return self.lister.page(listing_of(Kind.ALBUM), scope, cursor, limit, ALBUMS)

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        """The tracks, in the order in which they were added."""
        return self.lister.page(listing_of(Kind.TRACK), scope, cursor, limit, TRACKS)

    def list_ids(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[str]:
        """The ids alone, by the same query with thin rows."""
        query = listing_of(kind, **THIN)
        return self.lister.page(query.called(f"ids of {query.name}"), scope, cursor, limit, IDS)

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        """Items by id, as many in a request as an address has room for."""
        wanted = [each for each in dict.fromkeys(ids) if self.dialect.is_id(each)]
        if ids and not wanted:
            # Nothing worth asking for, but "none of them exists" is the server's to say.
            self.connection.greet()
        found: dict[str, Item] = {}
        for batch in in_batches(wanted):
            params: Params = {
                "userId": self.connection.user().id,
                "ids": ",".join(batch),
                "includeItemTypes": TYPES[kind],
                "fields": FIELDS[kind],
                "enableTotalRecordCount": False,
            }
            page = READERS[kind].read(self.transport.page(("Items",), params), self.mapper, kind)
            found.update((_bare(item.ref.id), item) for item in page.items)
            for problem in page.problems:
                self.log.warning(
                    "%s: the %s %s cannot be read: %s", self.server, kind, problem.id, problem.reason
                )
        return tuple(found[_bare(each)] for each in ids if _bare(each) in found)

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        """Hits library by library; the servers look in names alone."""
        text = " ".join(query.split())[:_LONGEST_SEARCH]
        user = self.connection.user(scope)
        libraries = self.connection.chosen(scope, user)
        if not text:
            return SearchResult()

        def hits(kind: Kind) -> tuple[Item, ...]:
            asked = listing_of(kind, searchTerm=text, sortBy=None)
            rows = [
                self.lister.stretch(asked, user, library, 0, limit, READERS[kind]).items
                for library in libraries
            ]
            return tuple(_interleaved(rows))[:limit]

        found = {kind: hits(kind) for kind in (Kind.ARTIST, Kind.ALBUM, Kind.TRACK) if kind in kinds}
        return SearchResult(
            artists=tuple(hit for hit in found.get(Kind.ARTIST, ()) if isinstance(hit, Artist)),
            albums=tuple(hit for hit in found.get(Kind.ALBUM, ()) if isinstance(hit, Album)),
            tracks=tuple(hit for hit in found.get(Kind.TRACK, ()) if isinstance(hit, Track)),
        )

    def merged(
        self,
        query: Query,
        scope: Scope,
        cursor: str | None,
        limit: int,
        reader: Reader[M],
        moment: Callable[[M], datetime | None],
    ) -> Page[M]:
        """A page of a listing that is sorted by a time, the latest first, also over several libraries."""
        user = self.connection.user(scope)
        libraries = self.connection.chosen(scope, user)
        if len(libraries) == 1:
            return self.lister.page(query, scope, cursor, limit, reader)
        start = offset_of(cursor)
        # One row more than the page tells whether another page follows.
        needed = start + limit + 1
        read = [self.lister.first(query, user, library, needed, reader) for library in libraries]
        rows = dict.fromkeys(item for each in read for item in each.items)
        latest = sorted(rows, key=lambda item: moment(item) or NEVER, reverse=True)
        end = start + limit
        if len(latest) > end:
            return Page(items=tuple(latest[start:end]), next_cursor=str(end))
        # Every page reads from the beginning, so only the last one tells of the odd rows, all of them.
        problems = tuple(problem for each in read for problem in each.problems)
        return Page(items=tuple(latest[start:]), problems=problems)


def listing_of(kind: Kind, **params: str | int | bool | None) -> Query:
    """The query that lists all items of a kind in a library, in an order that stays; more parameters may be given."""
    if kind is Kind.ARTIST:
        return Query(
            name="artists",
            kind=kind,
            path=("Artists", "AlbumArtists"),
            params={"fields": FIELDS[kind], "sortBy": "SortName", "enableImages": False, **params},
            shared=True,
        )
    return Query(
        name=f"{kind}s",
        kind=kind,
        path=("Items",),
        params={
            "recursive": True,
            "includeItemTypes": TYPES[kind],
            "fields": FIELDS[kind],
            # What is added while a listing is read comes at its end. Pages sorted by artist repeat and skip rows.
            "sortBy": "DateCreated,SortName",
            "sortOrder": "Ascending",
            "enableImages": False,
            **params,
        },
    )


def in_batches(ids: list[str]) -> Iterator[list[str]]:
    """The ids in groups that fit into an address, at most a page of them."""
    batch: list[str] = []
    size = 0
    for each in ids:
        # A comma is three bytes once it is quoted.
        size += len(each) + 3
        if batch and size > LONGEST_QUERY:
            yield batch
            batch, size = [], len(each) + 3
        batch.append(each)
    if batch:
        yield batch


def _bare(id: str) -> str:
    """An id in one spelling: servers take dashes and capitals, and answer without."""
    return id.replace("-", "").lower()


def _interleaved(rows: list[tuple[Item, ...]]) -> Iterator[Item]:
    """The best of each library first; an item that several have comes once."""
    seen: set[str] = set()
    for place in range(max(map(len, rows), default=0)):
        for hits in rows:
            if place < len(hits) and hits[place].ref.id not in seen:
                seen.add(hits[place].ref.id)
                yield hits[place]
