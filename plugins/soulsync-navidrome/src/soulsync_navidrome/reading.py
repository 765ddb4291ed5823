"""Libraries, listings, items by id, search."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from soulsync_engine.http import DecodedItems
from soulsync_engine.models import (
    Album,
    Artist,
    Item,
    Kind,
    Library,
    Page,
    PagingLimits,
    Scope,
    SearchResult,
    ServerInfo,
    Track,
)
from soulsync_engine.plugin import MediaServerClient, NotFoundError, ServerContext, SoulSyncError
from soulsync_navidrome import libraries, mapper, report
from soulsync_navidrome.asking import Asking
from soulsync_navidrome.choosing import Choice, Chooser, Route
from soulsync_navidrome.connection import Connection
from soulsync_navidrome.credentials import Mechanism
from soulsync_navidrome.emptiness import prove_empty
from soulsync_navidrome.failures import GENERIC, PageRefusedError, RefusedError, gone
from soulsync_navidrome.heeding import Heeding
from soulsync_navidrome.libraries import Selection
from soulsync_navidrome.listings import ListedAlbums, walked_albums
from soulsync_navidrome.native import NativeApi
from soulsync_navidrome.native_listing import ALBUMS, NativeListing
from soulsync_navidrome.pages import Listing, PageSize, Snapshot, arrived, joined, offset_of
from soulsync_navidrome.recent import Recent
from soulsync_navidrome.report import ReadingReport
from soulsync_navidrome.settings import SubsonicSettings
from soulsync_navidrome.songs import tidied, track
from soulsync_navidrome.values import flag
from soulsync_navidrome.wire import AlbumID3, ArtistID3, Child

ItemT = TypeVar("ItemT", Artist, Album, Track)

LARGEST_PAGE: Final = 2000
_KEPT_LISTINGS: Final = 12
_METHODS: Final = {Kind.ARTIST: "getArtist", Kind.ALBUM: "getAlbum", Kind.TRACK: "getSong"}

_AnyListing = Listing[Artist] | Listing[Album] | Listing[Track]


@dataclass(slots=True)
class _Started:
    """A listing that was begun, and how many requests there had been before; at its end `choice` is reported."""

    listing: _AnyListing
    requests: int
    choice: Choice | None = None


class ReadingClient(MediaServerClient):
    """What every backend has to do."""

    def __init__(self, context: ServerContext[SubsonicSettings]) -> None:
        super().__init__(context)
        self._connection = Connection(context)
        self._asking = Asking(self._connection)
        self._native = NativeApi(self._connection)
        self._size = PageSize(LARGEST_PAGE)
        self._heeding = Heeding(self._asking)
        self._chooser = Chooser(self._asking, self._native, self._heeding, self._size)
        self._data_dir = context.data_dir
        self._started = Recent[tuple[Kind, Scope], _Started](_KEPT_LISTINGS)
        self.limits = PagingLimits(
            max_page_size=LARGEST_PAGE,
            max_concurrency=context.settings.max_concurrency,
            offset_cursors=True,
        )

    def connect(self) -> ServerInfo:
        """As in the contract; two requests where the server tells whether it scans, three or four elsewhere."""
        facts = self._connection.greet()
        return ServerInfo(
            product=facts.product.capitalize() or "Subsonic server",
            version=facts.version or f"API {facts.protocol}",
            user=facts.user,
            notes=tuple(self._notes()),
        )

    def list_libraries(self) -> tuple[Library, ...]:
        """As in the contract: the music folders."""
        return libraries.list_libraries(self._connection)

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        """As in the contract: the album artists, which the server sends in one piece."""
        return self._page(Kind.ARTIST, scope, cursor, limit, self._begin_artists)

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        """As in the contract."""
        return self._page(Kind.ALBUM, scope, cursor, limit, self._begin_albums)

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        """As in the contract. With the first page it is found out anew how to read the rest; see `choosing`."""
        return self._page(Kind.TRACK, scope, cursor, limit, self._begin_tracks)

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        """As in the contract: a request for each, a few at once."""
        if not ids:
            return ()
        workers = min(len(ids), self._connection.settings.max_concurrency)
        self._connection.facts  # noqa: B018 - asked for once, before the threads
        with ThreadPoolExecutor(workers, thread_name_prefix="soulsync-item") as pool:
            found = list(pool.map(lambda item_id: self._item(kind, item_id), ids))
        return tuple(item for item in found if item is not None)

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        """As in the contract. A blank query finds nothing, since to servers it means everything, or nothing."""
        selection = libraries.select(self._connection, scope)
        wanted = kinds & {Kind.ARTIST, Kind.ALBUM, Kind.TRACK}
        if not query.strip() or not wanted or selection.folders == ():
            return SearchResult()
        self._heeding.check_search(selection, query)
        hits: dict[tuple[Kind, str], Item] = {}
        for folder in selection.parts:
            how = self._connection.reading.in_library(folder or selection.library_id)
            for item in self._asking.search_all(query, wanted, folder, limit, how):
                hits.setdefault((item.ref.kind, item.ref.id), item)
        found = hits.values()
        return SearchResult(
            artists=tuple(item for item in found if isinstance(item, Artist))[:limit],
            albums=tuple(item for item in found if isinstance(item, Album))[:limit],
            tracks=tuple(item for item in found if isinstance(item, Track))[:limit],
        )

    def close(self) -> bool:
        """As in the contract."""
        self._connection.close()
        return True

    def _item(self, kind: Kind, item_id: str) -> Item | None:
        try:
            wire = self._wire(kind, item_id)
        except NotFoundError:
            return None
        return self._asking.made(partial(_model, wire, self._connection.reading))

    def _wire(self, kind: Kind, item_id: str) -> Child | AlbumID3 | ArtistID3:
        """An item as the server has it at this moment. `NotFoundError` also for what cannot be an id of it."""
        if kind not in _METHODS:
            raise gone(f"This is no place to look for a {kind}.", server=self.server)
        try:
            response = self._connection.transport.call(_METHODS[kind], [("id", item_id)])
        except (RefusedError, PageRefusedError) as error:
            raise self._unknown(error) from None
        wire: Child | AlbumID3 | ArtistID3 | None
        if kind is Kind.TRACK:
            wire = self._asking.one(response.song, Child)
            if wire is not None and (flag(wire.is_dir) or flag(wire.is_video)):
                wire = None
        elif kind is Kind.ALBUM:
            wire = self._asking.one(response.album, AlbumID3)
        else:
            wire = self._asking.one(response.artist, ArtistID3)
        if wire is None or wire.id is None or str(wire.id) != item_id:
            raise gone(f"The server has no {kind} with the id {item_id!r}.", server=self.server)
        return wire

    def _unknown(self, error: RefusedError | PageRefusedError) -> SoulSyncError:
        """What it amounts to that a server refuses a question about one id.

        Servers with ids of one shape call every other text a mistake, in a word of their own. Those that speak
        OpenSubsonic have a code for what is not there, so that from them a failure of no kind is a failure.
        """
        if self._connection.facts.rich and isinstance(error, RefusedError) and error.subsonic_code == GENERIC:
            return error
        return gone(f"The server knows no such id ({error.message})", server=self.server)

    def _page(
        self,
        kind: Kind,
        scope: Scope,
        cursor: str | None,
        limit: int,
        begin: Callable[[Selection], _AnyListing | Choice],
    ) -> Page[ItemT]:
        offset = offset_of(cursor, self.server)
        key = (kind, scope)
        started = None if cursor is None else self._started.get(key)
        if started is None:
            before = self._connection.transport.http.count
            selection = libraries.select(self._connection, scope)
            if selection.folders == ():
                return Page(items=(), total=0, empty_proof="no library was asked for")
            begun = begin(selection)
            started = (
                _Started(begun.tracks, before, begun)
                if isinstance(begun, Choice)
                else _Started(begun, before)
            )
            page: Page[ItemT] = started.listing.page(offset, limit)  # type: ignore[assignment]
            if offset == 0 and page.next_cursor is None and not page.items and not page.problems:
                return Page(items=(), total=0, empty_proof=prove_empty(self._asking, selection))
            self._started.put(key, started)
        else:
            page = started.listing.page(offset, limit)  # type: ignore[assignment]
        if page.next_cursor is None:
            self._ended(started)
        return page

    def _ended(self, started: _Started) -> None:
        choice = started.choice
        if choice is None:
            return
        started.choice = None
        requests = self._connection.transport.http.count - started.requests
        noted = ReadingReport(
            route=choice.route, reason=choice.reason, tracks=choice.total, requests=requests
        )
        report.save(self._data_dir, noted, self._connection.log)

    def _begin_artists(self, selection: Selection) -> _AnyListing:
        how = self._connection.reading.in_library(self._only_library(selection))
        try:
            found = joined([self._asking.artists(folder, how) for folder in selection.parts])
        except NotFoundError:
            # Some servers say of an empty library that it is not there. Whether that is so is proven next.
            return Snapshot(DecodedItems[Artist](items=()))
        once = {artist.ref.id: artist for artist in found.items}
        if not self._heeding.artists(selection):
            here = {credit.id for album in self._merged_albums(selection).items for credit in album.artists}
            once = {artist_id: artist for artist_id, artist in once.items() if artist_id in here}
        return Snapshot(DecodedItems(items=tuple(once.values()), problems=found.problems))

    def _begin_albums(self, selection: Selection) -> _AnyListing:
        native = self._native.tried(
            lambda: NativeListing(self._native, self.server, ALBUMS, selection, self._size)
        )
        if native is not None:
            return native
        if len(selection.parts) > 1:
            return Snapshot(self._merged_albums(selection))
        self._heeding.check_albums(selection)
        folder = selection.parts[0]
        how = self._connection.reading.in_library(folder or selection.library_id)
        listing = ListedAlbums(self._asking, folder, how, self._size)
        try:
            first = listing.page(0, 1)
        except (RefusedError, NotFoundError):
            first = Page(items=())
        if not first.items and not first.problems and folder is None:
            walked = walked_albums(self._asking)
            if arrived(walked):
                albums = tuple(mapper.album(found, how) for found in walked.items)
                return Snapshot(DecodedItems(items=albums, problems=walked.problems))
        return listing

    def _begin_tracks(self, selection: Selection) -> Choice:
        choice = self._chooser.choose(selection)
        self._connection.log.info("tracks are read by %s: %s", choice.route, choice.reason)
        return choice

    def _merged_albums(self, selection: Selection) -> DecodedItems[Album]:
        """The albums of several libraries, each once, also when it lies in two of them."""
        self._heeding.check_albums(selection)
        once: dict[str, Album] = {}
        parts = []
        for folder in selection.folders or ():
            listing = ListedAlbums(
                self._asking, folder, self._connection.reading.in_library(folder), self._size
            )
            offset: int | None = 0
            while offset is not None:
                page = listing.page(offset, LARGEST_PAGE)
                parts.append(page)
                offset = None if page.next_cursor is None else int(page.next_cursor)
        for page in parts:
            for album in page.items:
                once.setdefault(album.ref.id, album)
        problems = tuple(problem for page in parts for problem in page.problems)
        return DecodedItems(items=tuple(once.values()), problems=problems)

    def _only_library(self, selection: Selection) -> str | None:
        """The library of everything, where the server has only one. Artists of several belong to no one library."""
        return selection.library_id if selection.folders is None else None

    def _notes(self) -> list[str]:
        facts = self._connection.facts
        last = report.load(self._data_dir)
        notes = [
            last.sentence
            if last
            else "The library was not listed yet. How that is done, and why, is found out with the first listing."
        ]
        unsafe = not self._connection.settings.base_url.startswith("https:")
        if facts.mechanism is Mechanism.PASSWORD:
            notes.append(
                "The server takes no tokens, so every request carries the password itself"
                + (", and nothing encrypts the connection. Use https." if unsafe else ".")
            )
        elif unsafe and self._native.excluded is None:
            notes.append(
                "Navidrome's own API takes the password itself, and nothing encrypts the connection. Use https, or "
                "set `native_api` to false."
            )
        if facts.is_navidrome and (not last or last.route != Route.NATIVE):
            notes.append(
                "Navidrome makes file names up for players it does not know. To see real ones, switch on "
                '"Report Real Path" for the player "soulsync" in its settings.'
            )
        if not self._connection.settings.native_api and facts.is_navidrome:
            notes.append("Navidrome's own API is switched off in the settings.")
        return notes


def _model(wire: Child | AlbumID3 | ArtistID3, how: mapper.Reading) -> Artist | Album | Track:
    if isinstance(wire, Child):
        return track(tidied(wire), how)
    if isinstance(wire, AlbumID3):
        return mapper.album(wire, how)
    return mapper.artist(wire, how)
