"""The proof that a listing was seen whole, without which nothing is removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar, final

from soulsync_engine.errors import IncompleteSweepError
from soulsync_engine.mirror.seen import Seen
from soulsync_engine.models import Kind, Page, Scope

T = TypeVar("T")

_SEAL: Final = object()


@final
class CompleteSweep:
    """Everything of one kind in one scope of a server has been seen. Only `Sweep.complete` makes one.

    It holds for the store in which the sweep marked what it saw, and for no other. `empty` says that the listing
    held nothing, which there was independent evidence for.
    """

    __slots__ = ("empty", "kind", "scope", "seen", "store")

    def __init__(
        self, seal: object, *, store: object, kind: Kind, scope: Scope, seen: Seen, empty: bool
    ) -> None:
        if seal is not _SEAL:
            raise TypeError("a complete sweep is the end of a sweep, it cannot be made by hand")
        self.store: Final = store
        self.kind: Final = kind
        self.scope: Final = scope
        self.seen: Final = seen
        self.empty: Final = empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a listing has been read: `cursor` is the page to go on with, None when it has `ended`."""

    pages: int = 0
    cursor: str | None = None
    ended: bool = False
    total: int | None = None
    seen: int = 0
    problems: int = 0
    nameless: int = 0
    proof: str | None = None


@final
class Sweep(Generic[T]):
    """A listing under way: fed with its pages, in order, until its end.

    `marked` are the items it showed, filled by the store. `place` lets another process go on.
    """

    def __init__(
        self,
        store: object,
        kind: Kind,
        scope: Scope,
        *,
        server: str | None = None,
        place: Place | None = None,
        marked: Seen | None = None,
    ) -> None:
        self.kind: Final = kind
        self.scope: Final = scope
        self.marked: Final = marked or Seen()
        self.place = place or Place()
        self._store = store
        self._server = server

    @property
    def seen(self) -> int:
        """How many items the pages held."""
        return self.place.seen

    @property
    def nameless(self) -> int:
        """Problems without an id: items that are there, but nobody knows which."""
        return self.place.nameless

    def see(self, page: Page[T]) -> None:
        """Take the next page into account."""
        before = self.place
        if page.total is not None and before.total is not None and page.total != before.total:
            raise self._error(f"it declared {before.total} items, then {page.total}")
        self.place = Place(
            pages=before.pages + 1,
            cursor=page.next_cursor,
            ended=page.next_cursor is None,
            total=before.total if page.total is None else page.total,
            seen=before.seen + len(page.items),
            problems=before.problems + len(page.problems),
            nameless=before.nameless + sum(problem.id is None for problem in page.problems),
            proof=page.empty_proof,
        )

    def repeated(self) -> IncompleteSweepError:
        """The error for an id that comes twice: then another one may have been passed over."""
        return self._error("it held one id twice, so it may have left out another")

    def complete(self, *, populated: bool) -> CompleteSweep | None:
        """The proof; None when unreadable items without an id make it impossible.

        `populated` tells whether the mirror has items of this kind in the scope. Raises `IncompleteSweepError`
        when the listing did not reach its end, disagrees with its total, or is empty without evidence.
        """
        place = self.place
        if not place.ended:
            raise self._error("it ended before its last page")
        length = place.seen + place.problems
        if place.total is not None and length != place.total:
            raise self._error(f"it declared {place.total} items but {length} arrived")
        if length == 0 and populated and place.proof is None:
            raise IncompleteSweepError(
                f"The listing of {self.kind}s came back empty, without evidence that there are none, while the "
                "mirror has some.",
                server=self._server,
                next_step="Check that the server's library is there. If it is truly empty, remove the server "
                "from the configuration and have the mirror forget it.",
            )
        if place.nameless:
            return None
        return CompleteSweep(
            _SEAL,
            store=self._store,
            kind=self.kind,
            scope=self.scope,
            seen=self.marked,
            empty=length == 0,
        )

    def _error(self, what: str) -> IncompleteSweepError:
        return IncompleteSweepError(
            f"The listing of {self.kind}s is not whole: {what}.",
            server=self._server,
            next_step="Nothing was removed. Try again when the server is at rest.",
        )
