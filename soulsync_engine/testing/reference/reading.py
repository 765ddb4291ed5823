"""Libraries, listings and search."""

from __future__ import annotations

import unicodedata
from typing import TypeVar, cast

from soulsync_engine.errors import NotFoundError
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
from soulsync_engine.testing.reference.server import ReferenceServer
from soulsync_engine.testing.reference.session import ReferenceSession

ItemT = TypeVar("ItemT", Artist, Album, Track)

VERSION = "1.0"


class Reading(ReferenceSession):
    """The required operations."""

    def connect(self) -> ServerInfo:
        """As in the contract."""

        def answer(server: ReferenceServer) -> ServerInfo:
            user = self._user(server)
            return ServerInfo(
                product="Reference",
                version=VERSION,
                name="reference",
                machine_id=server.address,
                user=user.name,
            )

        return self._request("connect", answer)

    def list_libraries(self) -> tuple[Library, ...]:
        """As in the contract."""
        return self._request("list_libraries", lambda server: tuple(server.catalogue.libraries.values()))

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        """As in the contract."""
        return self._request(
            "list_artists", lambda server: self._listing(server, Artist, scope, cursor, limit)
        )

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        """As in the contract."""
        return self._request("list_albums", lambda server: self._listing(server, Album, scope, cursor, limit))

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        """As in the contract."""
        return self._request("list_tracks", lambda server: self._listing(server, Track, scope, cursor, limit))

    def list_ids(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[str]:
        """As in the contract."""

        def answer(server: ReferenceServer) -> Page[str]:
            ids = [item.ref.id for item in self._in_scope(server, kind, scope)]
            return self._page(ids, cursor, limit)

        return self._request("list_ids", answer)

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        """As in the contract."""

        def answer(server: ReferenceServer) -> tuple[Item, ...]:
            if kind is Kind.PLAYLIST:
                raise NotFoundError("Playlists are not items of a library.", server=self._context.server)
            known = server.catalogue.of_kind(kind)
            user = self._user(server)
            return tuple(self._shown(server, user, known[key]) for key in ids if key in known)

        return self._request("get_items", answer)

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        """As in the contract."""

        def answer(server: ReferenceServer) -> SearchResult:
            def hits(kind: Kind, kind_type: type[ItemT]) -> tuple[ItemT, ...]:
                if kind not in kinds:
                    return ()
                found = _best(self._in_scope(server, kind, scope), query)[:limit]
                return tuple(item for item in found if isinstance(item, kind_type))

            return SearchResult(
                artists=hits(Kind.ARTIST, Artist),
                albums=hits(Kind.ALBUM, Album),
                tracks=hits(Kind.TRACK, Track),
            )

        return self._request("search", answer)

    def _listing(
        self, server: ReferenceServer, kind_type: type[ItemT], scope: Scope, cursor: str | None, limit: int
    ) -> Page[ItemT]:
        items = cast("list[ItemT]", self._in_scope(server, _KINDS[kind_type], scope))
        return self._page(items, cursor, limit)


_KINDS: dict[type, Kind] = {Artist: Kind.ARTIST, Album: Kind.ALBUM, Track: Kind.TRACK}


def _best(items: list[Item], query: str) -> list[Item]:
    """The items in which every word of the query occurs, those first whose own name is or begins with it."""
    wanted = _folded(query)
    words = wanted.split()
    ranked = [(_rank(_folded(_name(item)), wanted), item) for item in items if _has_all(words, _text(item))]
    return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]


def _has_all(words: list[str], text: str) -> bool:
    return bool(words) and all(word in text for word in words)


def _rank(name: str, wanted: str) -> int:
    if name == wanted:
        return 0
    return 1 if name.startswith(wanted) else 2


def _name(item: Item) -> str:
    return item.name if isinstance(item, Artist) else item.title


def _text(item: Item) -> str:
    credited = () if isinstance(item, Artist) else item.artists
    return _folded(" ".join((_name(item), *(credit.name for credit in credited))))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
