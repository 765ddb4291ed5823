"""The folders of one server, their index, and the bringing of the one up to date with the other."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from soulsync_engine.models import EVERYTHING, Kind, Problem, Scope
from soulsync_engine.plugin import ConfigurationError, NotFoundError
from soulsync_local.absence import refuse_bare
from soulsync_local.index import Index
from soulsync_local.ingest import Ingest
from soulsync_local.mapping import Mapper
from soulsync_local.naming import display
from soulsync_local.plan import Group, populated_identity
from soulsync_local.queries import json_list
from soulsync_local.reading import Reader
from soulsync_local.roots import Root, contains, look_at
from soulsync_local.settings import LocalSettings
from soulsync_local.sharing import FreshLook, SharedLook
from soulsync_local.snapshot import Snapshot, take

_LISTINGS_KEPT = 16


@dataclass(frozen=True)
class Listing:
    """A listing of tracks that is under way: a snapshot, and the ingest that serves it."""

    id: str
    ingest: Ingest

    @property
    def snapshot(self) -> Snapshot:
        """What is listed."""
        return self.ingest.snapshot


class LocalLibrary:
    """Everything about the folders of one server that the operations share. May be used by several threads.

    `_lock` guards the small tables below and is never held while files are looked at; an `Ingest` and the index
    have locks of their own.
    """

    def __init__(
        self,
        server: str,
        settings: LocalSettings,
        data_dir: Path,
        log: logging.Logger,
        executor: Executor | None,
    ) -> None:
        self.roots = tuple(Root(path) for path in settings.roots)
        self.index = Index(data_dir, log)
        self.mapper = Mapper(server, self.roots)
        self.follow_symlinks = settings.follow_symlinks
        self._workers = settings.workers
        self._executor = executor
        self._log = log
        self._lock = threading.Lock()
        self._latest: Ingest | None = None
        self._listings: OrderedDict[str, Listing] = OrderedDict()
        self._looked = False
        self._shared: SharedLook | None = None
        self._fresh: FreshLook | None = None
        self._prepared: Reader | None = None

    def check(self) -> None:
        """Prove that every root is there. Raises `UnavailableError`, or `ConfigurationError` when they overlap."""
        for root in self.roots:
            identity = look_at(root)
            if self.index.path.exists():
                with self.index.read() as connection:
                    refuse_bare(root, identity, populated_identity(connection, root.library))
        for root in self.roots:
            for other in self.roots:
                if other is not root and contains(root, other.raw):
                    raise ConfigurationError(
                        f"The folder {other.path} really lies inside {root.path}.",
                        next_step="Give the outer one only.",
                    )

    def of_scope(self, scope: Scope) -> tuple[Root, ...]:
        """The roots of a scope. Raises `NotFoundError` for a library, or a user, that is not there."""
        if scope.user is not None:
            raise NotFoundError(
                f"There is no user {scope.user!r}: a folder has no users.",
                next_step="Leave the user out of the scope.",
            )
        if scope.libraries is None:
            return self.roots
        by_id = {root.library: root for root in self.roots}
        for id in scope.libraries:
            if id not in by_id:
                raise NotFoundError(
                    f"This server has no library with the id {id!r}.",
                    next_step="See its libraries with list_libraries; another folder has another id.",
                )
        return tuple(by_id[id] for id in dict.fromkeys(scope.libraries))

    def serve(self, ingest: Ingest) -> None:
        """Let the look that has just listed all tracks serve the listings of albums and artists that follow at once."""
        look = SharedLook(ingest)
        with self._lock:
            self._shared = look

    def snapshot(self, scope: Scope) -> Snapshot:
        """Look over the files of a scope now."""
        return take(self.of_scope(scope), self.roots, follow_symlinks=self.follow_symlinks)

    def look(self, scope: Scope) -> Snapshot:
        """As `snapshot`; where no file of the scope has been read yet, the listing that follows at once need not look.

        It reads every file anyhow, so it cannot miss what was written to one meanwhile.
        """
        if self._knows_none(root.library for root in self.of_scope(scope)):
            snapshot = self._look_ahead(scope)
            fresh = FreshLook(snapshot)
        else:
            snapshot, fresh = self.snapshot(scope), None
        with self._lock:
            self._fresh = fresh
        return snapshot

    def current(self, scope: Scope, kind: Kind | None = None) -> Ingest:
        """Look over the files of a scope, and bring the index up to date with what is found.

        For a listing of albums or artists (`kind`) right after one of all tracks, the look that one took may do.
        """
        libraries = {root.library for root in self.of_scope(scope)}
        with self._lock:
            shared = self._shared
        if shared is not None and kind is not None and shared.serves(kind, libraries):
            return shared.ingest
        ingest = self._ingest_of(self.snapshot(scope))
        ingest.ensure(None)
        return ingest

    def scan(
        self,
        scope: Scope,
        only: Callable[[Group], bool] | None,
        *,
        go_on: Callable[[], bool],
        watch: Callable[[Ingest], None],
    ) -> None:
        """As `current`, in steps: `watch` is given the ingest first, `go_on` is asked before each folder.

        With `only`, no other folders are read; they are left to the next listing.
        """
        snapshot = self.snapshot(scope)
        ingest = (
            self._ingest_of(snapshot)
            if only is None
            else Ingest(self.index, snapshot, self._reader, self._log, only=only)
        )
        watch(ingest)
        ingest.ensure(None, go_on)
        if only is not None:
            ingest.close()

    def last_finished(self) -> int | None:
        """When all libraries were last known to be in the index completely, in nanoseconds since 1970."""
        with self.index.read() as connection:
            row = connection.execute(
                "SELECT min(coalesce(scanned_at, 0)), count(*) FROM library "
                "WHERE id IN (SELECT value FROM json_each(?))",
                (json_list(root.library for root in self.roots),),
            ).fetchone()
        return int(row[0]) if row[0] and row[1] == len(self.roots) else None

    def known(self) -> None:
        """Make sure that the index was up to date once since this server was opened, and that the roots are there."""
        with self._lock:
            latest = self._latest
            if latest is not None and latest.finished and len(latest.snapshot.walks) == len(self.roots):
                self._looked = True
            looked = self._looked
        if not looked:
            self.current(EVERYTHING)
        for root in self.roots:
            look_at(root)

    def start_listing(self, scope: Scope) -> Listing:
        """Begin a listing of tracks with the files as they are now."""
        listing = Listing(secrets.token_hex(6), self._ingest_of(self._latest_look(scope)))
        with self._lock:
            self._listings[listing.id] = listing
            while len(self._listings) > _LISTINGS_KEPT:
                self._listings.popitem(last=False)
        return listing

    def find_listing(self, id: str, scope: Scope) -> Listing:
        """The listing with that id; a new one where it is forgotten or broke off, since cursors say where to go on."""
        with self._lock:
            listing = self._listings.get(id)
        return self.start_listing(scope) if listing is None or listing.ingest.failed else listing

    def close(self) -> None:
        """Let go of processes and files."""
        with self._lock:
            ingests = {id(one.ingest): one.ingest for one in self._listings.values()}
            if self._latest is not None:
                ingests[id(self._latest)] = self._latest
            self._listings.clear()
            self._latest = self._shared = self._fresh = None
            self._looked = False
            prepared, self._prepared = self._prepared, None
        if prepared is not None:
            prepared.close()
        for ingest in ingests.values():
            ingest.close()
        self.index.close()

    def _latest_look(self, scope: Scope) -> Snapshot:
        libraries = {root.library for root in self.of_scope(scope)}
        with self._lock:
            fresh, self._fresh = self._fresh, None
        if fresh is not None and fresh.holds(libraries) and self._knows_none(libraries):
            return fresh.snapshot
        return self.snapshot(scope)

    def _knows_none(self, libraries: Iterable[str]) -> bool:
        """Whether no file of these libraries has ever been read."""
        if not self.index.path.exists():
            return True
        with self.index.read() as connection:
            known = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM file WHERE library IN (SELECT value FROM json_each(?)))",
                (json_list(libraries),),
            ).fetchone()
        return not known[0]

    def _ingest_of(self, snapshot: Snapshot) -> Ingest:
        """An ingest for that state; the one that is under way where the files are as they were then."""
        with self._lock:
            latest = self._latest
            if (
                latest is not None
                and not latest.failed
                and not latest.finished
                and latest.snapshot.digests == snapshot.digests
            ):
                return latest
            self._latest = Ingest(self.index, snapshot, self._reader, self._log)
            return self._latest

    def _reader(self) -> Reader:
        with self._lock:
            prepared, self._prepared = self._prepared, None
        return prepared or Reader(self._executor, self._workers, self._log)

    def _look_ahead(self, scope: Scope) -> Snapshot:
        """A snapshot, and processes that start meanwhile, for the listing that is to follow."""
        with self._lock:
            is_prepared = self._prepared is not None
        if is_prepared:
            return self.snapshot(scope)
        reader = Reader(self._executor, self._workers, self._log)
        try:
            snapshot = take(
                self.of_scope(scope), self.roots, follow_symlinks=self.follow_symlinks, watch=reader.prepare
            )
        except BaseException:
            reader.close()
            raise
        with self._lock:
            surplus, self._prepared = self._prepared, reader
        if surplus is not None:
            surplus.close()
        return snapshot


def walk_problems(snapshot: Snapshot) -> tuple[Problem, ...]:
    """What the walk could not look into. No id: nobody can tell how many files there are."""
    return tuple(
        Problem(
            kind=Kind.TRACK,
            reason=f"{display(one.path)!r} in {found.root.path} cannot be looked into: {one.reason}",
        )
        for found in snapshot.walks
        for one in found.unreadable
    )
