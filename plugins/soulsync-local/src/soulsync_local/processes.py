"""Processes of our own that read tags, each with a pipe to it and one from it.

They are started as programs, not by the standard library's `multiprocessing`: its ways of starting that are safe in a
program with threads run the host's main module again in every worker, which a script without a guard does not survive.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from typing import Any, Final

from soulsync_local.worker import Found, read_encoded

_PROGRAM: Final = """
import sys
_, idle, *sys.path[:] = sys.argv
from soulsync_local.worker import serve
serve(float(idle))
"""
_IDLE_SECONDS: Final = 10.0
_END_SECONDS: Final = 2.0
_BUFFER_SIZE: Final = 1 << 17
# A terminal sends Ctrl-C to a group of processes. What it means is for the host to say.
_APART: Final[dict[str, Any]] = {}
if sys.platform == "win32":
    _APART["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _APART["process_group"] = 0


class Processes:
    """A number of workers that are asked in turns. Use it from one thread at a time.

    A worker ends when its host does, when it is let go, and when nothing was asked of it for a while; in the last case
    another one takes its place when there is something to do.
    """

    def __init__(self, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._places: list[_Worker] = []
        self._replaced: list[_Worker] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._places)

    def grow(self, number: int) -> None:
        """Start workers until there are so many. Raises `OSError` when that is not possible."""
        while len(self._places) < number:
            self._places.append(self._start())

    def submit(self, paths: Sequence[bytes]) -> Answer:
        """Have files read. The answers are to be taken in the order of asking.

        Raises `BrokenExecutor` when a worker is gone and another one cannot be started.
        """
        place = self._next
        self._next = (place + 1) % len(self._places)
        try:
            return self._places[place].ask(paths)
        except OSError:
            # It had nothing to do for a while, or somebody ended it; its answers show which.
            self._replaced.append(self._places[place])
        self._let_go()
        try:
            self._places[place] = self._start()
            return self._places[place].ask(paths)
        except OSError as error:
            raise BrokenExecutor(str(error)) from error

    def close(self) -> None:
        """End all workers. What was not taken is lost."""
        for worker in self._places + self._replaced:
            worker.close()
        self._places.clear()
        self._replaced.clear()

    def _start(self) -> _Worker:
        return _Worker(self._idle_seconds)

    def _let_go(self) -> None:
        """Close what was replaced and has no more answers."""
        for worker in [worker for worker in self._replaced if not worker.owes]:
            worker.close()
            self._replaced.remove(worker)


class Answer:
    """What a worker will have found in some files."""

    def __init__(self, worker: _Worker, paths: Sequence[bytes]) -> None:
        self._worker = worker
        self._paths = paths

    def result(self) -> list[Found]:
        """It, as soon as it is there. Raises `BrokenExecutor` when the worker died."""
        found = self._worker.next_answer()
        if found is None:
            # It was asked just when it was about to end, as after a while in which this process was suspended.
            return read_encoded(self._paths)
        return found


class _Worker:
    """One process."""

    def __init__(self, idle_seconds: float) -> None:
        self.owes = 0
        """How many answers were not taken yet."""
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with a program from here
            [sys.executable, "-c", _PROGRAM, str(idle_seconds), *_places_of_modules()],
            bufsize=_BUFFER_SIZE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **_APART,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def ask(self, paths: Sequence[bytes]) -> Answer:
        pickle.dump(paths, self._requests, pickle.HIGHEST_PROTOCOL)
        self._requests.flush()
        self.owes += 1
        return Answer(self, paths)

    def next_answer(self) -> list[Found] | None:
        """The next answer; None when it ended because long nothing was asked of it."""
        self.owes -= 1
        try:
            found: list[Found] = pickle.load(self._answers)  # noqa: S301 - both ends are ours
        except (EOFError, pickle.UnpicklingError) as error:
            if self._process.wait() == 0:
                return None
            raise BrokenExecutor("one of them has ended") from error
        if not isinstance(found, list):
            raise BrokenExecutor("one of them answers something else")
        return found

    def close(self) -> None:
        # Not asked to end: another process may hold the pipe open, and nothing is lost.
        self._process.kill()
        for pipe in (self._requests, self._answers):
            # A request that could not be sent cannot be sent now either.
            with suppress(OSError):
                pipe.close()
        # One that waits for a disk that is gone does not end.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)


def _places_of_modules() -> list[str]:
    """Where modules are, without the entries that cannot be handed to a program, and are no places either."""
    places: list[object] = list(sys.path)
    return [
        place for place in places if isinstance(place, str) and "\0" not in place and not _is_broken(place)
    ]


def _is_broken(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return True
    return False
