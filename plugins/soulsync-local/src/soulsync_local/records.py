"""What the index stores as encoded values, beside its plain columns."""

from __future__ import annotations

from typing import Final

import msgspec

from soulsync_local.tags.values import FileTags


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
