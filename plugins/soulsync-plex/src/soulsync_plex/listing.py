"""Listings over one section or several, in pages that may be asked for in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Final, Generic, TypeVar

import msgspec

from soulsync_engine.contract import ServerContext
from soulsync_engine.errors import IncompleteSweepError, NotFoundError
from soulsync_engine.http import BadRequestError, DecodedItems, UnexpectedAnswerError, decoder_of
from soulsync_engine.models import Kind, Problem, Scope
from soulsync_plex.connection import PlexConnection
from soulsync_plex.decoding import ReadRows, map_rows
from soulsync_plex.mapper import TYPES, key_of
from soulsync_plex.settings import PlexSettings
from soulsync_plex.wire import ItemRow, Section

LARGEST_PAGE: Final = 2000
_REMEMBERED_LISTINGS: Final = 64
_MUSIC: Final = frozenset(kind.value for kind in TYPES)

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")
ModelT = TypeVar("ModelT")

Params = dict[str, str | int]
RawRows = ReadRows[msgspec.Raw]
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
class RawPage:
    """A page of rows as the JSON they are, under the keys of their sections. `total` is None for an unknown one."""

    parts: list[tuple[str, tuple[msgspec.Raw, ...]]] = field(default_factory=list)
    next_cursor: str | None = None
    total: int | None = None

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self.parts)


@dataclass(slots=True)
class RowPage:
    """A page of decoded rows, each with the key of its section. `total` is None for an unknown one."""

    rows: list[tuple[ItemRow, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    next_cursor: str | None = None
    total: int | None = None

    def __len__(self) -> int:
        return len(self.rows) + len(self.problems)


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
        """One page of a scope, decoded. `params` are filters and other wishes."""
        return self._decoded(kind, self._raw_page(kind, scope, cursor, limit, params))

    def _raw_page(
        self, kind: Kind, scope: Scope, cursor: str | None, limit: int, params: Params | None = None
    ) -> RawPage:
        """One page of a scope.

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
    ) -> RawPage:
        """One page, across the border of sections where need be."""
        keys = tuple(key_of(section.key) or "" for section in sections)
        if len(keys) == 1:
            return self._page_of_one(kind, keys[0], self._offset(cursor), min(limit, LARGEST_PAGE), params)
        return self._page_of_several(kind, keys, cursor, min(limit, LARGEST_PAGE), params)

    def _page_of_one(self, kind: Kind, key: str, offset: int, size: int, params: Params | None) -> RawPage:
        read = self._section_rows(kind, key, offset, size, params)
        following = read.next_start(offset, size)
        return RawPage(
            parts=[(key, read.rows)],
            next_cursor=None if following is None else str(following),
            total=offset + len(read) if read.total is None and following is None else read.total,
        )

    def _page_of_several(
        self, kind: Kind, keys: tuple[str, ...], cursor: str | None, size: int, params: Params | None
    ) -> RawPage:
        offset, page, before = self._offset(cursor), RawPage(), 0
        listing = (kind, keys, _frozen(params))
        totals = dict(self._totals.get(listing) or {}) if cursor is not None else {}
        full = size == 0
        for key in keys:
            within = offset + len(page) - before
            total = totals.get(key)
            if not full and (total is None or within < total):
                read = self._section_rows(kind, key, within, size - len(page), params)
                total = totals[key] = self._declared(read)
                page.parts.append((key, read.rows))
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

    def _decoded(self, kind: Kind, page: RawPage) -> RowPage:
        """A page of which the rows themselves are wanted."""
        found = self._mapped(kind, page, lambda row, section: (row, section))
        return RowPage(
            rows=list(found.items),
            problems=list(found.problems),
            next_cursor=page.next_cursor,
            total=page.total,
        )

    def _mapped(
        self, kind: Kind, page: RawPage, to_model: Callable[[ItemRow, str], ModelT]
    ) -> DecodedItems[ModelT]:
        """What the rows of a page become. What is no music is a problem, so that the counts still agree."""
        own = kind.value

        def checked(row: ItemRow, section: str) -> ModelT:
            if row.type != own and row.type is not None:
                if row.type in _MUSIC:
                    raise self._another_question(kind, row.type)
                # Photos may be in a listing of music.
                raise ValueError(f"the server sent an item of the type {row.type!r} among {kind}s")
            if key_of(row.ratingKey) is None:
                raise ValueError("the server sent a row without a key")
            return to_model(row, section)

        parts = [
            map_rows(rows, ItemRow, partial(checked, section=section), kind=kind)
            for section, rows in page.parts
        ]
        return DecodedItems(
            items=tuple(item for part in parts for item in part.items),
            problems=tuple(problem for part in parts for problem in part.problems),
        )

    def _another_question(self, kind: Kind, sent: str) -> UnexpectedAnswerError:
        """The error for albums in a listing of tracks: whoever sent them was asked something else."""
        return UnexpectedAnswerError(
            f"The server was asked for {kind}s and sent {sent}s.",
            server=self.server,
            next_step="Try again; if it stays, something in between answers from its memory.",
        )

    def _section_rows(
        self,
        kind: Kind,
        key: str,
        start: int,
        size: int,
        params: Params | None = None,
        *,
        count_only: bool = False,
    ) -> RawRows:
        read = self._asked_rows(kind, key, start, size, params)
        if read.rows and (sent := _type_of(read.rows[0])) in _MUSIC and sent != kind.value:
            # Before its counts are believed. The other rows are looked at when they are mapped.
            raise self._another_question(kind, sent)
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

    def _asked_rows(self, kind: Kind, key: str, start: int, size: int, params: Params | None) -> RawRows:
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

    def _in_order(self, path: str, asked: Params, kind: Kind, start: int, size: int) -> RawRows:
        if "sort" not in asked and self._can_sort_by_id:
            # What is added while a listing is read comes at its end then, and moves nothing.
            try:
                return self._transport.raw_rows(path, {**asked, "sort": f"{kind}.id"}, start=start, size=size)
            except BadRequestError:
                plain = self._transport.raw_rows(path, asked, start=start, size=size)
                self._can_sort_by_id = False
                self._context.log.info("%s cannot sort by id; its own order is used", self.server)
                return plain
        return self._transport.raw_rows(path, asked, start=start, size=size)

    def _declared(self, read: RawRows) -> int:
        if read.total is None:
            raise UnexpectedAnswerError(
                "The server does not say how many items a section holds.",
                server=self.server,
                next_step="Use one library of this server at a time.",
            )
        return read.total


class _Typed(msgspec.Struct):
    """Of a row, what it is."""

    type: str | None = None


def _type_of(row: msgspec.Raw) -> str | None:
    try:
        return decoder_of(_Typed).decode(row).type
    except (ValueError, RecursionError):
        # It becomes a problem where it is mapped.
        return None


def _frozen(params: Params | None) -> _Filters:
    return tuple(sorted((params or {}).items()))
