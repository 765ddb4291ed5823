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
        lines = _Lines()
        yield lines.update
        lines.finish_phase()
        return
    from rich.progress import BarColumn, Progress, TaskID, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[facts]}", markup=False),
    )
    # A bar of its own for each phase, since a total once known cannot be made unknown again.
    phases: dict[str, TaskID] = {}
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:

        def update(progress: SyncProgress) -> None:
            if progress.phase not in phases:
                for earlier in phases.values():
                    bars.update(earlier, visible=False)
                name = f"{printable(progress.server)}: {progress.phase}"
                phases[progress.phase] = bars.add_task(name, total=None, facts="")
            bars.update(
                phases[progress.phase],
                completed=progress.done,
                total=progress.total,
                facts=facts(progress),
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
    """A line when a phase is over, and one every few seconds within it."""

    def __init__(self) -> None:
        self._last: SyncProgress | None = None
        self._next = time.monotonic() + SECONDS_BETWEEN_LINES

    def update(self, progress: SyncProgress) -> None:
        if self._last is not None and progress.phase != self._last.phase:
            self.finish_phase()
        self._last = progress
        if time.monotonic() >= self._next:
            self._tell(progress)

    def finish_phase(self) -> None:
        if self._last is not None and self._last.done:
            self._tell(self._last)
        self._last = None

    def _tell(self, progress: SyncProgress) -> None:
        self._next = time.monotonic() + SECONDS_BETWEEN_LINES
        note(f"{progress.server}: {progress.phase}: {facts(progress)}")
