"""FLAC files: a few blocks before the sound."""

from __future__ import annotations

from struct import Struct

from soulsync_local.tags.fields import file_tags
from soulsync_local.tags.plain.comments import Comments
from soulsync_local.tags.plain.window import PeculiarError, Window
from soulsync_local.tags.values import FileTags

_header = Struct(">I").unpack
_stream = Struct(">10xQ16x").unpack
_picture_lengths = Struct(">4xI").unpack
_number = Struct(">I").unpack

_STREAM, _SEEK_TABLE, _COMMENTS, _CUE_SHEET, _PICTURE = 0, 3, 4, 5, 6
_LONE = frozenset({_STREAM, _SEEK_TABLE, _COMMENTS})


def read_flac(window: Window) -> FileTags:
    """The tags of a FLAC file with one block of each kind, none of which lies about its length."""
    comments: Comments | None = None
    stream = b""
    seen: set[int] = set()
    has_picture = False
    position, is_last = 4, False
    while not is_last:
        (header,) = _header(window.take(position, 4))
        is_last, kind, length = header >= 1 << 31, header >> 24 & 0x7F, header & 0xFFFFFF
        start, position = position + 4, position + 4 + length
        if position > window.size or kind == _CUE_SHEET or (kind in _LONE and kind in seen):
            raise PeculiarError
        seen.add(kind)
        if kind == _STREAM:
            stream = window.take(start, length)
        elif kind == _COMMENTS:
            comments = Comments(window.take(start, length))
            if comments.end != length:
                raise PeculiarError
        elif kind == _PICTURE:
            _check_picture(window, start, length)
            has_picture = True
    (packed,) = _stream(stream)
    sample_rate, samples = packed >> 44, packed & 0xFFFFFFFFF
    if not sample_rate or not samples:
        raise PeculiarError
    seconds = samples / sample_rate
    return file_tags(
        {} if comments is None else comments.texts,
        v23=False,
        seconds=seconds,
        bits_per_second=int((window.size - position) * 8 / seconds),
        size=window.size,
        sample_rate=sample_rate,
        codec="flac",
        has_cover=has_picture or (comments is not None and comments.has_picture),
    )


def _check_picture(window: Window, start: int, length: int) -> None:
    """The lengths of media type, description and data have to fill the block."""
    (media_type,) = _picture_lengths(window.take(start, 8))
    position = start + 8 + media_type
    (description,) = _number(window.take(position, 4))
    position += 4 + description + 16
    (data,) = _number(window.take(position, 4))
    if position + 4 + data != start + length:
        raise PeculiarError
