"""Listings over one section or several, in pages that may be asked for in any order."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Generic, TypeVar

from soulsync_engine.contract import ServerContext
from soulsync_engine.errors import IncompleteSweepError, NotFoundError
from soulsync_engine.http import BadRequestError, UnexpectedAnswerError
from soulsync_engine.models import Kind, Problem, Scope
from soulsync_plex.connection import PlexConnection
from soulsync_plex.decoding import ReadRows
from soulsync_plex.mapper import TYPES, key_of
from soulsync_plex.settings import PlexSettings
from soulsync_plex.wire import ItemRow, Section

LARGEST_PAGE: Final = 2000
_REMEMBERED_LISTINGS: Final = 64
_MUSIC: Final = frozenset(kind.value for kind in TYPES)

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

Params = dict[str, str | int]
_Filters = tuple[tuple[str, str | int], ...]


class _Memory(Generic[KeyT, ValueT]):
    """What belongs to listings that are being read, of which the oldest may go. Thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[KeyT, ValueT] = {}
        self._lock = Lock()

    def get(self, key: KeyT) -> ValueT | None:
        """What was noted, None for nothing."""
        return self._kept.get(key)

    def put(self, key: KeyT, value: ValueT) -> None:
        """Note something."""
        with self._lock:
            self._kept.pop(key, None)
            if len(self._kept) >= _REMEMBERED_LISTINGS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = value


@dataclass(slots=True)
class RowPage:
    """A page of rows, each with the key of its section. `total` is None where the server does not say."""

    rows: list[tuple[ItemRow, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    next_cursor: str | None = None
    total: int | None = None

    def __len__(self) -> int:
        return len(self.rows) + len(self.problems)

    def take(self, read: ReadRows[ItemRow], kind: Kind, section: str) -> None:
        """Add what came of one section. What is no music is a problem, so that the counts still agree."""
        self.problems.extend(read.problems)
        for row in read.rows:
            native_id = key_of(row.ratingKey)
            if native_id is None:
                self.problems.append(Problem(kind=kind, reason="the server sent a row without a key"))
            elif row.type not in (None, kind.value):
                reason = f"the server sent an item of the type {row.type!r} among {kind}s"
                self.problems.append(Problem(kind=kind, reason=reason, id=native_id))
            else:
                self.rows.append((row, section))


class SectionListing(PlexConnection):
    """Pages of items. A cursor is an offset into the sections laid end to end, in the order of the scope."""

    def __init__(self, context: ServerContext[PlexSettings]) -> None:
        super().__init__(context)
        self._begun: _Memory[tuple[Kind, Scope, _Filters], tuple[Section, ...]] = _Memory()
        self._totals: _Memory[tuple[Kind, tuple[str, ...], _Filters], dict[str, int]] = _Memory()
        self._can_sort_by_id = True

    def _page(
        self, kind: Kind, scope: Scope, cursor: str | None, limit: int, params: Params | None = None
    ) -> RowPage:
        """One page of a scope. `params` are filters and other wishes.

        It goes through the sections that were there when the listing began: an offset into others means nothing.
        """
        begun = (kind, scope, _frozen(params))
        sections = self._begun.get(begun)
        if sections is None or self._offset(cursor) == 0:
            sections = self._sections_of(scope)
            self._begun.put(begun, sections)
        return self._page_of(kind, sections, cursor, limit, params)

    def _page_of(
        self,
        kind: Kind,
        sections: tuple[Section, ...],
        cursor: str | None,
        limit: int,
        params: Params | None = None,
    ) -> RowPage:
        """One page, across the border of sections where need be."""
        keys = tuple(key_of(section.key) or "" for section in sections)
        if len(keys) == 1:
            return self._page_of_one(kind, keys[0], self._offset(cursor), min(limit, LARGEST_PAGE), params)
        return self._page_of_several(kind, keys, cursor, min(limit, LARGEST_PAGE), params)

    def _page_of_one(self, kind: Kind, key: str, offset: int, size: int, params: Params | None) -> RowPage:
        page = RowPage()
        read = self._section_rows(kind, key, offset, size, params)
        page.take(read, kind, key)
        following = read.next_start(offset, size)
        page.next_cursor = None if following is None else str(following)
        page.total = offset + len(read) if read.total is None and following is None else read.total
        return page

    def _page_of_several(
        self, kind: Kind, keys: tuple[str, ...], cursor: str | None, size: int, params: Params | None
    ) -> RowPage:
        offset, page, before = self._offset(cursor), RowPage(), 0
        listing = (kind, keys, _frozen(params))
        totals = dict(self._totals.get(listing) or {}) if cursor is not None else {}
        full = size == 0
        for key in keys:
            within = offset + len(page) - before
            total = totals.get(key)
            if not full and (total is None or within < total):
                read = self._section_rows(kind, key, within, size - len(page), params)
                total = totals[key] = self._declared(read)
                page.take(read, kind, key)
                # A section that sent less than it has must be read on before the next one begins.
                full = len(page) >= size or within + len(read) < total
            elif total is None:
                # A row shows that there are some; a section declared to be empty is not looked at again.
                total = totals[key] = self._declared(
                    self._section_rows(kind, key, 0, 1, params, count_only=True)
                )
            before += total
        self._totals.put(listing, totals)
        page.total = before
        if len(page) and offset + len(page) < before:
            page.next_cursor = str(offset + len(page))
        return page

    def _section_rows(
        self,
        kind: Kind,
        key: str,
        start: int,
        size: int,
        params: Params | None = None,
        *,
        count_only: bool = False,
    ) -> ReadRows[ItemRow]:
        read = self._asked_rows(kind, key, start, size, params)
        strange = next((row.type for row in read.rows if row.type in _MUSIC and row.type != kind.value), None)
        if strange is not None:
            # Photos may be in a listing of music. Albums in a listing of tracks answer another question.
            raise UnexpectedAnswerError(
                f"The server was asked for {kind}s and sent {strange}s.",
                server=self.server,
                next_step="Try again; if it stays, something in between answers from its memory.",
            )
        end = start + len(read)
        if not count_only and start == 0 and len(read) == size and end == read.total:
            # Nothing but this one total says that such a page is the last. Later pages have to agree with earlier ones.
            end += len(self._asked_rows(kind, key, end, 1, params))
        if len(read) and read.total is not None and end > read.total:
            raise IncompleteSweepError(
                f"The server declared {read.total} {kind}s in a section, and sent more.",
                server=self.server,
                next_step="Try again when the server is at rest; it may be scanning.",
            )
        return read

    def _asked_rows(
        self, kind: Kind, key: str, start: int, size: int, params: Params | None
    ) -> ReadRows[ItemRow]:
        asked: Params = {"type": TYPES[kind], "includeGuids": 1, **(params or {})}
        path = f"/library/sections/{key}/all"
        try:
            return self._in_order(path, asked, kind, start, size)
        except NotFoundError:
            self._sections.forget()
            raise NotFoundError(
                f"The library {key} is gone, or this user may not see it any more.",
                server=self.server,
                next_step="List the libraries again and choose among them.",
            ) from None

    def _in_order(self, path: str, asked: Params, kind: Kind, start: int, size: int) -> ReadRows[ItemRow]:
        if "sort" not in asked and self._can_sort_by_id:
            # What is added while a listing is read comes at its end then, and moves nothing.
            try:
                return self._transport.rows(
                    ItemRow, path, {**asked, "sort": f"{kind}.id"}, kind=kind, start=start, size=size
                )
            except BadRequestError:
                plain = self._transport.rows(ItemRow, path, asked, kind=kind, start=start, size=size)
                self._can_sort_by_id = False
                self._context.log.info("%s cannot sort by id; its own order is used", self.server)
                return plain
        return self._transport.rows(ItemRow, path, asked, kind=kind, start=start, size=size)

    def _declared(self, read: ReadRows[ItemRow]) -> int:
        if read.total is None:
            raise UnexpectedAnswerError(
                "The server does not say how many items a section holds.",
                server=self.server,
                next_step="Use one library of this server at a time.",
            )
        return read.total


def _frozen(params: Params | None) -> _Filters:
    return tuple(sorted((params or {}).items()))
