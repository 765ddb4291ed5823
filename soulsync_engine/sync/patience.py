"""Waiting for pages, but not for ever: until one comes, the host cancels, or too long nothing has come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final, Generic, TypeVar

from soulsync_engine.errors import StalledError

T = TypeVar("T")

_LOOK_SECONDS: Final = 0.1


class Cancelled(Exception):  # noqa: N818
    """The host asked to stop. Never leaves the package."""


class Patience:
    """How long to wait for a page of a server, and what ends the wait."""

    def __init__(self, server: str, seconds: float, cancel: Event | None) -> None:
        self._server = server
        self._seconds = seconds
        self._cancel = cancel

    def check_cancelled(self) -> None:
        """Stop here if the host asked for it."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled

    def each(self, values: Iterator[T]) -> Iterator[T]:
        """The values, each made only when it is asked for, in a thread that is left behind when it takes too long.

        Raises `StalledError` when one takes too long, and what making it raises.
        """
        maker = _Maker(values)
        try:
            while True:
                maker.ask()
                answer = self._wait(maker)
                if answer.error is not None:
                    raise answer.error
                if answer.ended:
                    return
                yield from answer.values
        finally:
            maker.leave()

    def _wait(self, maker: _Maker[T]) -> _Answer[T]:
        until = time.monotonic() + self._seconds
        while True:
            self.check_cancelled()
            answer = maker.answer(min(_LOOK_SECONDS, self._seconds))
            if answer is not None:
                return answer
            if time.monotonic() >= until:
                raise StalledError(
                    f"The server has sent nothing for {self._seconds:g} seconds, so the sync was ended.",
                    server=self._server,
                    next_step="Try again when the server is less busy, or raise [sync] stall_seconds.",
                )


class _Answer(Generic[T]):
    """What came of asking: a value, the end, or an error."""

    def __init__(
        self, values: tuple[T, ...] = (), *, ended: bool = False, error: BaseException | None = None
    ) -> None:
        self.values = values
        self.ended = ended
        self.error = error


class _Maker(Generic[T]):
    """A thread that makes values one by one. It never keeps the process alive."""

    def __init__(self, values: Iterator[T]) -> None:
        self._values = values
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._made: SimpleQueue[_Answer[T]] = SimpleQueue()
        Thread(target=self._run, name="soulsync-pages", daemon=True).start()

    def ask(self) -> None:
        """Have the next value made."""
        self._asked.put(True)

    def answer(self, seconds: float) -> _Answer[T] | None:
        """What was asked for, None when it is not there in so many seconds."""
        try:
            return self._made.get(timeout=seconds)
        except Empty:
            return None

    def leave(self) -> None:
        """Make nothing more."""
        self._asked.put(False)

    def _run(self) -> None:
        while self._asked.get():
            try:
                self._made.put(_Answer((next(self._values),)))
            except StopIteration:
                self._made.put(_Answer(ended=True))
                break
            except BaseException as error:  # noqa: BLE001 - it is raised where the value was asked for
                self._made.put(_Answer(error=error))
                break
        close = getattr(self._values, "close", None)
        if close is not None:
            close()
