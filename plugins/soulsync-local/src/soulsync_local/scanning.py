"""Scans that run on their own, in one thread at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from soulsync_engine.models import ScanPhase, ScanState, Scope
from soulsync_engine.plugin import SoulSyncError
from soulsync_local.ingest import Ingest
from soulsync_local.library import LocalLibrary
from soulsync_local.mapping import moment
from soulsync_local.plan import Group
from soulsync_local.roots import look_at, place_inside


class Scanner:
    """Brings the index up to date in the background, and tells how far it is."""

    def __init__(self, library: LocalLibrary, log: logging.Logger) -> None:
        self._library = library
        self._log = log
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._ingest: Ingest | None = None
        self._failure = ""

    def start(self, scope: Scope, paths: tuple[str, ...]) -> ScanState:
        """Start a scan unless one is running. With `paths`, tags are read below these only."""
        roots = self._library.of_scope(scope)
        for root in roots:
            # An unmounted folder is told at once, not only in the state of a scan that failed.
            look_at(root)
        places = [place_inside(roots, path) for path in paths]
        only = _below({(root.library, path) for root, path in places}) if places else None
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._stop.clear()
                self._ingest, self._failure = None, ""
                self._thread = threading.Thread(
                    target=self._run, args=(scope, only), name="soulsync-local-scan", daemon=True
                )
                self._thread.start()
        return self.state()

    def state(self) -> ScanState:
        """How far the scan is, or when the last complete one ended."""
        with self._lock:
            running = self._thread is not None and self._thread.is_alive()
            ingest, failure = self._ingest, self._failure
        finished = self._library.last_finished()
        last = None if finished is None else moment(finished)
        if not running:
            phase = ScanPhase.FAILED if failure else ScanPhase.IDLE
            return ScanState(phase=phase, last_finished=last, detail=failure)
        if ingest is None:
            return ScanState(
                phase=ScanPhase.RUNNING,
                items=0,
                last_finished=last,
                detail="looking over the folders",
                in_process=True,
            )
        to_read = ingest.to_read
        return ScanState(
            phase=ScanPhase.RUNNING,
            progress=min(1.0, ingest.done / to_read) if to_read else None,
            items=ingest.done,
            last_finished=last,
            detail=f"{ingest.done} of {to_read} files read",
            in_process=True,
        )

    def stop(self) -> None:
        """End a running scan at the next folder, and wait for that."""
        self._stop.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self, scope: Scope, only: Callable[[Group], bool] | None) -> None:
        try:
            self._library.scan(scope, only, go_on=lambda: not self._stop.is_set(), watch=self._watch)
        except SoulSyncError as error:
            self._log.warning("the scan ended early: %s", error)
            with self._lock:
                self._failure = str(error)
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread; the state has to tell
            self._log.warning("the scan broke down", exc_info=error)
            with self._lock:
                self._failure = f"the scan broke down: {error!r}"

    def _watch(self, ingest: Ingest) -> None:
        with self._lock:
            self._ingest = ingest


def _below(places: set[tuple[str, bytes]]) -> Callable[[Group], bool]:
    """Whether a folder has to do with one of these places (library id, path)."""

    def concerns(group: Group) -> bool:
        library = group.root.library
        paths = [group.folder, *(entry.path for entry in group.reads)]
        return any(
            library == one
            and any(not place or path == place or path.startswith(place + b"/") for path in paths)
            for one, place in places
        )

    return concerns
