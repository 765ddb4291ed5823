"""Bringing the index up to date with one snapshot, as far as somebody needs it.

Whoever lists tracks asks for the folders of one page; meanwhile the reader works ahead. Each step is one transaction,
so an ingest that is abandoned leaves an index that is right as far as it goes, and the next one goes on from there.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import path as os_path

from soulsync_engine.plugin import UnavailableError
from soulsync_local.index import Index, Stamp, stamp_of
from soulsync_local.naming import display
from soulsync_local.pagerows import PageRows
from soulsync_local.plan import (
    Group,
    RootPlan,
    Suspects,
    current_generation,
    is_current,
    next_generation,
    plan_root,
)
from soulsync_local.reading import Reader, Reading
from soulsync_local.roots import Root
from soulsync_local.snapshot import Snapshot
from soulsync_local.storing import Moment, store_groups
from soulsync_local.walk import Entry, RootWalk

_FLUSH = 2000
"""Files that are stored in one transaction at most."""

_STATES_KEPT = 64


class Ingest:
    """One snapshot on its way into the index. May be shared by threads; made and used under no other lock."""

    def __init__(
        self,
        index: Index,
        snapshot: Snapshot,
        new_reader: Callable[[], Reader],
        log: logging.Logger,
        *,
        only: Callable[[Group], bool] | None = None,
    ) -> None:
        """`only` leaves out folders; the index is then not known to be complete afterwards."""
        self.snapshot = snapshot
        self.empty_proofs: dict[str, str] = {}
        self.to_read = 0
        self.done = 0
        self.failed = False
        """Whether it broke off. It is of no more use then; make a new one."""
        self._index = index
        self._new_reader = new_reader
        self._log = log
        self._only = only
        self._lock = threading.RLock()
        self._taken_at = time.time_ns()
        self._groups: deque[Group] | None = None
        self._moments: dict[str, Moment] = {}
        self._generations: dict[str, int] = {}
        self._readings: dict[str, dict[bytes, Reading]] = {}
        self._reader: Reader | None = None
        self._read: deque[Reading] = deque()
        self._alone = True
        self._stamp: Stamp | None = None

    @property
    def finished(self) -> bool:
        """Whether the index holds all of the snapshot."""
        return self._groups is not None and not self._groups

    def is_alone(self, connection: sqlite3.Connection) -> bool:
        """Whether nobody else has written to the index since this ingest has. Call it within a transaction."""
        return self._alone and self._stamp == stamp_of(connection)

    def ensure(
        self,
        place: tuple[str, bytes] | None,
        go_on: Callable[[], bool] | None = None,
        page: PageRows | None = None,
    ) -> None:
        """Store what the listing up to a place (library id, path) needs; all of it for None.

        `go_on` can end it early: it is asked before each folder. `page` is given what is stored for a page of a first
        scan; it is right for as long as `is_alone`. Raises `UnavailableError` when a folder vanishes.
        """
        with self._lock:
            try:
                if self._groups is None:
                    self._plan()
                self._store_up_to(place, go_on, page)
            except BaseException:
                self.failed = True
                self._close_reader()
                raise

    def close(self) -> None:
        """Stop reading. What was stored stays."""
        with self._lock:
            self.failed = self.failed or not self.finished
            self._close_reader()

    # planning

    def _plan(self) -> None:
        plans: list[RootPlan] = []
        for found in self.snapshot.walks:
            plan = self._plan_root(found)
            if plan is not None:
                plans.append(plan)
        only = self._only
        groups = deque(group for plan in plans for group in plan.groups if only is None or only(group))
        for plan in plans:
            library = plan.found.root.library
            self._generations[library] = plan.generation
            if plan.empty_proof is not None:
                self.empty_proofs[library] = plan.empty_proof
        self.to_read = sum(len(group.reads) for group in groups)
        self._groups = groups
        if self.to_read:
            self._log.info("reading the tags of %d of %d files", self.to_read, self.snapshot.files)
            self._reader = self._new_reader()
            self._reader.start(self._paths(groups), self.to_read)
        if not groups:
            self._complete()

    def _plan_root(self, found: RootWalk) -> RootPlan | None:
        library = found.root.library
        with self._index.read() as connection:
            if is_current(connection, found, self.snapshot.digests[library]) is not None:
                return None
        readings: dict[bytes, bytes] | None = None
        while True:
            with self._write() as connection:
                plan = plan_root(connection, found, readings)
                if isinstance(plan, RootPlan):
                    scanned_at, known = connection.execute(
                        "SELECT scanned_at, EXISTS (SELECT 1 FROM file WHERE library = ?1) FROM library WHERE id = ?1",
                        (library,),
                    ).fetchone()
                    self._moments[library] = Moment(self._taken_at, scanned_at is None, not known)
                    return plan
            readings = self._read_suspects(found, plan)

    def _read_suspects(self, found: RootWalk, suspects: Suspects) -> dict[bytes, bytes]:
        """Read new files that may be old ones in a new place, before anything is taken as gone."""
        kept = self._readings.setdefault(found.root.library, {})
        reader = self._new_reader()
        try:
            reader.start(
                (found.root.absolute(entry.path) for entry in suspects.entries), len(suspects.entries)
            )
            read: list[Reading] = []
            while len(read) < len(suspects.entries):
                read.extend(reader.take())
        finally:
            reader.close()
        for entry, reading in zip(suspects.entries, read, strict=True):
            kept[entry.path] = reading
        return {path: reading.tags for path, reading in kept.items() if reading.tags is not None}

    def _paths(self, groups: deque[Group]) -> Iterator[bytes]:
        # Copies, because groups and readings are taken off while the reader works ahead.
        kept = {library: frozenset(readings) for library, readings in self._readings.items()}
        for group in tuple(groups):
            skipped = kept.get(group.root.library, frozenset())
            for entry in group.reads:
                if entry.path not in skipped:
                    yield group.root.absolute(entry.path)

    # storing

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction that notes whether somebody else has written since the last one."""
        with self._index.write() as connection:
            if self._stamp is not None and self._stamp != stamp_of(connection):
                self._alone = False
            yield connection
            self._stamp = stamp_of(connection)

    def _store_up_to(
        self, place: tuple[str, bytes] | None, go_on: Callable[[], bool] | None, page: PageRows | None
    ) -> None:
        groups = self._groups
        if not groups:
            return
        while groups:
            batch: list[tuple[Group, list[Reading]]] = []
            files = 0
            while groups and files < _FLUSH and (place is None or groups[0].first <= place):
                if go_on is not None and not go_on():
                    break
                readings = self._readings_of(groups[0])
                batch.append((groups.popleft(), readings))
                files += len(readings) or 1
            if not batch:
                return
            self._store(batch, page)
            self.done += sum(len(readings) for _, readings in batch)
        self._close_reader()
        self._complete()

    def _readings_of(self, group: Group) -> list[Reading]:
        kept = self._readings.get(group.root.library)
        readings = []
        for entry in group.reads:
            reading = kept.pop(entry.path, None) if kept else None
            if reading is None:
                reading = self._next_reading()
            if reading.reason == "missing":
                _refuse_vanished_folder(group.root, entry)
            readings.append(reading)
        return readings

    def _next_reading(self) -> Reading:
        if not self._read:
            if self._reader is None:
                raise UnavailableError("The scan was stopped.", next_step="Start it again.")
            self._read.extend(self._reader.take())
        return self._read.popleft()

    def _store(self, batch: list[tuple[Group, list[Reading]]], page: PageRows | None) -> None:
        with self._write() as connection:
            start = 0
            while start < len(batch):
                library = batch[start][0].root.library
                # Taken only when an item changes, so that what was known to be current before still is.
                generation = current_generation(connection, library) + 1
                end = start
                while end < len(batch) and batch[end][0].root.library == library:
                    end += 1
                moment = self._moments[library]
                # Where there was nothing, and nobody else writes, the rows are in the index as they are given to it.
                kept = page if self._alone and moment.nothing_known else None
                if store_groups(connection, batch[start:end], moment, generation, kept):
                    next_generation(connection, library)
                    self._generations[library] += 1
                start = end
        for group, readings in batch:
            for entry, reading in zip(group.reads, readings, strict=True):
                if reading.reason is not None:
                    self._log.warning(
                        "%s of %s: %s %s",
                        display(entry.path),
                        group.root.path,
                        reading.reason,
                        reading.detail,
                    )

    def _complete(self) -> None:
        if self._only is not None:
            return
        now = time.time_ns()
        with self._write() as connection:
            for library, digest in self.snapshot.digests.items():
                connection.execute("UPDATE library SET scanned_at = ? WHERE id = ?", (now, library))
                expected = self._generations.get(library)
                if expected is not None:
                    _remember_state(connection, library, digest, expected, now)

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def _remember_state(
    connection: sqlite3.Connection, library: str, digest: str, expected: int, now: int
) -> None:
    """Note which generation this state of the tree is, unless somebody else wrote in between: then nobody can tell."""
    if current_generation(connection, library) != expected:
        return
    # The first generation stays: it is the one that a host that saw this state back then has to go on from.
    connection.execute(
        "INSERT INTO state (library, digest, generation, latest, at) VALUES (?1, ?2, ?3, ?3, ?4) "
        "ON CONFLICT (library, digest) DO UPDATE SET latest = excluded.latest, at = excluded.at",
        (library, digest, expected, now),
    )
    connection.execute(
        "DELETE FROM state WHERE library = ?1 AND at < "
        "(SELECT min(at) FROM (SELECT at FROM state WHERE library = ?1 ORDER BY at DESC LIMIT ?2))",
        (library, _STATES_KEPT),
    )
    connection.execute(
        "DELETE FROM touched WHERE library = ?1 AND generation <= "
        "(SELECT min(generation) FROM state WHERE library = ?1)",
        (library,),
    )


def _refuse_vanished_folder(root: Root, entry: Entry) -> None:
    """A file that went away is gone; a folder that went away with all its files may be a disk that was pulled out."""
    folder = entry.path.rpartition(b"/")[0]
    if not os_path.isdir(root.absolute(folder)):
        raise UnavailableError(
            f"The folder {display(folder)!r} in {root.path} vanished while its files were being read.",
            next_step="Try again when nothing is being moved; if it is on a disk of its own, mount it.",
        )
