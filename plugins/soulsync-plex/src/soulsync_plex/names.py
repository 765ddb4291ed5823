"""Names that the server keeps by number: those of its accounts and of the devices that play."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from threading import Lock
from typing import Final

from soulsync_engine.errors import NotAllowedError

_KEPT_SECONDS: Final = 600.0
_ASKED_AGAIN_AFTER: Final = 60.0


class NameTable:
    """Names by number, asked for when one is needed and kept for a while, so that a poll does not ask each time.

    `ask` raises `NotAllowedError` for whoever may not know. Thread-safe.
    """

    def __init__(self, ask: Callable[[], dict[str, str]]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._kept: tuple[float, Mapping[str, str]] | None = None

    def fresh(self) -> Mapping[str, str]:
        """All names, asked for now. Raises `NotAllowedError`."""
        with self._lock:
            return self._asked()

    def of(self, numbers: Collection[str]) -> Mapping[str, str]:
        """Names that include those of `numbers` as far as the server tells them."""
        if not numbers:
            return {}
        with self._lock:
            if self._kept is not None:
                age, names = time.monotonic() - self._kept[0], self._kept[1]
                complete = all(number in names for number in numbers)
                if age < (_KEPT_SECONDS if complete else _ASKED_AGAIN_AFTER):
                    return names
            try:
                return self._asked()
            except NotAllowedError:
                self._kept = (time.monotonic(), {})
                return {}

    def _asked(self) -> Mapping[str, str]:
        names = self._ask()
        self._kept = (time.monotonic(), names)
        return names
