"""Telling the host how far a sync is, often enough to look alive and seldom enough to cost nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from soulsync_engine.sync.report import SyncPhase, SyncProgress

_INTERVAL: Final = 0.1


class ProgressReporter:
    """Calls the host's callback at the start and end of each phase, and at most ten times a second between."""

    def __init__(self, server: str, callback: Callable[[SyncProgress], None] | None) -> None:
        self._server = server
        self._callback = callback
        self._phase: SyncPhase | None = None
        self._started = 0.0
        self._told = 0.0
        self._done = 0
        self._total: int | None = None
        self._before = 0
        self._later = 0

    def begin(self, phase: SyncPhase, total: int | None = None) -> None:
        """A new phase, with nothing done yet."""
        self._phase = phase
        self._started = time.monotonic()
        self._done, self._total = 0, total
        self._before = self._later = 0
        self._tell()

    def begin_part(self, later: int) -> None:
        """A phase of several listings comes to the next one; about so many items follow in those after it."""
        self._before, self._later = self._done, later
        self._total = None

    def advance(self, number: int, total: int | None = None) -> None:
        """So many more items are done; `total` is how many the listing has."""
        self.reach(self._done + number, None if total is None else self._before + total + self._later)

    def reach(self, done: int, total: int | None = None) -> None:
        """So many items are done in all, of so many."""
        self._done = done
        self._total = self._total if total is None else total
        if time.monotonic() - self._told >= _INTERVAL:
            self._tell()

    def end(self) -> None:
        """The phase is over."""
        self._tell()

    def _tell(self) -> None:
        if self._callback is None or self._phase is None:
            return
        now = time.monotonic()
        self._told = now
        elapsed = now - self._started
        rate = self._done / elapsed if self._done and elapsed > 0 else 0.0
        left = None if self._total is None else max(self._total - self._done, 0)
        self._callback(
            SyncProgress(
                server=self._server,
                phase=self._phase,
                done=self._done,
                total=self._total,
                rate=rate,
                eta_seconds=left / rate if left is not None and rate else None,
            )
        )
