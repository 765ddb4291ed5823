"""Reading a server into the store: full listings, changes since a token, and sweeps of ids.

Each listing goes on where an unfinished sync left it. Full listings are read on while their pages are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from soulsync_engine.errors import ContractViolationError, IncompleteSweepError
from soulsync_engine.mirror.checkpoints import Stage
from soulsync_engine.mirror.removal import count_stored, is_populated
from soulsync_engine.mirror.rows import MAPPERS, PackedRow
from soulsync_engine.mirror.spool import SpooledListing
from soulsync_engine.mirror.store import Store
from soulsync_engine.mirror.sweep import CompleteSweep, Place, Sweep
from soulsync_engine.models import ChangedPage, Item, Kind, Page, Problem, Scope
from soulsync_engine.paging import Fetch, Start, iterate
from soulsync_engine.sync.patience import Patience
from soulsync_engine.sync.progress import ProgressReporter
from soulsync_engine.sync.report import SyncPhase

if TYPE_CHECKING:
    from soulsync_engine.server import MediaServer

T = TypeVar("T")
PackedPage: TypeAlias = Page[PackedRow]

_AHEAD: Final = 10_000
"""How many items may wait to be stored before no further page is fetched."""

_AT_FAULT: Final = (IncompleteSweepError, ContractViolationError)
"""What a page itself is at fault for."""

_PHASES: Final = {Kind.TRACK: SyncPhase.TRACKS, Kind.ALBUM: SyncPhase.ALBUMS, Kind.ARTIST: SyncPhase.ARTISTS}


class Intake:
    """Reads one scope of one server into a store, and keeps what it meets on the way.

    `problems` are unreadable items, `withheld` the kinds whose listing proves nothing, and why. `sweeps` are the
    listings that came to their end, `proofs` what they prove. `told_gone` is how many items the server itself told to
    be gone, `resumed` whether any listing was begun by an earlier sync.
    """

    def __init__(
        self, server: MediaServer, store: Store, scope: Scope, progress: ProgressReporter, patience: Patience
    ) -> None:
        self.problems: list[Problem] = []
        self.withheld: dict[Kind, str] = {}
        self.sweeps: list[Sweep[Any]] = []
        self.proofs: dict[Kind, CompleteSweep] = {}
        self.told_gone = 0
        self.resumed = False
        self._server = server
        self._store = store
        self._scope = scope
        self._progress = progress
        self._patience = patience

    def begin_anew(self) -> None:
        """Forget what was met so far."""
        self.problems.clear()
        self.withheld.clear()
        self.sweeps.clear()
        self.proofs.clear()
        self.told_gone, self.resumed = 0, False

    def listings(self) -> None:
        """Store the full listings of all kinds; each is a sweep at the same time."""
        for kind in MAPPERS:
            self._progress.begin(_PHASES[kind])
            sweep: Sweep[PackedRow] = self._sweep_of(Stage.LISTING, kind)
            with self._store.spooled(kind) as spooled:
                for pages in self._ready_pages(sweep, spooled):
                    self._take_listed(sweep, pages)
                    if spooled is not None:
                        spooled.drop(sweep.place.pages)
            self._progress.end()
            self._ended(sweep)

    def changes(self, since: str) -> None:
        """Store what changed since a token. Raises `ConflictError` when the server no longer understands it."""
        for kind in MAPPERS:
            self._progress.begin(_PHASES[kind])
            sweep: Sweep[PackedRow] = self._sweep_of(Stage.CHANGES, kind)

            def fetch(cursor: str | None, limit: int, kind: Kind = kind) -> Page[Item]:
                return self._server.list_changed(
                    kind=kind, since=since, scope=self._scope, cursor=cursor, limit=limit
                )

            for page in self._pages(fetch, sweep):
                sweep.see(page)
                if isinstance(page, ChangedPage) and page.removed:
                    self.told_gone += len(page.removed)
                items = self._store.pack(kind, page.items)
                self._store.take(Stage.CHANGES, sweep, items, excused=_excused(page))
                self._take_note(page)
            self._progress.end()

    def ids(self) -> None:
        """List the ids of all kinds, and store the items that turn out to be missing."""
        self._progress.begin(SyncPhase.SWEEP)
        for place, kind in enumerate(MAPPERS, start=1):
            self._sweep(kind, list(MAPPERS)[place:])
        self._progress.end()

    def _sweep(self, kind: Kind, later: Sequence[Kind]) -> None:
        # How many ids the server has of the later kinds is not known yet; what is stored comes close.
        self._progress.begin_part(sum(count_stored(self._store, other, self._scope) for other in later))
        sweep: Sweep[str] = self._sweep_of(Stage.IDS, kind)
        batch = self._server.limits.max_page_size

        def fetch(cursor: str | None, limit: int) -> Page[str]:
            return self._server.list_ids(kind=kind, scope=self._scope, cursor=cursor, limit=limit)

        for page in self._pages(fetch, sweep):
            sweep.see(page)
            missing = self._store.unknown(kind, page.items)
            found: list[Item] = []
            for start in range(0, len(missing), batch):
                found += self._server.get_items(kind=kind, ids=tuple(missing[start : start + batch]))
            items = self._store.pack(kind, found)
            self._store.take(Stage.IDS, sweep, items, excused=_excused(page), ids=page.items)
            self._take_note(page)
        self._ended(sweep)

    def _sweep_of(self, stage: Stage, kind: Kind) -> Sweep[Any]:
        """The listing, where an unfinished sync left it."""
        if self._store.rehearsal:
            return Sweep(self._store, kind, self._scope, server=self._server.name)
        with self._store.database.reading() as connection:
            place, marked = self._store.checkpoints.load(connection, stage, kind)
        self.resumed |= place != Place()
        return Sweep(self._store, kind, self._scope, server=self._server.name, place=place, marked=marked)

    def _ready_pages(
        self, sweep: Sweep[PackedRow], spooled: SpooledListing | None
    ) -> Iterator[list[PackedPage]]:
        """The pages of a listing, those that came while the ones before were stored together."""
        self._tell_read(sweep.place)
        ahead = 0 if spooled is None else _AHEAD
        pages = self._fetched(sweep.kind, sweep.place, spooled)
        return self._patience.together(
            pages,
            ahead=ahead,
            size_of=lambda page: len(page.items) + len(page.problems),
            beside=not self._server.limits.computed,
        )

    def _fetched(self, kind: Kind, place: Place, spooled: SpooledListing | None) -> Iterator[PackedPage]:
        """Pages from `place` on: those that an unfinished sync left, then what is fetched."""
        if place.ended:
            return
        number, start = place.pages, _start_at(place)
        if spooled is not None:
            for left in spooled.left(number, start.cursor):
                self.resumed = True
                number, start = number + 1, start.after(left)
                yield left
        cursor = start.cursor
        for page in self._iterate(self._lister(kind), start):
            number += 1
            packed = PackedPage(
                items=self._store.pack(kind, page.items, _excused(page)),
                next_cursor=page.next_cursor,
                total=page.total,
                problems=page.problems,
                empty_proof=page.empty_proof,
            )
            # Nothing is fetched behind the last one before it is stored.
            if spooled is not None and page.next_cursor is not None:
                if not spooled.put(number, cursor, packed):
                    return
                cursor = page.next_cursor
            yield packed

    def _take_listed(self, sweep: Sweep[PackedRow], pages: list[PackedPage]) -> None:
        """Store pages together; one by one where that fails, so that those before the one at fault are stored."""
        before = sweep.place
        try:
            self._take_together(sweep, pages)
        except _AT_FAULT:
            if len(pages) == 1:
                raise
            sweep.place = before
            for page in pages:
                self._take_together(sweep, [page])

    def _take_together(self, sweep: Sweep[PackedRow], pages: list[PackedPage]) -> None:
        for page in pages:
            sweep.see(page)
        items = [item for page in pages for item in page.items]
        excused = [id for page in pages for id in _excused(page)]
        self._store.take(Stage.LISTING, sweep, items, excused=excused)
        for page in pages:
            self._take_note(page)

    def _pages(self, fetch: Fetch[Any], sweep: Sweep[Any]) -> Iterator[Page[Any]]:
        """The pages of a listing, one at a time: a sync that is killed loses the one under way, and no others."""
        self._tell_read(sweep.place)
        if sweep.place.ended:
            return iter(())
        return self._patience.each(self._iterate(fetch, _start_at(sweep.place)))

    def _tell_read(self, place: Place) -> None:
        read = place.seen + place.problems
        if read:
            self._progress.advance(read, place.total)

    def _iterate(self, fetch: Fetch[T], start: Start) -> Iterator[Page[T]]:
        # Several pages under way would all be lost by a sync that is killed.
        limits = replace(self._server.limits, max_concurrency=1)
        return iterate(fetch, limits, server=self._server.name, start=start)

    def _lister(self, kind: Kind) -> Callable[[str | None, int], Page[Item]]:
        server, scope = self._server, self._scope

        def fetch(cursor: str | None, limit: int) -> Page[Item]:
            page: Page[Item]
            if kind is Kind.TRACK:
                page = server.list_tracks(scope=scope, cursor=cursor, limit=limit)
            elif kind is Kind.ALBUM:
                page = server.list_albums(scope=scope, cursor=cursor, limit=limit)
            else:
                page = server.list_artists(scope=scope, cursor=cursor, limit=limit)
            return page

        return fetch

    def _take_note(self, page: Page[Any]) -> None:
        """Tell of progress and keep the problems."""
        self._progress.advance(len(page.items) + len(page.problems), page.total)
        self.problems.extend(page.problems)

    def _ended(self, sweep: Sweep[Any]) -> None:
        proof = sweep.complete(populated=is_populated(self._store, sweep.kind, self._scope))
        self.sweeps.append(sweep)
        if proof is None:
            self.withheld[sweep.kind] = f"{sweep.nameless} unreadable {sweep.kind}s came without an id"
        else:
            self.proofs[sweep.kind] = proof


def _start_at(place: Place) -> Start:
    return Start(cursor=place.cursor, seen=place.seen + place.problems, total=place.total)


def _excused(page: Page[Any]) -> list[str]:
    """The ids of items that are there but could not be read."""
    return [problem.id for problem in page.problems if problem.id is not None]
