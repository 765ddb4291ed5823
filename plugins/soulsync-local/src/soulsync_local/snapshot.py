"""The state of all roots of a scope at one moment, and the digest that tells two states apart."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import msgspec

from soulsync_engine.plugin import UnavailableError
from soulsync_local.grouping import GROUPING_VERSION
from soulsync_local.roots import Root
from soulsync_local.tags.values import READER_VERSION
from soulsync_local.walk import Entry, RootWalk, VanishedError, Watch, path_of, walk

RULES = READER_VERSION * 1000 + GROUPING_VERSION
"""The version of everything that turns a file into an item."""

# Small, so that what is made for a chunk is gone again before the garbage collector looks at it.
_CHUNK = 500


@dataclass(frozen=True)
class Snapshot:
    """The walks over the roots of a scope, ordered by library id."""

    walks: tuple[RootWalk, ...]

    @cached_property
    def digests(self) -> dict[str, str]:
        """For each library a text that is equal for equal trees, in every run and process."""
        return {found.root.library: _digest(found) for found in self.walks}

    @cached_property
    def files(self) -> int:
        """How many audio files there are."""
        return sum(len(found.entries) for found in self.walks)

    def after(self, place: tuple[str, bytes] | None, limit: int) -> list[tuple[Root, Sequence[Entry]]]:
        """Up to `limit` entries behind a place (library id, path), by root; None is the start."""
        taken: list[tuple[Root, Sequence[Entry]]] = []
        for found in self.walks:
            start = 0
            if place is not None:
                library, path = place
                if found.root.library < library:
                    continue
                if found.root.library == library:
                    start = bisect_right(found.entries, path, key=path_of)
            entries = found.entries[start : start + limit]
            if entries:
                taken.append((found.root, entries))
                limit -= len(entries)
            if limit == 0:
                break
        return taken

    @property
    def last(self) -> tuple[str, bytes] | None:
        """The place of the last entry, None when there are none."""
        for found in reversed(self.walks):
            if found.entries:
                return found.root.library, found.entries[-1].path
        return None


def take(
    scope: Sequence[Root], roots: tuple[Root, ...], *, follow_symlinks: bool, watch: Watch | None = None
) -> Snapshot:
    """Walk the roots of a scope. Raises `UnavailableError` when one of them, or a folder going away, cannot be read.

    `watch` is told of the files of one root after the other.
    """
    try:
        walks = tuple(
            walk(root, roots, follow_symlinks=follow_symlinks, watch=watch)
            for root in sorted(scope, key=lambda root: root.library)
        )
    except VanishedError as error:
        raise UnavailableError(
            f"The folder {os.fsdecode(error.path)!r} vanished while the files were being looked at.",
            next_step="Try again when nothing is being moved; if it is on a disk of its own, mount it.",
        ) from error
    return Snapshot(walks)


def _digest(found: RootWalk) -> str:
    digest = blake2b(b"%d;" % RULES, digest_size=16)
    pack = msgspec.msgpack.Encoder().encode
    for start in range(0, len(found.entries), _CHUNK):
        # Not the device: its number changes when a disk is mounted again, and the files do not.
        digest.update(
            pack(
                [
                    (entry.path, entry.size, entry.mtime_ns, entry.inode, entry.mode)
                    for entry in found.entries[start : start + _CHUNK]
                ]
            )
        )
    digest.update(pack([(one.path, one.reason) for one in found.unreadable]))
    return digest.hexdigest()
