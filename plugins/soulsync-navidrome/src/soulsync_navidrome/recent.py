"""The last few of something, for listings whose next page may be asked for, or never be."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Recent(Generic[KeyT, ValueT]):
    """What was put in last, up to a number. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[KeyT, ValueT] = {}
        self._lock = Lock()

    def get(self, key: KeyT) -> ValueT | None:
        """What was put in under a key, None when nothing was or it had to make room."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: KeyT, value: ValueT) -> None:
        """Keep something; the oldest makes room for it."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = value
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
