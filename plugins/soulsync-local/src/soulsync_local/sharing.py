"""One look at the files that serves a whole sweep: the tracks first, then at once the albums and the artists.

Looking again for each of the three would cost as much as everything else on a library that has not changed, and the
albums of a sweep should be those of its tracks.
"""

from __future__ import annotations

import os
import time
from typing import Final

from soulsync_engine.models import Kind
from soulsync_local.ingest import Ingest
from soulsync_local.snapshot import Snapshot

_SECONDS: Final = 2.0


class FreshLook:
    """A look at the files that may be as good as another one for two seconds."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._until = time.monotonic() + _SECONDS
        self._folders = _folders(snapshot)

    def holds(self, libraries: set[str]) -> bool:
        """Whether it is one at these libraries, of just now, and no folder has changed since.

        Then no file came, went, was renamed or was replaced, and no disk was unmounted. Only a file written in place
        goes unnoticed, until the next look.
        """
        return (
            self.snapshot.digests.keys() == libraries
            and time.monotonic() < self._until
            and _folders(self.snapshot) == self._folders
        )


class SharedLook:
    """What has listed all tracks just now."""

    def __init__(self, ingest: Ingest) -> None:
        self.ingest = ingest
        self._look = FreshLook(ingest.snapshot)
        self._kinds = {Kind.ALBUM, Kind.ARTIST}

    def serves(self, kind: Kind, libraries: set[str]) -> bool:
        """Whether a listing of that kind can do without a look of its own: as long as this one holds, once each."""
        if kind not in self._kinds or self.ingest.failed:
            return False
        self._kinds.discard(kind)
        return self._look.holds(libraries)


def _folders(snapshot: Snapshot) -> list[tuple[int, ...] | None]:
    """What tells whether a folder's list of names changed, for every folder of the tree."""
    states: list[tuple[int, ...] | None] = []
    for found in snapshot.walks:
        for folder in found.folders:
            try:
                info = os.stat(found.root.absolute(folder))
            except OSError:
                states.append(None)
            else:
                states.append((info.st_dev, info.st_ino, info.st_mode, info.st_mtime_ns, info.st_ctime_ns))
    return states
