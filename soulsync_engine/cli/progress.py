"""The progress of a sync: a live bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from soulsync_engine.cli.output import console, note, printable

if TYPE_CHECKING:
    from soulsync_engine.sync import SyncProgress

SECONDS_BETWEEN_LINES: Final = 5.0


@contextmanager
def shown_progress() -> Iterator[Callable[[SyncProgress], None]]:
    """What a sync is to call with its progress. It is shown on standard error."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[facts]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, facts="")

        def update(progress: SyncProgress) -> None:
            name = f"{printable(progress.server)}: {progress.phase}"
            bar.update(
                task, description=name, completed=progress.done, total=progress.total, facts=facts(progress)
            )

        yield update


def facts(progress: SyncProgress) -> str:
    """Count, rate and time left, as far as they are known."""
    known = [f"{progress.done} of {progress.total}" if progress.total is not None else f"{progress.done}"]
    if progress.rate > 0:
        known.append(f"{progress.rate:.0f}/s")
    if progress.eta_seconds is not None:
        minutes, seconds = divmod(round(progress.eta_seconds), 60)
        known.append(f"{minutes}:{seconds:02} left")
    return ", ".join(known)


class _Lines:
    """A line for every phase, and one every few seconds within it."""

    def __init__(self) -> None:
        self._phase = ""
        self._next = 0.0

    def __call__(self, progress: SyncProgress) -> None:
        now = time.monotonic()
        if progress.phase == self._phase and now < self._next:
            return
        self._phase, self._next = progress.phase, now + SECONDS_BETWEEN_LINES
        note(f"{progress.server}: {progress.phase}: {facts(progress)}")
