"""Which items a listing has shown: a bit for each number, since all items of a mirror are numbered through.

A million items take 125 kB. What a page added is also kept as bytes, to be stored beside the rows of the page and read
again by a sync that goes on where another one was ended.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence, Set
from typing import final


@final
class Seen:
    """A set of item numbers. `count` is how many there are."""

    __slots__ = ("_bits", "count")

    def __init__(self) -> None:
        self._bits = bytearray()
        self.count = 0

    def __contains__(self, uid: int) -> bool:
        place = uid >> 3
        return place < len(self._bits) and bool(self._bits[place] >> (uid & 7) & 1)

    def are_new(self, uids: Sequence[int], others: Set[int]) -> bool:
        """Whether none of the numbers is here, and none comes twice."""
        distinct = set(uids)
        if len(distinct) != len(uids) or not distinct.isdisjoint(others):
            return False
        return not any(map(self.__contains__, uids)) and not any(map(self.__contains__, others))

    def add(self, uids: Iterable[int]) -> None:
        """Add numbers."""
        bits = self._bits
        for uid in uids:
            place, mask = uid >> 3, 1 << (uid & 7)
            if place >= len(bits):
                bits.extend(bytes(place + 4096 - len(bits)))
            if not bits[place] & mask:
                bits[place] |= mask
                self.count += 1


def packed(uids: Iterable[int]) -> bytes:
    """Numbers as bytes."""
    return array("q", uids).tobytes()


def unpacked(stored: bytes) -> array[int]:
    """What `packed` was given."""
    numbers = array("q")
    numbers.frombytes(stored)
    return numbers
