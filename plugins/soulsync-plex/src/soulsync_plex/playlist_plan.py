"""What of a playlist stays, what is added, and in which batches: pure functions, without a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

Entry = tuple[str, str]
"""An entry's own id, and the key of its track."""

_ADDRESS_ROOM: Final = 6000
"""Characters of an address that the keys of one batch may take; servers and proxies stop at some 8,000."""
_COMMA: Final = 3


def batches(keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The keys in batches whose part of an address, commas encoded, stays short."""
    batch: list[str] = []
    room = _ADDRESS_ROOM
    for key in keys:
        if batch and len(key) + _COMMA > room:
            yield tuple(batch)
            batch, room = [], _ADDRESS_ROOM
        batch.append(key)
        room -= len(key) + _COMMA
    if batch:
        yield tuple(batch)


def missing(stored: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """What is wanted more often than it is stored, in order."""
    rest = Counter(stored)
    lacking: list[str] = []
    for key in wanted:
        if rest[key] > 0:
            rest[key] -= 1
        else:
            lacking.append(key)
    return lacking


def kept(entries: Sequence[Entry], wanted: Sequence[str]) -> dict[int, str]:
    """Which entry may stay for which place: first those that are in order already, then any of the same track."""
    keys = [key for _, key in entries]
    kept: dict[int, str] = {}
    used: set[int] = set()
    for block in SequenceMatcher(None, keys, wanted, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            kept[block.b + step] = entries[block.a + step][0]
            used.add(block.a + step)
    spare: dict[str, list[str]] = {}
    for place, (entry_id, key) in enumerate(entries):
        if place not in used:
            spare.setdefault(key, []).append(entry_id)
    for place, key in enumerate(wanted):
        if place not in kept and spare.get(key):
            kept[place] = spare[key].pop(0)
    return kept


def assigned(wanted: Sequence[str], kept: dict[int, str], added: Sequence[Entry]) -> list[str]:
    """The entry ids in the order wanted. Tracks that the server did not store are left out."""
    new: dict[str, list[str]] = {}
    for entry_id, key in added:
        new.setdefault(key, []).append(entry_id)
    order: list[str] = []
    for place, key in enumerate(wanted):
        if place in kept:
            order.append(kept[place])
        elif new.get(key):
            order.append(new[key].pop(0))
    return order
