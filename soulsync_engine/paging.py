"""Reading a listing to its proven end, page by page, a few pages at once where the backend allows it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from soulsync_engine.errors import IncompleteSweepError
from soulsync_engine.models import Page, PagingLimits

T = TypeVar("T")

Fetch = Callable[[str | None, int], Page[T]]
"""Fetches one page: `(cursor, limit) -> Page`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where to begin: at the page of `cursor`, after `seen` items (and problems) of a declared `total`."""

    cursor: str | None = None
    seen: int = 0
    total: int | None = None

    def after(self, page: Page[T]) -> Start:
        """Where to begin when that page was the next one."""
        total = self.total if page.total is None else page.total
        return Start(cursor=page.next_cursor, seen=self.seen + _length(page), total=total)


BEGINNING: Final = Start()


def iterate(
    fetch: Fetch[T],
    limits: PagingLimits,
    page_size: int | None = None,
    *,
    server: str | None = None,
    start: Start = BEGINNING,
) -> Iterator[Page[T]]:
    """Every page of a listing, in order, from `start` on.

    Ends normally only when the listing reached its end and agrees with the total it declared;
    otherwise raises `IncompleteSweepError` after the pages that did arrive, or whatever `fetch` raises.
    `page_size` is cut down to what the backend can bear; `server` is named in errors.
    """
    if page_size is not None and page_size < 1:
        raise ValueError(f"a page holds at least one item, not {page_size}")
    size = min(page_size or limits.max_page_size, limits.max_page_size)
    count = _Count(server, start)
    first = fetch(start.cursor, size)
    count.add(first)
    yield first
    cursor = first.next_cursor
    if cursor is not None and _can_prefetch(first, limits, start.seen):
        cursor = yield from _prefetched(fetch, limits, first, start.seen, size, count)
    yield from _sequential(fetch, cursor, size, count)
    count.check()


class _Count:
    """What has arrived so far, against what was declared."""

    def __init__(self, server: str | None, start: Start) -> None:
        self.seen = start.seen
        self.total = start.total
        self._server = server

    def add(self, page: Page[T]) -> None:
        arrived = _length(page)
        if arrived == 0 and page.next_cursor is not None:
            raise self.incomplete(
                "The listing stopped in the middle: an empty page claims that more follows."
            )
        if page.total is not None:
            if self.total is not None and page.total != self.total:
                raise self.incomplete(
                    f"The listing changed while it was read: it declared {self.total} items, then {page.total}."
                )
            self.total = page.total
        self.seen += arrived

    def check(self) -> None:
        if self.total is not None and self.seen != self.total:
            raise self.incomplete(f"The listing declared {self.total} items but {self.seen} arrived.")

    def incomplete(self, message: str) -> IncompleteSweepError:
        return IncompleteSweepError(
            message, server=self._server, next_step="Try again when the server is at rest."
        )


def _length(page: Page[T]) -> int:
    return len(page.items) + len(page.problems)


def _can_prefetch(first: Page[T], limits: PagingLimits, before: int) -> bool:
    return (
        limits.offset_cursors
        and limits.max_concurrency > 1
        and first.total is not None
        and first.next_cursor == str(before + _length(first))
    )


def _sequential(fetch: Fetch[T], cursor: str | None, size: int, count: _Count) -> Iterator[Page[T]]:
    followed: set[str] = set()
    while cursor is not None:
        if cursor in followed:
            raise count.incomplete("The listing runs in a circle: a cursor came back a second time.")
        followed.add(cursor)
        page = fetch(cursor, size)
        count.add(page)
        yield page
        cursor = page.next_cursor


def _prefetched(
    fetch: Fetch[T], limits: PagingLimits, first: Page[T], before: int, size: int, count: _Count
) -> Generator[Page[T], None, str | None]:
    """Pages after the first, several in flight. Returns the cursor to go on from, None at the end.

    `before` is the offset of the first one.

    The step is what the first page brought, since servers cap page sizes silently. A later page
    that brings less makes the offsets behind it wrong, so it ends the prefetching. Pages that came
    before their turn may wait, as many as may be in flight: otherwise one slow page stops all others.
    """
    step, total = _length(first), first.total or 0
    offsets = deque(range(before + step, total, step))
    waiting: deque[tuple[int, Future[Page[T]]]] = deque()
    with ThreadPoolExecutor(limits.max_concurrency, thread_name_prefix="soulsync-page") as pool:
        try:
            while offsets or waiting:
                while offsets and len(waiting) < 2 * limits.max_concurrency:
                    offset = offsets.popleft()
                    waiting.append((offset, pool.submit(fetch, str(offset), size)))
                offset, future = waiting.popleft()
                page = future.result()
                count.add(page)
                yield page
                following = str(offset + step) if offset + step < total else None
                if page.next_cursor != following or _length(page) != min(step, total - offset):
                    return page.next_cursor
        finally:
            for _, future in waiting:
                future.cancel()
    return None
