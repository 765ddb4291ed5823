"""Pictures and sound, handed out so that no secret can end up in a page, a log or a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """A range of bytes: `start` counts from 0, `end` is the last byte wanted, None for the end of the file."""

    start: int
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRequest:
    """An HTTP GET the host makes itself. Credentials are in `headers` only, and headers are not in the repr."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    mime_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A part of a local file: `length` bytes from `start`, of a file of `size` bytes."""

    path: Path
    mime_type: str
    size: int
    start: int
    length: int

    def read(self) -> bytes:
        """The bytes of that part. Raises `OSError` when the file went away."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaBytes:
    """A picture that is already here."""

    data: bytes = field(repr=False)
    mime_type: str


Media = MediaRequest | MediaFile | MediaBytes
