"""The bytes of a file by their position."""

from __future__ import annotations

from io import FileIO
from typing import Final

FIRST: Final = 16384
"""How many bytes are read of a file at first: the tags of most files are among them."""


class PeculiarError(Exception):
    """Something that a plain file has not. Never leaves the package: mutagen looks at the file instead."""


class Window:
    """A file whose first bytes are known, and of which one more piece is kept.

    What lies between is not read, so a picture costs nothing.
    """

    def __init__(self, file: FileIO, head: bytes, size: int) -> None:
        self.file = file
        self.head = head
        self.size = size
        self._base = 0
        self._data = head

    def take(self, start: int, count: int) -> bytes:
        """So many bytes from a position on. Raises `PeculiarError` when the file ends before."""
        offset = start - self._base
        if offset >= 0 and offset + count <= len(self._data):
            return self._data[offset : offset + count]
        return self._load(start, count)

    def tail(self, count: int) -> bytes:
        """The last bytes of the file, so many or all there are."""
        count = min(count, self.size)
        return self.take(self.size - count, count)

    def _load(self, start: int, count: int) -> bytes:
        if start + count > self.size:
            raise PeculiarError
        self.file.seek(start)
        data = self.file.read(max(count, FIRST))
        if len(data) < count:
            raise PeculiarError
        self._base, self._data = start, data
        return data[:count]
