"""Vorbis comments, as FLAC, Ogg Vorbis and Opus files have them."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct

from soulsync_local.tags.fields import FIELDS
from soulsync_local.tags.plain.window import PeculiarError

_number = Struct("<I").unpack_from
_PICTURES = frozenset({"metadata_block_picture", "coverart"})


class Comments:
    """The texts in a block of comments, whether a picture is among them, and where in the block they end."""

    def __init__(self, block: bytes, start: int = 0) -> None:
        self.texts: dict[str, list[str]] = {}
        self.has_picture = False
        (length,) = _number(block, start)
        position = start + 4 + length
        (count,) = _number(block, position)
        position += 4
        texts = self.texts
        for _ in range(count):
            (length,) = _number(block, position)
            position += 4
            comment = block[position : position + length]
            name, equals, value = comment.partition(b"=")
            if len(comment) != length or not equals:
                raise PeculiarError
            position += length
            field = _field(name)
            if field in texts:
                texts[field].append(value.decode())
            elif field in _PICTURES:
                self.has_picture = True
            elif field is not None:
                texts[field] = [value.decode()]
        self.end = position


# The names are a few dozen in the whole world.
@lru_cache(maxsize=1024)
def _field(name: bytes) -> str | None:
    """The field with this name, None for one that nobody asks for."""
    if not name or min(name) < 0x20 or max(name) > 0x7D:
        raise PeculiarError
    field = name.decode().lower()
    return field if field in FIELDS or field in _PICTURES else None
