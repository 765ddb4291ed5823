"""Waiting for pages, but not for ever: until one comes, the host cancels, or too long nothing has come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from threading import Condition, Event, Thread
from typing import Final, Generic, TypeVar

from soulsync_engine.errors import StalledError

T = TypeVar("T")

_LOOK_SECONDS: Final = 0.1
_TURN_SECONDS: Final = 0.1
"""For how long values are made, in turns with being used, before those that wait are taken."""
_LATE_SECONDS: Final = 1.0
"""How much longer one may take before it is no longer waited for."""


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
        if self._is_cancelled():
            raise Cancelled

    def each(self, values: Iterator[T]) -> Iterator[T]:
        """The values, each made only when it is asked for, in a thread that is left behind when it takes too long.

        Raises `StalledError` when one takes too long, and what making it raises.
        """
        for made in self.together(values, ahead=0, size_of=lambda _: 1, beside=False):
            yield from made

    def together(
        self, values: Iterator[T], *, ahead: int, size_of: Callable[[T], int], beside: bool
    ) -> Iterator[list[T]]:
        """As `each`, with values made in advance until those that wait are of the size `ahead`.

        `beside` has them made while those before are in use. Otherwise making and using take turns, unless one value
        takes long.

        Gives all that wait, at least one. What was made before an error or a cancellation comes before it.
        """
        maker = _Maker(values, ahead, size_of, beside=beside)
        try:
            while made := self._wait(maker):
                yield made
        finally:
            maker.leave()

    def _wait(self, maker: _Maker[T]) -> list[T]:
        until = time.monotonic() + self._seconds
        while True:
            if self._is_cancelled():
                left = maker.leave()
                if not left:
                    raise Cancelled
                return left
            made = maker.take(min(_LOOK_SECONDS, self._seconds))
            if made is not None:
                return made
            if time.monotonic() >= until:
                left = maker.leave()
                if left:
                    return left
                raise StalledError(
                    f"The server has sent nothing for {self._seconds:g} seconds, so the sync was ended.",
                    server=self._server,
                    next_step="Try again when the server is less busy, or raise [sync] stall_seconds.",
                )

    def _is_cancelled(self) -> bool:
        return self._cancel is not None and self._cancel.is_set()


class _Maker(Generic[T]):
    """A thread that makes values one by one. It never keeps the process alive."""

    def __init__(self, values: Iterator[T], ahead: int, size_of: Callable[[T], int], *, beside: bool) -> None:
        self._values = values
        self._ahead = ahead
        self._size_of = size_of
        self._beside = beside
        self._made: deque[T] = deque()
        self._size = 0
        self._asked = False
        self._turn_ends = 0.0
        self._left = False
        self._ended = False
        self._error: BaseException | None = None
        self._changed = Condition()
        Thread(target=self._run, name="soulsync-pages", daemon=True).start()

    def take(self, seconds: float) -> list[T] | None:
        """What waits; None when nothing comes in so many seconds, an empty list at the end. Raises what making did."""
        with self._changed:
            if not self._made and not self._asked:
                self._asked, self._turn_ends = True, time.monotonic() + _TURN_SECONDS
                self._changed.notify_all()
            self._changed.wait_for(self._is_ready, seconds)
            if self._made:
                return self._take_all() if self._is_ready() else None
            if self._error is not None:
                raise self._error
            return [] if self._ended else None

    def leave(self) -> list[T]:
        """Make nothing more; gives what waits."""
        with self._changed:
            self._left = True
            return self._take_all()

    def _is_ready(self) -> bool:
        if self._ended or not self._made:
            return self._ended
        # One that takes long is not waited for: the others can be used meanwhile.
        return self._beside or not self._asked or time.monotonic() >= self._turn_ends + _LATE_SECONDS

    def _take_all(self) -> list[T]:
        made = list(self._made)
        self._made.clear()
        self._size = 0
        self._changed.notify_all()
        return made

    def _run(self) -> None:
        try:
            while self._has_to_go_on():
                try:
                    value = next(self._values)
                except StopIteration:
                    break
                with self._changed:
                    self._made.append(value)
                    self._size += self._size_of(value)
                    if self._beside or self._size >= self._ahead or time.monotonic() >= self._turn_ends:
                        self._asked = False
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - it is raised where the values are taken
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        close = getattr(self._values, "close", None)
        if close is not None:
            close()

    def _has_to_go_on(self) -> bool:
        with self._changed:
            self._changed.wait_for(
                lambda: self._left or self._asked or (self._beside and self._size < self._ahead)
            )
            return not self._left
