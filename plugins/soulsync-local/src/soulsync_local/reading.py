"""Reading the tags of many files, in the order asked for, ahead of whoever takes the results.

The host's executor does the work when there is one; else, when it pays, processes of our own; else this thread.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Final, Protocol

import msgspec

from soulsync_engine.plugin import UnavailableError
from soulsync_local.processes import Processes
from soulsync_local.tags.values import ProblemReason
from soulsync_local.worker import Found, read_encoded

BATCH: Final = 200
"""Files in one task: some fifty milliseconds of work, so that passing it on costs next to nothing."""

WORTH_PROCESSES: Final = 1500
"""Fewer files than this are read here: starting processes takes longer than reading them."""

_AHEAD: Final = 32
"""Tasks under way or waiting to be taken, or more for many workers: four for each.

Enough to keep workers busy while a host stores a few thousand items.
"""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What reading a file gave: its encoded `FileTags`, or why there are none."""

    tags: bytes | None
    reason: ProblemReason | None = None
    detail: str = ""


class _Task(Protocol):
    def result(self) -> list[Found]: ...


class _Here:
    """A task that is done in this thread when its result is asked for."""

    def __init__(self, paths: Sequence[bytes]) -> None:
        self._paths = paths

    def result(self) -> list[Found]:
        return read_encoded(self._paths)


class Reader:
    """Reads a stream of files. Use it from one thread at a time, and close it."""

    def __init__(self, executor: Executor | None, workers: int | None, log: logging.Logger) -> None:
        self._given = executor
        self._workers = (os.cpu_count() or 1) if workers is None else workers
        self._log = log
        self._own: Processes | None = None
        # A program that brings its own interpreter along cannot be started as one.
        self._starts_processes = executor is None and bool(sys.executable) and not hasattr(sys, "frozen")
        self._waiting: deque[tuple[Sequence[bytes], _Task]] = deque()
        self._batches: Iterator[Sequence[bytes]] = iter(())
        self._executor: Executor | Processes | None = None

    def prepare(self, count: int) -> None:
        """Have processes started, if so many files are worth them, while their caller finds out which files to read.

        May be called again when it turns out that there are more.
        """
        if count < WORTH_PROCESSES or self._workers < 2 or not self._starts_processes:
            return
        wanted = min(self._workers, count // BATCH)
        try:
            if self._own is None:
                self._own = Processes()
            self._own.grow(wanted)
        except OSError as error:
            self._starts_processes = False
            self._log.warning("No more processes can be started to read tags: %s", error)
            if not self._own:
                self._own = None

    def start(self, paths: Iterable[bytes], count: int) -> None:
        """Begin with these files, of which there are `count`."""
        self._batches = _in_batches(paths)
        self.prepare(count)
        self._executor = self._own or self._given
        self._fill()

    def take(self) -> list[Reading]:
        """The results of the next files in order, those of one task. There must be some left."""
        paths, task = self._waiting.popleft()
        try:
            found = task.result()
        except BrokenExecutor as error:
            self._go_on_here(error)
            found = read_encoded(paths)
        except BaseException:
            self.close()
            raise
        self._fill()
        if not self._waiting:
            self.close()
        return [Reading(one) if isinstance(one, bytes) else Reading(None, *one) for one in found]

    def close(self) -> None:
        """Let the processes go. What was not taken is lost."""
        own, self._own = self._own, None
        for _, task in self._waiting:
            if isinstance(task, Future):
                task.cancel()
        self._waiting.clear()
        self._batches = iter(())
        self._executor = None
        if own is not None:
            own.close()

    def _fill(self) -> None:
        while len(self._waiting) < max(_AHEAD, 4 * self._workers):
            paths = next(self._batches, None)
            if paths is None:
                return
            # First, because workers that turn out to be dead change what waits.
            task = self._submit(paths)
            self._waiting.append((paths, task))
            if self._executor is None:
                return

    def _submit(self, paths: Sequence[bytes]) -> _Task:
        if self._executor is None:
            return _Here(paths)
        try:
            if isinstance(self._executor, Processes):
                return self._executor.submit(paths)
            return self._executor.submit(read_encoded, paths)
        except BrokenExecutor as error:
            self._go_on_here(error)
            return _Here(paths)
        except RuntimeError as error:
            raise UnavailableError(
                "The executor that was handed to the engine takes no more work.",
                next_step="Keep it open for as long as the engine is in use.",
            ) from error

    def _go_on_here(self, error: BrokenExecutor) -> None:
        self._log.warning("The processes that read tags died (%s); reading goes on in this process.", error)
        self._executor = None
        own, self._own = self._own, None
        self._waiting = deque((waiting, _Here(waiting)) for waiting, _ in self._waiting)
        if own is not None:
            own.close()


def _in_batches(paths: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    batch: list[bytes] = []
    for path in paths:
        batch.append(path)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
