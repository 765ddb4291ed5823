"""Ctrl-C while the mirror is being written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from soulsync_engine.errors import SoulSyncError

STOPPED = "Interrupted. What was read is kept and nothing was removed; the next sync completes it."


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, so that the work stops at its next page; pressed again, it stops the work at once.

    Work that gave up because of it is reported as an interrupt, work that came to its end as what it returned.
    """
    stop = threading.Event()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt(STOPPED)
        stop.set()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    except SoulSyncError as error:
        if stop.is_set():
            raise KeyboardInterrupt(STOPPED) from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
