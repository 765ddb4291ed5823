"""What an ingest stores for the files of a page while that page is being made, so that it need not be read back.

The index is the truth: whoever takes these rows asks first whether anybody else has written to it meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from soulsync_local.records import FileRow
from soulsync_local.roots import Root
from soulsync_local.walk import Entry

_NONE: Final[Mapping[bytes, FileRow]] = {}


class PageRows:
    """The rows of one page by library and path, and of no other file, so that there are never more than it has."""

    def __init__(self, wanted: Iterable[tuple[Root, Sequence[Entry]]]) -> None:
        """`wanted` are the entries of the page in path order, by root."""
        self._bounds = {root.library: (entries[0].path, entries[-1].path) for root, entries in wanted}
        self._rows: dict[str, dict[bytes, FileRow]] = {}

    def add(self, library: str, rows: Iterable[FileRow]) -> None:
        """Keep those of these rows that the page is made of."""
        if library in self._bounds:
            first, last = self._bounds[library]
            kept = self._rows.setdefault(library, {})
            for row in rows:
                if first <= row.path <= last:
                    kept[row.path] = row

    def of(self, library: str) -> Mapping[bytes, FileRow]:
        """The rows that were kept of one library, by path."""
        return self._rows.get(library, _NONE)

    def clear(self) -> None:
        """Keep nothing of what was kept."""
        self._rows.clear()
