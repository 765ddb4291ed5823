"""Pages of a listing: how large they may be, that they move on, and that they end where they should."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, Protocol, TypeVar

from soulsync_engine.errors import IncompleteSweepError
from soulsync_engine.http import AnswerTooLargeError, DecodedItems, TimedOutError
from soulsync_engine.models import Item, Page
from soulsync_engine.plugin import NotFoundError
from soulsync_navidrome.failures import PageRefusedError, RefusedError

T = TypeVar("T")
ItemT = TypeVar("ItemT", bound=Item)
ItemT_co = TypeVar("ItemT_co", bound=Item, covariant=True)

COMMON_CAP: Final = 500
"""The largest page that every server grants; beyond it they refuse, or send less without a word."""

_SMALLEST: Final = 25
_GOOD_PAGES_TO_GROW: Final = 20
_AGAIN: Final = "Nothing is concluded from it. Try again when the server is at rest."


class Listing(Protocol[ItemT_co]):
    """A listing under way, read in pages of any size and order."""

    def page(self, offset: int, limit: int) -> Page[ItemT_co]:
        """The items from `offset` on, at most `limit` of them."""
        ...


class PageSize:
    """How much to ask for at once: less after pages that came too late or too large, more after many good ones."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._current = largest
        self._good = 0
        self._lock = Lock()

    def ask(self, offset: int, wanted: int, fetch: Callable[[int, int], T]) -> T:
        """What `fetch` brings from `offset` on; it is asked again for fewer items where that may help."""
        while True:
            size = min(wanted, self._current)
            try:
                found = fetch(offset, size)
            except (TimedOutError, AnswerTooLargeError, PageRefusedError, RefusedError) as error:
                if not self._shrunk(size, refused=isinstance(error, PageRefusedError | RefusedError)):
                    raise
                continue
            self._went_well(size)
            return found

    def _shrunk(self, size: int, *, refused: bool) -> bool:
        """Whether a smaller page is worth trying."""
        if refused and size <= COMMON_CAP:
            # Every server grants that many, so it is not the size that was refused.
            return False
        smaller = COMMON_CAP if refused else size // 2
        if smaller < _SMALLEST:
            return False
        with self._lock:
            self._current = min(self._current, smaller)
            self._good = 0
            if refused:
                self._largest = COMMON_CAP
        return True

    def _went_well(self, size: int) -> None:
        if size < self._current or self._current == self._largest:
            return
        with self._lock:
            self._good += 1
            if self._good >= _GOOD_PAGES_TO_GROW:
                self._current = min(self._largest, self._current * 2)
                self._good = 0


class Progress:
    """What was seen of a listing so far, to notice a server that sends one page twice."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._first: dict[str, int] = {}
        self._lock = Lock()

    def note(self, offset: int, found: DecodedItems[ItemT]) -> None:
        """Take what one request brought into account.

        Raises `IncompleteSweepError` when its first item was at another place before.
        """
        if not found.items:
            return
        first = found.items[0].ref.id
        with self._lock:
            before = self._first.setdefault(first, offset)
        if before != offset:
            raise IncompleteSweepError(
                f"The server sent the same items for the places {before} and {offset} of one listing.",
                server=self._server,
                next_step=_AGAIN,
            )


def gathered(
    size: PageSize,
    progress: Progress,
    fetch: Callable[[int, int], DecodedItems[ItemT]],
    bounds: tuple[int, int],
    *,
    missing: Callable[[int], IncompleteSweepError],
    extra: int = 0,
    start: int = 0,
) -> list[DecodedItems[ItemT]]:
    """The entries within `bounds`, in as many requests as the server makes of it: one goes on from what came.

    `missing` makes the error for the place where nothing comes. `extra` entries more are asked for. `start` is the
    place in the whole listing that counts as 0 here.
    """
    place, end = bounds
    found: list[DecodedItems[ItemT]] = []
    while place < end:
        came = size.ask(place, end + extra - place, fetch)
        if not arrived(came):
            raise missing(place)
        progress.note(start + place, came)
        found.append(came)
        place += arrived(came)
    return found


def arrived(found: DecodedItems[T]) -> int:
    """How many items came, those that could not be read included."""
    return len(found.items) + len(found.problems)


def joined(parts: list[DecodedItems[T]]) -> DecodedItems[T]:
    """Several pages as one; none of them as an empty one."""
    if len(parts) == 1:
        return parts[0]
    return DecodedItems(
        items=tuple(item for part in parts for item in part.items),
        problems=tuple(problem for part in parts for problem in part.problems),
    )


def page_of(found: DecodedItems[ItemT], offset: int, total: int) -> Page[ItemT]:
    """A page of a listing whose length is known."""
    end = offset + arrived(found)
    return Page(
        items=found.items,
        next_cursor=str(end) if end < total else None,
        total=total,
        problems=found.problems,
    )


def short(server: str, kind: str, total: int, end: int) -> IncompleteSweepError:
    """The error for a listing that ends before its declared end."""
    return IncompleteSweepError(
        f"The listing of {kind} has {total} entries, but the server sent nothing after {end}.",
        server=server,
        next_step=_AGAIN,
    )


def grown(server: str, kind: str, total: int) -> IncompleteSweepError:
    """The error for a listing that became longer while it was read."""
    return IncompleteSweepError(
        f"The listing of {kind} had {total} entries and became longer while it was read.",
        server=server,
        next_step=_AGAIN,
    )


def repeated(server: str, kind: str) -> IncompleteSweepError:
    """The error for a listing that holds an entry twice."""
    return IncompleteSweepError(
        f"The listing of {kind} held one entry twice, so it may have left out another.",
        server=server,
        next_step=_AGAIN,
    )


class Snapshot(Generic[T]):
    """A listing that the server sends in one piece, handed out in pages."""

    def __init__(self, found: DecodedItems[T]) -> None:
        self._found = found

    def page(self, offset: int, limit: int) -> Page[T]:
        """See `Listing`. What could not be read is told with the last page."""
        items, problems = self._found.items, self._found.problems
        part = items[offset : offset + limit]
        last = offset + len(part) >= len(items)
        return Page(
            items=part,
            next_cursor=None if last else str(offset + len(part)),
            total=len(items) + len(problems),
            problems=problems if last else (),
        )


def offset_of(cursor: str | None, server: str) -> int:
    """The place a cursor stands for."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise NotFoundError(
            f"{cursor!r} is no place in a listing.",
            server=server,
            next_step="Use the `next_cursor` of an earlier page.",
        )
    return int(cursor)
