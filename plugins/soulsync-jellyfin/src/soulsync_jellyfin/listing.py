"""Listings in pages: one query over one library, several or none, with offsets as cursors.

The total is asked for once. A page that times out or is too large is asked for again in halves; below a floor the
listing fails. A page that is not the one asked for fails it too, and so does an end that comes before the total is
reached, so that nothing is passed over in silence.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final, Generic, TypeVar

from soulsync_engine.errors import ConflictError, IncompleteSweepError, NotFoundError
from soulsync_engine.http import AnswerTooLargeError, TimedOutError, UnexpectedAnswerError
from soulsync_engine.models import Item, Kind, Library, Page, PlaylistEntry, Problem, Scope
from soulsync_jellyfin import wire
from soulsync_jellyfin.accounts import Account
from soulsync_jellyfin.connection import Connection
from soulsync_jellyfin.dialect import THIN, Params, Path
from soulsync_jellyfin.mapper import Mapper
from soulsync_jellyfin.readers import IDS, Reader
from soulsync_jellyfin.values import text_id

M = TypeVar("M")

LARGEST_PAGE: Final = 1000
SMALLEST_PAGE: Final = 50
"""A server that cannot even send this many in time is not able to list its library."""

_REMEMBERED_LISTINGS: Final = 64

Libraries = tuple[Library | None, ...]
"""Where a query is asked: in libraries, or once in none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of each library.

    `name` tells listings apart that are read at the same time. `shared` says that an item may be in several libraries,
    as artists are; it is then listed in the first of them. `counts_always` says that the total comes with every page
    and cannot be left out.
    """

    name: str
    kind: Kind
    path: Path
    params: Params
    shared: bool = False
    counts_always: bool = False

    def called(self, name: str) -> Query:
        """The same query under another name."""
        return replace(self, name=name)


@dataclass(frozen=True, kw_only=True)
class Rows(Generic[M]):
    """A stretch of a listing. `count` is what the server sent, `total` what it declared, None where not asked."""

    items: tuple[M, ...] = ()
    problems: tuple[Problem, ...] = ()
    count: int = 0
    total: int | None = None

    def followed_by(self, part: Rows[M]) -> Rows[M]:
        """Both stretches as one."""
        return Rows(
            items=self.items + part.items,
            problems=self.problems + part.problems,
            count=self.count + part.count,
            total=self.total if part.total is None else part.total,
        )


@dataclass(slots=True)
class _Memory:
    """What is kept of a listing between its pages: its libraries, their totals, the first id of every page,
    and for shared items what ids there are in each library but the last.

    The libraries are those of the first page; they are looked at again at the last one.
    """

    libraries: tuple[Library, ...] | None = None
    totals: dict[str, int] = field(default_factory=dict)
    heads: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    ids: dict[str, frozenset[str]] = field(default_factory=dict)


class Lister:
    """Reads the listings of one server. Thread-safe."""

    def __init__(self, connection: Connection, log: logging.Logger) -> None:
        self._connection = connection
        self._log = log
        self._memories: dict[tuple[object, ...], _Memory] = {}
        self._bearable = LARGEST_PAGE
        self._lock = Lock()

    def page(
        self,
        query: Query,
        scope: Scope,
        cursor: str | None,
        limit: int,
        reader: Reader[M],
    ) -> Page[M]:
        """One page over the libraries of a scope, one library after the other."""
        offset = offset_of(cursor)
        user = self._connection.user(scope)
        memory = self._memory((query.name, scope, user.id), fresh=offset == 0)
        if memory.libraries is None:
            memory.libraries = self._connection.chosen(scope, user)
        chosen = memory.libraries
        if not chosen:
            return Page(items=(), total=0)
        page = self._next(query, user, chosen, offset, limit, memory, reader)
        if page.next_cursor is None and offset > 0:
            # A library that vanishes while it is read is not noticed by servers that then list everything.
            self._connection.chosen(scope, user)
        several = query.shared and len(chosen) > 1
        return replace(page, total=None) if several else page

    def page_beside(self, query: Query, cursor: str | None, limit: int, reader: Reader[M]) -> Page[M]:
        """One page of what is in no library, as playlists and their entries are."""
        offset = offset_of(cursor)
        user = self._connection.user()
        memory = self._memory((query.name, user.id), fresh=offset == 0)
        return self._next(query, user, (None,), offset, limit, memory, reader)

    def first(self, query: Query, user: Account, library: Library, count: int, reader: Reader[M]) -> Rows[M]:
        """The first rows of one library; fewer than asked for only where it has no more."""
        rows = self.stretch(query, user, library, 0, count, reader, total=True)
        if rows.count < min(count, rows.total or 0):
            raise self._ends_early(rows.count, rows.total or 0)
        return rows

    def stretch(
        self,
        query: Query,
        user: Account,
        library: Library | None,
        start: int,
        count: int,
        reader: Reader[M],
        *,
        total: bool = False,
    ) -> Rows[M]:
        """Rows of one library, or of all the user sees. Fewer than asked for where the server sends fewer."""
        gathered = Rows[M]()
        while gathered.count < count:
            size = min(self._bearable, count - gathered.count)
            try:
                part = self._rows(
                    query,
                    user,
                    library,
                    start + gathered.count,
                    size,
                    reader,
                    total and gathered.total is None,
                )
            except (TimedOutError, AnswerTooLargeError) as error:
                self._shrink(size, error)
                continue
            gathered = gathered.followed_by(part)
            if part.count < size:
                break
        return gathered

    def _next(
        self,
        query: Query,
        user: Account,
        libraries: Libraries,
        offset: int,
        limit: int,
        memory: _Memory,
        reader: Reader[M],
    ) -> Page[M]:
        """The rows from an offset on. Only an end may be empty, and only where the total is reached."""
        gathered = Rows[M]()
        while True:
            place = offset + gathered.count
            try:
                rows = self._across(query, user, libraries, place, limit, memory, reader)
            except NotFoundError:
                self._connection.check_user(user)
                raise
            total = sum(memory.totals[_key(library)] for library in libraries)
            if rows.count == 0 and place < total:
                raise self._ends_early(place, total)
            gathered = gathered.followed_by(rows)
            last = place + rows.count >= total
            if last or gathered.items or gathered.problems:
                return Page(
                    items=gathered.items,
                    problems=gathered.problems,
                    total=total,
                    next_cursor=None if last else str(place + rows.count),
                )

    def _ends_early(self, sent: int, total: int) -> IncompleteSweepError:
        """The error for a listing that has fewer rows than it declared."""
        return IncompleteSweepError(
            f"The server declared {total} rows and sent none after {sent}.",
            server=self._connection.server,
            next_step="Try again when the server is at rest.",
        )

    def _across(
        self,
        query: Query,
        user: Account,
        libraries: Libraries,
        offset: int,
        limit: int,
        memory: _Memory,
        reader: Reader[M],
    ) -> Rows[M]:
        gathered, before, room = Rows[M](), 0, limit
        for number, library in enumerate(libraries):
            key = _key(library)
            known = memory.totals.get(key)
            start = max(0, offset + gathered.count - before)
            if known is None or (room > 0 and start < known):
                # Where only the total is wanted, one row brings it.
                wanted = max(room, 1) if known is None else min(room, known - start)
                # The total is asked for once. One row more than there should be shows whether it was too small.
                extra = 1 if start + wanted == known else 0
                first = known is None
                part = self.stretch(query, user, library, start, wanted + extra, reader, total=first)
                known, end = memory.totals.setdefault(key, part.total or 0), start + part.count
                if first and end == known and part.count == room > 0:
                    end += self.stretch(query, user, library, end, 1, reader).count
                if part.count and end > known:
                    raise self._longer(known)
                self._check_heads(query, memory, key, start, part)
                if room > 0:
                    if query.shared and number > 0:
                        part = self._without_earlier(query, user, libraries[:number], memory, part)
                    gathered = gathered.followed_by(part)
                    # Where the server sent less than there is, what follows in the next library is not next.
                    room = 0 if start + part.count < known else room - part.count
            before += known
        return gathered

    def _rows(
        self,
        query: Query,
        user: Account,
        library: Library | None,
        start: int,
        count: int,
        reader: Reader[M],
        total: bool,
    ) -> Rows[M]:
        params: Params = {
            **query.params,
            "userId": user.id,
            "parentId": None if library is None else library.id,
            "startIndex": start,
            "limit": count,
            "enableTotalRecordCount": None if query.counts_always else total,
        }
        mapper = Mapper(server=self._connection.server, library=None if library is None else library.id)
        answer = self._connection.transport.page(query.path, params)
        page = reader.read(answer, mapper, query.kind, start)
        if page.strange is not None:
            raise UnexpectedAnswerError(
                f"The server was asked for {query.kind}s and sent an item of the type {page.strange!r}.",
                server=self._connection.server,
                next_step="Try again; if it stays, something in between answers from its memory.",
            )
        if page.start is not None and page.start != start:
            raise IncompleteSweepError(
                f"The server was asked for the rows from {start} on and sent those from {page.start} on.",
                server=self._connection.server,
                next_step="Something in between repeats old answers; check the proxy's cache.",
            )
        if page.count > count:
            raise IncompleteSweepError(
                f"The server was asked for {count} rows and sent {page.count}.",
                server=self._connection.server,
                next_step="Check that the address is this server's, and that its version is supported.",
            )
        return Rows(
            items=page.items,
            problems=page.problems,
            count=page.count,
            total=(page.total or 0) if total else None,
        )

    def _without_earlier(
        self, query: Query, user: Account, earlier: Libraries, memory: _Memory, rows: Rows[M]
    ) -> Rows[M]:
        """The rows without the items that an earlier library has too."""
        for library in earlier:
            if _key(library) not in memory.ids:
                memory.ids[_key(library)] = self._ids(query, user, library)
        seen = [memory.ids[_key(library)] for library in earlier]
        own = tuple(item for item in rows.items if not any(_id_of(item) in ids for ids in seen))
        return replace(rows, items=own)

    def _ids(self, query: Query, user: Account, library: Library | None) -> frozenset[str]:
        thin = replace(query, params={**query.params, **THIN})
        found: set[str] = set()
        while True:
            start = len(found)
            part = self.stretch(thin, user, library, start, LARGEST_PAGE, IDS)
            found.update(part.items)
            if part.count < LARGEST_PAGE or len(found) == start:
                return frozenset(found)

    def _shrink(self, size: int, error: TimedOutError | AnswerTooLargeError) -> None:
        if size <= SMALLEST_PAGE:
            raise error
        with self._lock:
            self._bearable = max(SMALLEST_PAGE, min(self._bearable, size // 2))
        self._log.warning(
            "%s: pages of %d rows are too much for the server, going on with %d",
            self._connection.server,
            size,
            self._bearable,
        )

    def _check_heads(self, query: Query, memory: _Memory, key: str, start: int, rows: Rows[M]) -> None:
        """A page that begins like another one is that other page, sent again by a cache on the way."""
        head = _id_of(rows.items[0]) if rows.items else None
        if head is None:
            return
        with self._lock:
            # What is shared may begin a page of each library.
            first = memory.heads.setdefault((key if query.shared else "", head), (key, start))
        if first != (key, start):
            raise IncompleteSweepError(
                f"The server sent the rows from {first[1]} on a second time, as those from {start} on.",
                server=self._connection.server,
                next_step="Try again when the server is at rest.",
            )

    def _longer(self, known: int) -> IncompleteSweepError:
        return IncompleteSweepError(
            f"The server declared {known} rows for a listing, and sent more.",
            server=self._connection.server,
            next_step="Try again when the server is at rest; it may be scanning.",
        )

    def _memory(self, key: tuple[object, ...], *, fresh: bool) -> _Memory:
        with self._lock:
            if fresh or key not in self._memories:
                self._memories.pop(key, None)
                while len(self._memories) >= _REMEMBERED_LISTINGS:
                    self._memories.pop(next(iter(self._memories)))
                self._memories[key] = _Memory()
            return self._memories[key]


def offset_of(cursor: str | None) -> int:
    """The place a cursor stands for."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise ConflictError(
            f"The cursor {cursor[:40]!r} is none of this server's.", next_step="Start the listing anew."
        )
    return int(cursor)


def _id_of(item: object) -> str | None:
    """By what a row is known again; a track may be in a playlist twice."""
    if isinstance(item, str):
        return item
    if isinstance(item, PlaylistEntry):
        return item.entry_id
    if isinstance(item, wire.Item):
        return text_id(item.id)
    return item.ref.id if isinstance(item, Item) else None


def _key(library: Library | None) -> str:
    return "" if library is None else library.id
