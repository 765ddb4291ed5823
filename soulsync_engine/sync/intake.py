"""Reading a server into the store: full listings, changes since a token, and sweeps of ids."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import TYPE_CHECKING, Final

from soulsync_engine.errors import SoulSyncError
from soulsync_engine.mirror.removal import count_stored, is_populated
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.store import Store
from soulsync_engine.mirror.sweep import CompleteSweep, Sweep
from soulsync_engine.models import Item, Kind, Page, Problem, Scope
from soulsync_engine.paging import iterate
from soulsync_engine.sync.progress import ProgressReporter
from soulsync_engine.sync.report import SyncPhase

if TYPE_CHECKING:
    from soulsync_engine.server import MediaServer

# A transaction costs as much as some hundred rows; what waits for one is what a crash costs.
_GROUP_ITEMS: Final = 5000
_GROUP_SECONDS: Final = 1.0

_PHASES: Final = {Kind.TRACK: SyncPhase.TRACKS, Kind.ALBUM: SyncPhase.ALBUMS, Kind.ARTIST: SyncPhase.ARTISTS}


class Cancelled(Exception):  # noqa: N818
    """The host asked to stop. Never leaves the package."""


class Intake:
    """Reads one scope of one server into a store, and keeps what it meets on the way.

    `problems` are unreadable items, `withheld` the kinds whose listing proves nothing, and why.
    """

    def __init__(
        self,
        server: MediaServer,
        store: Store,
        scope: Scope,
        progress: ProgressReporter,
        cancel: Event | None,
    ) -> None:
        self.problems: list[Problem] = []
        self.withheld: dict[Kind, str] = {}
        self._server = server
        self._store = store
        self._scope = scope
        self._progress = progress
        self._cancel = cancel

    def listings(self) -> list[CompleteSweep]:
        """Store the full listings of all kinds; each is a sweep at the same time."""
        return [proof for kind in MAPPERS if (proof := self._listing(kind)) is not None]

    def changes(self, since: str) -> None:
        """Store what changed since a token. Raises `ConflictError` when the server no longer understands it."""
        for kind in MAPPERS:
            self._progress.begin(_PHASES[kind])
            group = _Group(self._store, kind, None)

            def fetch(cursor: str | None, limit: int, kind: Kind = kind) -> Page[Item]:
                return self._server.list_changed(
                    kind=kind, since=since, scope=self._scope, cursor=cursor, limit=limit
                )

            with group:
                for page in iterate(fetch, self._server.limits, server=self._server.name):
                    self._take_note(page, kind)
                    group.add(page.items)
            self._progress.end()

    def sweeps(self) -> list[CompleteSweep]:
        """List the ids of all kinds, and store the items that turn out to be missing."""
        self._progress.begin(SyncPhase.SWEEP)
        proofs = [self._sweep(kind, list(MAPPERS)[place:]) for place, kind in enumerate(MAPPERS, start=1)]
        self._progress.end()
        return [proof for proof in proofs if proof is not None]

    def check_cancelled(self) -> None:
        """Stop here if the host asked for it."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled

    def _listing(self, kind: Kind) -> CompleteSweep | None:
        self._progress.begin(_PHASES[kind])
        sweep: Sweep[Item] = Sweep(self._store, kind, self._scope, server=self._server.name)
        with _Group(self._store, kind, sweep) as group:
            for page in iterate(self._lister(kind), self._server.limits, server=self._server.name):
                self._take_note(page, kind)
                sweep.see(page)
                group.add(page.items)
        self._progress.end()
        return self._ended(sweep)

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

    def _sweep(self, kind: Kind, later: Sequence[Kind]) -> CompleteSweep | None:
        # How many ids the server has of the later kinds is not known yet; what is stored comes close.
        self._progress.begin_part(sum(count_stored(self._store, other, self._scope) for other in later))
        sweep: Sweep[str] = Sweep(self._store, kind, self._scope, server=self._server.name)
        batch = self._server.limits.max_page_size

        def fetch(cursor: str | None, limit: int) -> Page[str]:
            return self._server.list_ids(kind=kind, scope=self._scope, cursor=cursor, limit=limit)

        for page in iterate(fetch, self._server.limits, server=self._server.name):
            self._take_note(page, kind)
            sweep.see(page)
            missing = self._store.mark(kind, page.items, sweep)
            for start in range(0, len(missing), batch):
                found = self._server.get_items(kind=kind, ids=missing[start : start + batch])
                self._store.put(kind, found, sweep)
        return self._ended(sweep)

    def _take_note(self, page: Page[Item] | Page[str], kind: Kind) -> None:
        self.check_cancelled()
        self._progress.advance(len(page.items) + len(page.problems), page.total)
        if page.problems:
            self.problems.extend(page.problems)
            self._store.excuse(kind, [problem.id for problem in page.problems if problem.id is not None])

    def _ended(self, sweep: Sweep[Item] | Sweep[str]) -> CompleteSweep | None:
        proof = sweep.complete(populated=is_populated(self._store, sweep.kind, self._scope))
        self._store.count_seen(sweep.kind, sweep.seen)
        if proof is None:
            self.withheld[sweep.kind] = f"{sweep.nameless} unreadable {sweep.kind}s came without an id"
        return proof


class _Group:
    """Pages waiting to be stored together. What has arrived before a failure is stored too."""

    def __init__(self, store: Store, kind: Kind, sweep: Sweep[Item] | None) -> None:
        self._store = store
        self._kind = kind
        self._sweep = sweep
        self._items: list[Item] = []
        self._since = time.monotonic()

    def add(self, items: tuple[Item, ...]) -> None:
        self._items.extend(items)
        if len(self._items) >= _GROUP_ITEMS or time.monotonic() - self._since >= _GROUP_SECONDS:
            self._flush()

    def __enter__(self) -> _Group:
        return self

    def __exit__(self, type: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        # After Ctrl-C, or when storing itself failed, there is nothing more to try.
        if error is None or isinstance(error, SoulSyncError | Cancelled):
            self._flush()

    def _flush(self) -> None:
        items, self._items = self._items, []
        if items:
            self._store.put(self._kind, items, self._sweep)
        self._since = time.monotonic()
