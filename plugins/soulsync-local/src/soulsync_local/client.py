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

    Listings look over the files first, and read those that are new or changed. `search`, `get_items`, `image` and
    `stream` answer from the index as the last listing or scan left it; the first of them makes sure there was one.
    """

    limits = PagingLimits(max_page_size=1000)
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
        self._library.check()
        return ServerInfo(product="Folders of audio files", version=_own_version())

    def list_libraries(self) -> tuple[Library, ...]:
        self._library.check()
        return tuple(
            Library(id=root.library, name=root.name, paths=(display(root.raw),))
            for root in self._library.roots
        )

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        return listing.artist_page(self._library, scope, cursor, limit)

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        return listing.album_page(self._library, scope, cursor, limit)

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        return listing.track_page(self._library, scope, cursor, limit)

    def list_ids(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[str]:
        return listing.id_page(self._library, _listed(kind), scope, cursor, limit)

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        self._library.known()
        with self._library.index.read() as connection:
            return queries.items(connection, self._library.mapper, _listed(kind), ids)

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        return search.search(self._library, query, kinds, scope, limit)

    def close(self) -> bool:
        self._scanner.stop()
        self._library.close()
        return True

    def trigger_scan(self, scope: Scope, paths: tuple[str, ...]) -> ScanState:
        return self._scanner.start(scope, paths)

    def scan_state(self) -> ScanState:
        return self._scanner.state()

    def change_token(self, scope: Scope) -> str:
        return changes.token_of(self._library.snapshot(scope))

    def list_changed(
        self, kind: Kind, scope: Scope, since: str, cursor: str | None, limit: int
    ) -> ChangedPage[Item]:
        return changes.changed_page(self._library, _listed(kind), scope, since, cursor, limit)

    def list_recently_added(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[Item]:
        return changes.recent_page(self._library, _listed(kind), scope, cursor, limit)

    def image(self, kind: Kind, id: str, size: int | None) -> Media:
        # The original, whatever the size asked for: nothing here scales.
        return media.image(self._library, kind, id)

    def stream(self, track_id: str, range: ByteRange | None, max_bitrate: int | None) -> Media:
        # The original, whatever the bit rate asked for: nothing here transcodes.
        return media.stream(self._library, track_id, range)


def _listed(kind: Kind) -> Kind:
    if kind is Kind.PLAYLIST:
        raise NotFoundError("A folder of audio files lists no playlists.")
    return kind


def _own_version() -> str:
    try:
        return version("soulsync-local")
    except PackageNotFoundError:
        return "unknown"
