"""Names that the server keeps by number: those of its accounts and of the devices that play."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from threading import Lock
from typing import Final

from soulsync_engine.errors import NotAllowedError

_KEPT_SECONDS: Final = 600.0


class NameTable:
    """Names by number, asked for when one is needed and kept for a while, so that a poll does not ask each time.

    `ask` raises `NotAllowedError` for whoever may not know. Thread-safe.
    """

    def __init__(self, ask: Callable[[], dict[str, str]]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._names: Mapping[str, str] = {}
        self._nameless: set[str] = set()
        self._asked_at: float | None = None
        self._allowed = True

    def fresh(self) -> Mapping[str, str]:
        """All names, asked for now. Raises `NotAllowedError`."""
        with self._lock:
            return self._asked()

    def of(self, numbers: Collection[str]) -> Mapping[str, str]:
        """Names that include those of `numbers`, as far as the server has and tells them."""
        if not numbers:
            return {}
        with self._lock:
            unknown = {number for number in numbers if number not in self._names}
            if not self._is_fresh() or (self._allowed and not unknown <= self._nameless):
                try:
                    self._asked()
                except NotAllowedError:
                    self._names, self._allowed = {}, False
                self._nameless |= unknown - self._names.keys()
            return self._names

    def _asked(self) -> Mapping[str, str]:
        self._asked_at, self._nameless = time.monotonic(), set()
        self._names = self._ask()
        self._allowed = True
        return self._names

    def _is_fresh(self) -> bool:
        return self._asked_at is not None and time.monotonic() - self._asked_at < _KEPT_SECONDS
