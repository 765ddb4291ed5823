"""The contract, spoken for one JSON file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import ClassVar, TypeVar

from pydantic import ValidationError

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
from soulsync_engine.plugin import (
    ConfigurationError,
    MediaServerClient,
    NotFoundError,
    ServerContext,
    Support,
    UnavailableError,
)
from soulsync_fifth.catalogue import Catalogue, build
from soulsync_fifth.document import Document
from soulsync_fifth.settings import FifthSettings

ItemT = TypeVar("ItemT", Artist, Album, Track)

_NO_SOUND = "a JSON file holds neither sound nor pictures"


class FifthClient(MediaServerClient):
    """Reads the file anew for every call: it is small, and it may change."""

    limits = PagingLimits(max_page_size=500, offset_cursors=True)
    limitations: ClassVar[dict[str, Support]] = {
        "trigger_scan": Support.server_cannot("the file is read at every call, so there is nothing to scan"),
        "scan_state": Support.server_cannot("the file is read at every call, so there is nothing to scan"),
        "image": Support.server_cannot(_NO_SOUND),
        "stream": Support.server_cannot(_NO_SOUND),
    }

    def __init__(self, context: ServerContext[FifthSettings]) -> None:
        self._server = context.server
        self._path = context.settings.path

    def connect(self) -> ServerInfo:
        self._catalogue()
        return ServerInfo(product="One JSON file", version="1", name=self._path.stem)

    def list_libraries(self) -> tuple[Library, ...]:
        return self._catalogue().libraries

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        catalogue = self._catalogue()
        return _page(self._in_scope(catalogue, catalogue.artists.values(), scope), cursor, limit)

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        catalogue = self._catalogue()
        return _page(self._in_scope(catalogue, catalogue.albums.values(), scope), cursor, limit)

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        catalogue = self._catalogue()
        return _page(self._in_scope(catalogue, catalogue.tracks.values(), scope), cursor, limit)

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        known = self._catalogue().of_kind(kind)
        return tuple(known[key] for key in ids if key in known)

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        catalogue = self._catalogue()
        words = query.casefold().split()
        artists, albums, tracks = (
            catalogue.artists.values(),
            catalogue.albums.values(),
            catalogue.tracks.values(),
        )
        return SearchResult(
            artists=_hits(self._in_scope(catalogue, artists, scope), words, limit)
            if Kind.ARTIST in kinds
            else (),
            albums=_hits(self._in_scope(catalogue, albums, scope), words, limit)
            if Kind.ALBUM in kinds
            else (),
            tracks=_hits(self._in_scope(catalogue, tracks, scope), words, limit)
            if Kind.TRACK in kinds
            else (),
        )

    def change_token(self, scope: Scope) -> str:
        return sha256(self._read()).hexdigest()

    def _in_scope(self, catalogue: Catalogue, items: Iterable[ItemT], scope: Scope) -> list[ItemT]:
        known = {library.id for library in catalogue.libraries}
        wanted = known if scope.libraries is None else set(scope.libraries)
        if missing := wanted - known:
            raise NotFoundError(f"The file has no library {min(missing)!r}.", server=self._server)
        return [item for item in items if catalogue.is_in(item, wanted)]

    def _catalogue(self) -> Catalogue:
        try:
            return build(Document.model_validate_json(self._read()), self._server)
        except ValidationError as error:
            raise ConfigurationError(
                f"{self._path} is not a catalogue: {error.error_count()} mistakes.",
                server=self._server,
                next_step="Correct the file.",
            ) from None

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise UnavailableError(
                f"{self._path} cannot be read: {error.strerror}.",
                server=self._server,
                next_step="Put the file back, or correct its path.",
            ) from error


def _page(items: Sequence[ItemT], cursor: str | None, limit: int) -> Page[ItemT]:
    start = int(cursor or 0)
    end = start + limit
    return Page(
        items=tuple(items[start:end]),
        next_cursor=str(end) if end < len(items) else None,
        total=len(items),
        empty_proof=None if items else "the whole file was read",
    )


def _hits(items: Sequence[ItemT], words: list[str], limit: int) -> tuple[ItemT, ...]:
    found = [item for item in items if words and all(word in _text(item) for word in words)]
    return tuple(found[:limit])


def _text(item: Item) -> str:
    if isinstance(item, Artist):
        return item.name.casefold()
    return " ".join((item.title, *(credit.name for credit in item.artists))).casefold()
