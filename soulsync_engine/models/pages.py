"""Pages: what a listing returns. They cross the bus whole, so every error passes every wrapper.

The generic ones have no slots: on Python 3.11 and 3.12 a frozen class with slots cannot be built as `Page[Track](...)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from soulsync_engine.models.refs import Kind

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One item that could not be read. `id` is its id where at least that is known."""

    kind: Kind
    reason: str
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T_co]):
    """One page of a listing.

    `items` are in the server's stable order. `next_cursor` is None on the last page. `total` is the
    length of the whole listing where the server declares it; it counts the `problems` too.
    `problems` are items that are there but could not be read; a sweep with a problem without an id
    proves nothing about what is absent. `empty_proof` is set on an empty listing only: the
    independent evidence (a scan status, a folder seen again) that it is truly empty.
    """

    items: tuple[T_co, ...]
    next_cursor: str | None = None
    total: int | None = None
    problems: tuple[Problem, ...] = ()
    empty_proof: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChangedPage(Page[T_co]):
    """One page of what changed since a token.

    `removed` are the ids that the server itself reports as gone, None where it reports no removals.
    """

    removed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingLimits:
    """What a backend's listings can bear; declared by its client.

    `max_page_size` is the largest useful `limit`. `offset_cursors` says that a cursor is the decimal
    offset of its first item, so that pages may be asked for in any order; then up to `max_concurrency`
    of them are in flight at once. `computed` says that a page is worked out by this process, not waited for:
    then a sync makes pages and stores them in turns, since the two would only hold each other up.
    """

    max_page_size: int = 1000
    max_concurrency: int = 1
    offset_cursors: bool = False
    computed: bool = False
