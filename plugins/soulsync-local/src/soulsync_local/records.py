"""Rows of files, and what the index stores as encoded values beside its plain columns."""

from __future__ import annotations

from typing import Final

import msgspec

from soulsync_local.grouping import GroupFile
from soulsync_local.tags.values import FileTags


class FileRow(GroupFile, gc=False):
    """A file as the index has it. One with a problem is no item: it has neither tags, nor album, nor owners.

    `updated` is when it was written last; `owners` are encoded.
    """

    id: str
    library: str
    folder: bytes
    size: int
    problem: str | None
    album: str | None = None
    owners: bytes | None = None


class PartRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The part of an album that one folder holds. `artists` are (id, name); `updated` is in nanoseconds."""

    title: str
    artists: tuple[tuple[str, str], ...]
    year: int | None
    genres: tuple[str, ...]
    compilation: bool
    discs: tuple[int, ...]
    duration_ms: int | None
    release_id: str | None
    release_group_id: str | None
    album_artist_ids: tuple[str, ...]
    updated: int


Owners = tuple[tuple[str, str], ...]
"""The album artists of a track: (id, name)."""

encode: Final = msgspec.msgpack.Encoder().encode
decode_tags: Final = msgspec.msgpack.Decoder(FileTags).decode
decode_part: Final = msgspec.msgpack.Decoder(PartRecord).decode
decode_owners: Final = msgspec.msgpack.Decoder(Owners).decode

NO_TAGS: Final = FileTags()
FILE_COLUMNS: Final = "path, tags, added, mtime_ns, id, library, folder, size, problem, album, owners"


def file_row(
    values: tuple[bytes, bytes | None, int, int, str, str, bytes, int, str | None, str | None, bytes | None],
) -> FileRow:
    """The row with these columns."""
    path, tags, added, updated, id, library, folder, size, problem, album, owners = values
    decoded = NO_TAGS if tags is None else decode_tags(tags)
    return FileRow(path, decoded, added, updated, id, library, folder, size, problem, album, owners)
