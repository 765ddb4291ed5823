"""Ogg files with one stream of Vorbis or Opus."""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from soulsync_local.tags.fields import file_tags
from soulsync_local.tags.plain.comments import Comments
from soulsync_local.tags.plain.window import PeculiarError, Window
from soulsync_local.tags.values import FileTags

_header = Struct("<4sBBqII4xB").unpack
_vorbis = Struct("<11xBI3i").unpack_from
_opus = Struct("<8xBBH").unpack_from
_HEADER_SIZE: Final = 27
_IDENT_SIZE: Final = 28
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_TAIL: Final = 8192
_OPUS_RATE: Final = 48000


class _Page(NamedTuple):
    """A page: `first` is the first packet, or as much of it as the page has; `end` is where the next page starts."""

    flags: int
    position: int
    serial: int
    sequence: int
    first: bytes
    is_complete: bool
    end: int


class _Headers(NamedTuple):
    """What stands before the sound, and where that begins."""

    serial: int
    ident: bytes
    comments: bytes
    end: int


def read_vorbis(window: Window) -> FileTags:
    """The tags of an Ogg Vorbis file."""
    headers = _headers(window, b"\x03vorbis")
    if len(headers.ident) < _IDENT_SIZE:
        raise PeculiarError
    _, sample_rate, highest, nominal, lowest = _vorbis(headers.ident)
    comments = Comments(headers.comments, 7)
    # The bit behind the comments says that they are whole.
    if not sample_rate or not headers.comments[comments.end] & 1:
        raise PeculiarError
    return file_tags(
        comments.texts,
        v23=False,
        seconds=_samples(window, headers) / sample_rate,
        bits_per_second=_bits_per_second(max(0, highest), max(0, nominal), max(0, lowest)),
        size=window.size,
        sample_rate=sample_rate,
        codec="vorbis",
        has_cover=comments.has_picture,
    )


def read_opus(window: Window) -> FileTags:
    """The tags of an Ogg Opus file. Opus has no rate of its own: it always decodes to 48 kHz."""
    headers = _headers(window, b"OpusTags")
    version, _, skipped = _opus(headers.ident)
    samples = _samples(window, headers) - skipped
    if version >> 4 or samples <= 0 or len(headers.ident) < 19:
        raise PeculiarError
    seconds = samples / _OPUS_RATE
    comments = Comments(headers.comments, 8)
    return file_tags(
        comments.texts,
        v23=False,
        seconds=seconds,
        bits_per_second=round((window.size - headers.end) * 8 / seconds),
        size=window.size,
        sample_rate=_OPUS_RATE,
        codec="opus",
        has_cover=comments.has_picture,
    )


def _bits_per_second(highest: int, nominal: int, lowest: int) -> int:
    """The rate that is stated, as far as what is stated can be true."""
    if not nominal:
        return (highest + lowest) // 2
    return highest if highest and highest < nominal else max(nominal, lowest)


def _headers(window: Window, magic: bytes) -> _Headers:
    page = _page(window, 0)
    if not page.flags & _FIRST or not page.is_complete:
        raise PeculiarError
    ident, serial, sequence = page.first, page.serial, page.sequence
    parts: list[bytes] = []
    is_complete = False
    while not is_complete:
        page = _page(window, page.end)
        sequence += 1
        is_continued = bool(page.flags & _CONTINUED)
        if page.serial != serial or is_continued != bool(parts) or (parts and page.sequence != sequence):
            raise PeculiarError
        sequence = page.sequence
        parts.append(page.first)
        is_complete = page.is_complete
    comments = b"".join(parts)
    if not comments.startswith(magic):
        raise PeculiarError
    return _Headers(serial, ident, comments, page.end)


def _samples(window: Window, headers: _Headers) -> int:
    """How many samples the stream has, by its last page."""
    tail = window.tail(_TAIL)
    page = _page(window, window.size - len(tail) + tail.rindex(b"OggS"))
    if page.serial != headers.serial or not page.flags & _LAST or page.position <= 0:
        raise PeculiarError
    return page.position


def _page(window: Window, start: int) -> _Page:
    magic, version, flags, position, serial, sequence, count = _header(window.take(start, _HEADER_SIZE))
    start += _HEADER_SIZE
    segments = window.take(start, count)
    start += count
    end = start + sum(segments)
    if magic != b"OggS" or version or not count or end > window.size:
        raise PeculiarError
    # A packet ends with the first segment that is not full.
    length, is_complete = 0, False
    for segment in segments:
        length += segment
        if segment < 0xFF:
            is_complete = True
            break
    return _Page(flags, position, serial, sequence, window.take(start, length), is_complete, end)
