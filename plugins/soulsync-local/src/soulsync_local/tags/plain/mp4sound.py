"""The sound of an MP4 file: AAC of low complexity, or Apple Lossless."""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from soulsync_local.tags.plain.window import PeculiarError

_entry = Struct(">I4s28xI4s").unpack_from
_alac = Struct(">4xB11xII").unpack_from
_TABLE_HEADER: Final = 8
"""Version, flags and the number of entries."""
_ENTRY_HEADER: Final = 36
_EXTRA_HEADER: Final = 8
_VERSION: Final = 4
_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000)
_ES, _CONFIG, _SPECIFIC = 3, 4, 5
_OPTIONAL: Final = 0xE0
_MPEG_4_AUDIO: Final = (0x40, 5)
_LOW_COMPLEXITY: Final = 2
_EXTENSION: Final = 0x2B7


class Sound(NamedTuple):
    """What is said of the sound; `bits_per_second` may be 0."""

    codec: str
    bits_per_second: int
    sample_rate: int


def read_sound(table: bytes) -> Sound:
    """The sound by the first entry of a table of sample descriptions."""
    length, codec, size, kind = _entry(table, _TABLE_HEADER)
    start = _TABLE_HEADER + _ENTRY_HEADER
    end = start + size
    entry_end = _TABLE_HEADER + length
    if table[0] or not any(table[4:_TABLE_HEADER]) or end > entry_end or entry_end > len(table):
        raise PeculiarError
    content = table[start + _EXTRA_HEADER : end]
    if content[:1] == b"\0":
        if codec == b"alac" == kind:
            return _read_alac(content)
        if codec == b"mp4a" and kind == b"esds":
            return _read_aac(content)
    raise PeculiarError


def _read_alac(content: bytes) -> Sound:
    version, bits_per_second, sample_rate = _alac(content, _VERSION)
    if version:
        raise PeculiarError
    return Sound("alac", bits_per_second, sample_rate)


def _read_aac(content: bytes) -> Sound:
    tag, _, position = _descriptor(content, _VERSION)
    # An id of two bytes comes first, and then flags for what is optional.
    if tag != _ES or content[position + 2] & _OPTIONAL:
        raise PeculiarError
    tag, config_length, position = _descriptor(content, position + 3)
    if tag != _CONFIG or (content[position], content[position + 1] >> 2) != _MPEG_4_AUDIO:
        raise PeculiarError
    bits_per_second = int.from_bytes(content[position + 9 : position + 13], "big")
    tag, length, start = _descriptor(content, position + 13)
    if tag != _SPECIFIC or start + length > min(position + config_length, len(content)):
        raise PeculiarError
    return Sound("aac", bits_per_second, _rate_of(content[start : start + length]))


def _rate_of(config: bytes) -> int:
    """The rate by the decoder's configuration, if nothing in it changes what comes out."""
    bits = int.from_bytes(config[:2], "big")
    kind, index, channels, others = bits >> 11, bits >> 7 & 15, bits >> 3 & 15, bits & 3
    if kind != _LOW_COMPLEXITY or index >= len(_RATES) or not channels or others:
        raise PeculiarError
    if len(config) == 5:
        # Many encoders say explicitly that they do not replicate bands.
        extension = int.from_bytes(config[2:], "big")
        if extension >> 13 != _EXTENSION or extension >> 7 & 1:
            raise PeculiarError
    elif len(config) != 2:
        raise PeculiarError
    return _RATES[index]


def _descriptor(content: bytes, position: int) -> tuple[int, int, int]:
    """The tag of a descriptor, its length, and where its content starts."""
    tag, length = content[position], 0
    for place in range(position + 1, position + 5):
        length = length << 7 | content[place] & 0x7F
        if content[place] < 0x80:
            return tag, length, place + 1
    raise PeculiarError
