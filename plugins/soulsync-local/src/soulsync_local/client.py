"""The contract, spoken by folders of audio files. Each operation is a line or two; the work is done next door."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

from soulsync_engine.models import (
    Album,
    Artist,
    ByteRange,
    ChangedPage,
    Item,
    Kind,
    Library,
    Media,
    Page,
    PagingLimits,
    ScanState,
    Scope,
    SearchResult,
    ServerInfo,
    Track,
)
from soulsync_engine.plugin import MediaServerClient, NotFoundError, ServerContext, Support
from soulsync_local import changes, listing, media, queries, search
from soulsync_local.library import LocalLibrary
from soulsync_local.naming import display
from soulsync_local.scanning import Scanner
from soulsync_local.settings import LocalSettings

_NO_HISTORY = Support.server_cannot("files do not know when they were played")
_NO_USERS = Support.server_cannot("a folder has no users")
_NO_PLAYS = Support.server_cannot("a folder plays nothing")


class LocalClient(MediaServerClient):
    """Folders of audio files as a server: every configured folder is a library.

    Listings look over the files first, and read those that are new or changed. One of albums or of artists that begins
    within two seconds after the end of one of all tracks is served by the look which that one took, unless a folder has
    changed since. `search`, `get_items`, `image` and `stream` answer from the index as the last listing or scan left
    it; the first of them makes sure there was one.
    """

    limits = PagingLimits(max_page_size=1000, computed=True)
    limitations: ClassVar[Mapping[str, Support]] = {
        "list_play_events": _NO_HISTORY,
        "list_play_counts": _NO_HISTORY,
        "report_play": _NO_HISTORY,
        "list_users": _NO_USERS,
        "list_active_plays": _NO_PLAYS,
        "parse_webhook": Support.server_cannot("a folder sends no webhooks"),
    }

    def __init__(self, context: ServerContext[LocalSettings]) -> None:
        self._library = LocalLibrary(
            context.server, context.settings, context.data_dir, context.log, context.executor
        )
        self._scanner = Scanner(self._library, context.log)

    def connect(self) -> ServerInfo:
        """Look whether every folder is there and readable. Nothing is read or scanned."""
        self._library.check()
        return ServerInfo(product="Folders of audio files", version=_own_version())

    def list_libraries(self) -> tuple[Library, ...]:
        """The configured folders, in the order of the settings."""
        self._library.check()
        return tuple(
            Library(id=root.library, name=root.name, paths=(display(root.raw),))
            for root in self._library.roots
        )

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        """Album artists, in the order of their ids. Guests on single tracks are not listed."""
        return listing.artist_page(self._library, scope, cursor, limit)

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        """Albums, in the order of their ids."""
        return listing.album_page(self._library, scope, cursor, limit)

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        """Tracks in path order. Tags are read ahead while earlier pages are being worked on."""
        return listing.track_page(self._library, scope, cursor, limit)

    def list_ids(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[str]:
        """The ids, straight from the index, in the order of the full listing."""
        return listing.id_page(self._library, _listed(kind), scope, cursor, limit)

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        """Items as the last listing or scan found them."""
        self._library.known()
        with self._library.index.read() as connection:
            return queries.items(connection, self._library.mapper, _listed(kind), ids)

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        """Items with every word of the query in title, artists or album, whatever the case and the accents.

        The first search for tracks after a scan prepares what was read, some fifteen microseconds for each file.
        """
        return search.search(self._library, query, kinds, scope, limit)

    def close(self) -> bool:
        """Stop a scan that is running, end worker processes, close the index."""
        self._scanner.stop()
        self._library.close()
        return True

    def trigger_scan(self, scope: Scope, paths: tuple[str, ...]) -> ScanState:
        """Read what is new in the background. What is gone is noticed wherever it was, also with `paths`."""
        return self._scanner.start(scope, paths)

    def scan_state(self) -> ScanState:
        """The state of a scan started by `trigger_scan`; `last_finished` counts listings as well."""
        return self._scanner.state()

    def change_token(self, scope: Scope) -> str:
        """A digest of names and stat values. Reads no tags, stores nothing."""
        return changes.token_of(self._library.look(scope))

    def list_changed(
        self, kind: Kind, scope: Scope, since: str, cursor: str | None, limit: int
    ) -> ChangedPage[Item]:
        """What is newer than a state that the index has held, with what was removed, moved files among the changed."""
        return changes.changed_page(self._library, _listed(kind), scope, since, cursor, limit)

    def list_recently_added(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[Item]:
        """By the time a file was first seen; by its own date for what was there at the first scan."""
        return changes.recent_page(self._library, _listed(kind), scope, cursor, limit)

    def image(self, kind: Kind, id: str, size: int | None) -> Media:
        """The original picture, whatever `size` is."""
        return media.image(self._library, kind, id)

    def stream(self, track_id: str, range: ByteRange | None, max_bitrate: int | None) -> Media:
        """The original file, or a range of it, whatever `max_bitrate` is."""
        return media.stream(self._library, track_id, range)


def _listed(kind: Kind) -> Kind:
    if kind is Kind.PLAYLIST:
        raise NotFoundError(
            "A folder of audio files lists no playlists.", next_step="Ask for tracks, albums or artists."
        )
    return kind


def _own_version() -> str:
    try:
        return version("soulsync-local")
    except PackageNotFoundError:
        return "unknown"
