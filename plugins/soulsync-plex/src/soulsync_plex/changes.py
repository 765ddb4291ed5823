"""What changed since a token: asked of the server, believed only where its answer proves that it understood.

A token holds the state of each section, which proves that nothing changed while it is equal, and a mark: a moment of
the server's own clock at or before which the token was made. Whatever changes later is stamped after the mark.
"""

from __future__ import annotations

import re
import time
from typing import Final

from soulsync_engine.errors import ConflictError
from soulsync_engine.http import BadRequestError
from soulsync_engine.models import ChangedPage, Item, Kind, Page, Scope
from soulsync_plex.listing import Params, RowPage
from soulsync_plex.mapper import key_of
from soulsync_plex.reading import Reading
from soulsync_plex.wire import ItemRow, Section

_TOKEN: Final = re.compile(r"plex1 at ([0-9]{1,12}):((?: [0-9]{1,18}=[0-9.]+)*)")
_OVERLAP: Final = 120
"""Seconds that a delta reaches back behind its mark, for items that were being processed when it was made."""
_ODD_LEAD: Final = 86_400
"""Seconds that an item may be younger than the last scan, as an edited one is; beyond that its time is not believed."""
_NEVER: Final = 32_503_680_000
_STAMPS: Final = ("updatedAt", "addedAt")


class Changes(Reading):
    """The group changes."""

    def change_token(self, scope: Scope) -> str:
        """As in the contract, in two requests."""
        sections = self._sections_of(scope, fresh=True)
        # Any past moment is a right mark, so the section that changed last will do for all.
        latest = max(sections, key=lambda section: section.contentChangedAt or 0, default=None)
        mark = self._newest(latest) if latest else 0
        return f"plex1 at {mark}:{''.join(map(_state_of, sections))}"

    def list_changed(
        self, kind: Kind, scope: Scope, since: str, cursor: str | None, limit: int
    ) -> ChangedPage[Item]:
        """As in the contract. A server that ignores filters by time, or knows none, is a `ConflictError`."""
        mark = self._mark_of(since, scope)
        if cursor is None:
            self._prove_filters(kind, self._sections_of(scope))
        stamp, _, offset = (cursor or f"{_STAMPS[0]}/0").partition("/")
        if stamp not in _STAMPS:
            raise self._no_cursor(cursor or "")
        while True:
            page = self._page(kind, scope, offset, limit, {f"{stamp}>": mark})
            if any((getattr(row, stamp) or 0) < mark for row, _ in page.rows):
                raise self._cannot_tell("it listed items that did not change")
            rows = page.rows
            if stamp == _STAMPS[1]:
                # These were listed by the first filter already.
                rows = [(row, section) for row, section in rows if (row.updatedAt or 0) < mark]
            following = page.next_cursor
            if following is None and stamp == _STAMPS[0]:
                stamp, following = _STAMPS[1], "0"
            if rows or page.problems or following is None:
                break
            offset = following
        return ChangedPage(
            items=self._items(kind, rows),
            next_cursor=None if following is None else f"{stamp}/{following}",
            problems=tuple(page.problems),
            removed=None,
        )

    def list_recently_added(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[Item]:
        """As in the contract. Of several libraries the newest of all come first."""
        sections = self._sections_of(scope)
        newest: Params = {"sort": "addedAt:desc"}
        if len(sections) <= 1:
            page = self._page(kind, scope, cursor, limit, newest)
        else:
            page = self._merged(kind, sections, self._offset(cursor), limit, newest)
        return Page(
            items=self._items(kind, page.rows),
            next_cursor=page.next_cursor,
            total=page.total,
            problems=tuple(page.problems),
        )

    def _merged(
        self, kind: Kind, sections: tuple[Section, ...], offset: int, limit: int, newest: Params
    ) -> RowPage:
        """A page out of several sections: as many of each as it could take from it."""
        pages = [self._leading(kind, section, offset + limit, newest) for section in sections]
        rows = [pair for page in pages for pair in page.rows]
        rows.sort(key=lambda pair: pair[0].addedAt or 0, reverse=True)
        merged = RowPage(rows=rows[offset : offset + limit])
        if any(page.next_cursor is not None for page in pages) or len(rows) > offset + limit:
            merged.next_cursor = str(offset + limit)
        if offset == 0:
            merged.problems = [problem for page in pages for problem in page.problems]
        return merged

    def _leading(self, kind: Kind, section: Section, count: int, params: Params) -> RowPage:
        whole = RowPage()
        cursor: str | None = "0"
        while cursor is not None and len(whole) < count:
            page = self._decoded(kind, self._page_of(kind, (section,), cursor, count - len(whole), params))
            whole.rows += page.rows
            whole.problems += page.problems
            cursor = whole.next_cursor = page.next_cursor
        return whole

    def _newest(self, section: Section) -> int:
        """When the section's newest track was stamped; 0 in an empty one.

        The time of a scan would do without a request, but moves with every scan that finds nothing.
        """
        path = f"/library/sections/{key_of(section.key)}/all"
        params: Params = {"type": 10, "sort": "updatedAt:desc", "excludeElements": "Media,Guid,Genre,Field"}
        try:
            answer = self._transport.rows(ItemRow, path, params, kind=Kind.TRACK, start=0, size=1)
        except BadRequestError:
            # Without a mark every delta reads everything, which is dear but right.
            return 0
        newest = max(((row.updatedAt or 0) for row in answer.rows), default=0)
        scanned = section.scannedAt or 0
        # A clock that was wrong once leaves items of the future, after which nothing would be new any more.
        return scanned if scanned and newest > scanned + _ODD_LEAD else newest

    def _mark_of(self, token: str, scope: Scope) -> int:
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise ConflictError(
                f"The change token {token[:80]!r} is not one of this server's.",
                server=self.server,
                next_step="Read everything once more.",
            )
        known = {state.partition("=")[0] for state in found[2].split()}
        asked = {key_of(section.key) for section in self._sections_of(scope)}
        mark = int(found[1])
        if known != asked or mark == 0:
            raise ConflictError(
                "The change token is of other libraries, or of libraries that were empty.",
                server=self.server,
                next_step="Read everything once more.",
            )
        return max(1, mark - _OVERLAP)

    def _prove_filters(self, kind: Kind, sections: tuple[Section, ...]) -> None:
        """Ask what has a known answer: everything is newer than 1970, nothing is newer than the year 3000."""
        for section in sections:
            key = key_of(section.key) or ""
            try:
                whole = self._section_rows(kind, key, 0, 0).total
                since_ever = self._section_rows(kind, key, 0, 0, {"updatedAt>": 1}).total
                since_never = self._section_rows(kind, key, 0, 0, {"updatedAt>": _NEVER}).total
            except BadRequestError:
                raise self._cannot_tell("it refuses filters by time") from None
            if since_never != 0 or since_ever != whole:
                raise self._cannot_tell("it ignores filters by time")

    def _cannot_tell(self, why: str) -> ConflictError:
        return ConflictError(
            f"This server cannot tell what changed: {why}.",
            server=self.server,
            next_step="Read everything once more.",
        )


def _state_of(section: Section) -> str:
    """Key and state of a section. Where the server does not count its changes, no two states are the same."""
    counted = section.contentChangedAt
    state = f"0.{time.time_ns()}" if counted is None else f"{counted}.{section.updatedAt or 0}"
    return f" {key_of(section.key)}={state}"
