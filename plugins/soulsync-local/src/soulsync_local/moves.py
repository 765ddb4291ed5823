"""Recognising that a file which is gone and a file which is new are one and the same. Pure functions.

Two kinds of evidence count, and only when exactly one candidate is left on each side:

1. The same inode on the same device, with the same size and modification time: a rename.
2. The same size and the very same tags and audio properties: a copy to another disk, the original deleted. Files that
   are too poor in tags to be told apart that way must have kept their names as well.

What is ambiguous is no move: the one is gone, the other is new.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from soulsync_local.tags.values import FileTags
from soulsync_local.walk import Entry

_A = TypeVar("_A")
_B = TypeVar("_B")

_decode = msgspec.msgpack.Decoder(FileTags).decode


@dataclass(frozen=True, slots=True)
class Known:
    """A file the index knows. `device` is the number its disk has today."""

    row: int
    id: str
    path: bytes
    size: int
    mtime_ns: int
    inode: int
    device: int
    folder: bytes


def renamed(known: Iterable[Known], entries: Iterable[Entry]) -> list[tuple[Known, Entry]]:
    """Pairs with the same inode, device, size and modification time."""
    return _unique_pairs(
        known,
        lambda one: (one.device, one.inode, one.size, one.mtime_ns) if one.inode else None,
        entries,
        lambda one: (one.device, one.inode, one.size, one.mtime_ns) if one.inode else None,
    )


def suspects(gone: Iterable[Known], fresh: Iterable[Entry]) -> list[Entry]:
    """The new files that have the size of one that is gone, so that their tags could prove a move."""
    sizes = {one.size for one in gone}
    return [entry for entry in fresh if entry.size in sizes]


def copied(
    gone: Sequence[Known],
    tags_of: Callable[[Known], bytes | None],
    fresh: Sequence[Entry],
    readings: Mapping[bytes, bytes],
) -> list[tuple[Known, Entry]]:
    """Pairs with the same size and the same tags. `readings` are the encoded tags of the new files, by path."""

    def of_known(one: Known) -> Hashable | None:
        tags = tags_of(one)
        return None if tags is None else _likeness(one.path, one.size, tags)

    def of_entry(one: Entry) -> Hashable | None:
        tags = readings.get(one.path)
        return None if tags is None else _likeness(one.path, one.size, tags)

    sizes = {entry.size for entry in fresh}
    return _unique_pairs((one for one in gone if one.size in sizes), of_known, fresh, of_entry)


def _likeness(path: bytes, size: int, tags: bytes) -> Hashable:
    decoded = _decode(tags)
    telling = decoded.title is not None and bool(decoded.artists or decoded.album)
    return size, tags, None if telling else path.rpartition(b"/")[2]


def _unique_pairs(
    left: Iterable[_A],
    left_key: Callable[[_A], Hashable | None],
    right: Iterable[_B],
    right_key: Callable[[_B], Hashable | None],
) -> list[tuple[_A, _B]]:
    lefts = _unique(left, left_key)
    if not lefts:
        # As in a first scan, where there is much on the other side.
        return []
    rights = _unique(right, right_key)
    pairs = []
    for key, one in lefts.items():
        other = rights.get(key)
        if one is not None and other is not None:
            pairs.append((one, other))
    return pairs


def _unique(items: Iterable[_A], key_of: Callable[[_A], Hashable | None]) -> dict[Hashable, _A | None]:
    """The item of each key, None where several share it."""
    found: dict[Hashable, _A | None] = {}
    for item in items:
        key = key_of(item)
        if key is not None:
            found[key] = None if key in found else item
    return found
