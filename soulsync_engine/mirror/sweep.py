"""The proof that a listing was seen whole, without which nothing is removed."""

from __future__ import annotations

from typing import Final, Generic, TypeVar, final

from soulsync_engine.errors import IncompleteSweepError
from soulsync_engine.models import Kind, Page, Scope

T = TypeVar("T")

_SEAL: Final = object()


@final
class CompleteSweep:
    """Everything of one kind in one scope of a server has been seen. Only `Sweep.complete` makes one.

    It holds for the store in which the sweep marked what it saw, and for no other.
    """

    __slots__ = ("kind", "scope", "store")

    def __init__(self, seal: object, *, store: object, kind: Kind, scope: Scope) -> None:
        if seal is not _SEAL:
            raise TypeError("a complete sweep is the end of a sweep, it cannot be made by hand")
        self.store: Final = store
        self.kind: Final = kind
        self.scope: Final = scope


@final
class Sweep(Generic[T]):
    """A listing under way: fed with its pages, in order, until its end."""

    def __init__(self, store: object, kind: Kind, scope: Scope, *, server: str | None = None) -> None:
        self.kind: Final = kind
        self.scope: Final = scope
        self.seen = 0
        self.nameless = 0
        """Problems without an id: items that are there, but nobody knows which."""
        self._store = store
        self._server = server
        self._total: int | None = None
        self._problems = 0
        self._proof: str | None = None
        self._ended = False

    def see(self, page: Page[T]) -> None:
        """Take the next page into account."""
        if page.total is not None:
            if self._total is not None and page.total != self._total:
                raise self._error(f"it declared {self._total} items, then {page.total}")
            self._total = page.total
        self.seen += len(page.items)
        self._problems += len(page.problems)
        self.nameless += sum(problem.id is None for problem in page.problems)
        self._proof = page.empty_proof
        self._ended = page.next_cursor is None

    def repeated(self) -> IncompleteSweepError:
        """The error for an id that comes twice: then another one may have been passed over."""
        return self._error("it held one id twice, so it may have left out another")

    def complete(self, *, populated: bool) -> CompleteSweep | None:
        """The proof; None when unreadable items without an id make it impossible.

        `populated` tells whether the mirror has items of this kind in the scope. Raises `IncompleteSweepError`
        when the listing did not reach its end, disagrees with its total, or is empty without evidence.
        """
        if not self._ended:
            raise self._error("it ended before its last page")
        length = self.seen + self._problems
        if self._total is not None and length != self._total:
            raise self._error(f"it declared {self._total} items but {length} arrived")
        if length == 0 and populated and self._proof is None:
            raise IncompleteSweepError(
                f"The listing of {self.kind}s came back empty, without evidence that there are none, while the "
                "mirror has some.",
                server=self._server,
                next_step="Check that the server's library is there. If it is truly empty, remove the server "
                "from the configuration.",
            )
        if self.nameless:
            return None
        return CompleteSweep(_SEAL, store=self._store, kind=self.kind, scope=self.scope)

    def _error(self, what: str) -> IncompleteSweepError:
        return IncompleteSweepError(
            f"The listing of {self.kind}s is not whole: {what}.",
            server=self._server,
            next_step="Nothing was removed. Try again when the server is at rest.",
        )
