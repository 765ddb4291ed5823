"""What every part of the reference client builds on: reaching the server, users, scopes and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from soulsync_engine.contract import MediaServerClient, ServerContext
from soulsync_engine.errors import ConflictError, NotFoundError, UnavailableError
from soulsync_engine.models import Album, Artist, Item, ItemRef, Kind, Page, Problem, Scope, Track, User
from soulsync_engine.testing.reference.catalogue import Catalogue
from soulsync_engine.testing.reference.server import ReferenceServer, reach
from soulsync_engine.testing.reference.settings import ReferenceSettings

T = TypeVar("T")
ItemT = TypeVar("ItemT", Artist, Album, Track)


class ReferenceSession(MediaServerClient):
    """A client's connection. Every request is one call of `_request`, which is what the server counts."""

    def __init__(self, context: ServerContext[ReferenceSettings]) -> None:
        self._context = context
        self._closed = False

    def close(self) -> bool:
        """As in the contract."""
        self._closed = True
        return True

    def _request(self, operation: str, produce: Callable[[ReferenceServer], T]) -> T:
        if self._closed:
            raise UnavailableError("The connection is closed.", server=self._context.server)
        settings = self._context.settings
        server = reach(settings.address, settings.token.get_secret_value(), server=self._context.server)
        return server.handle(operation, lambda: produce(server))

    def _user(self, server: ReferenceServer, name: str | None = None) -> User:
        wanted = name or self._context.settings.user
        for user in server.users:
            if wanted in (user.id, user.name):
                return user
        raise NotFoundError(f"There is no user {wanted!r}.", server=self._context.server)

    def _libraries(self, catalogue: Catalogue, scope: Scope) -> set[str]:
        """The ids of the libraries a scope means."""
        if scope.libraries is None:
            return set(catalogue.libraries)
        for library in scope.libraries:
            if library not in catalogue.libraries:
                raise NotFoundError(f"There is no library {library!r}.", server=self._context.server)
        return set(scope.libraries)

    def _in_scope(self, server: ReferenceServer, kind: Kind, scope: Scope) -> list[Item]:
        """All items of a kind in a scope, in the server's order, as the scope's user sees them."""
        catalogue = server.catalogue
        wanted = self._libraries(catalogue, scope)
        user = self._user(server, scope.user)
        return [
            self._shown(server, user, item)
            for item in catalogue.of_kind(kind).values()
            if catalogue.libraries_of(item) & wanted
        ]

    def _shown(self, server: ReferenceServer, user: User, item: Item) -> Item:
        """An item as it leaves the server: with this server's name and the user's own data."""
        ref = self._ref(item.ref.kind, item.ref.id)
        opinion = server.opinions.get((user.id, item.ref.kind, item.ref.id))
        if opinion is None:
            return replace(item, ref=ref)
        if isinstance(item, Track):
            return replace(
                item,
                ref=ref,
                rating=opinion.rating,
                favorite=opinion.favorite,
                play_count=opinion.play_count,
                last_played=opinion.last_played,
            )
        return replace(item, ref=ref, rating=opinion.rating, favorite=opinion.favorite)

    def _ref(self, kind: Kind, id: str) -> ItemRef:
        return ItemRef(self._context.server, kind, id)

    def _known(self, server: ReferenceServer, kind: Kind, id: str) -> Item:
        """An item as the server keeps it; raises `NotFoundError`."""
        if kind is not Kind.PLAYLIST and (found := server.catalogue.of_kind(kind).get(id)) is not None:
            return found
        raise NotFoundError(f"There is no {kind} {id!r}.", server=self._context.server)

    def _offset(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        if not cursor.isdecimal():
            raise ConflictError(
                f"The cursor {cursor!r} is not one of this server's.", server=self._context.server
            )
        return int(cursor)

    def _page(
        self, items: Sequence[T], cursor: str | None, limit: int, problems: Iterable[Problem] = ()
    ) -> Page[T]:
        offset = self._offset(cursor)
        end = offset + limit
        return Page(
            items=tuple(items[offset:end]),
            next_cursor=str(end) if end < len(items) else None,
            total=len(items),
            problems=tuple(problems),
            empty_proof=None if items else "the server counted its items and found none",
        )
