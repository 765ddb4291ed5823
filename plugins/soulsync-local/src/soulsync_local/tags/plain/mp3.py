"""MP3 files with an ID3v2 tag before the sound."""

from __future__ import annotations

from typing import Final

from soulsync_local.tags.fields import file_tags
from soulsync_local.tags.plain.id3 import Id3
from soulsync_local.tags.plain.mpeg import read_stream
from soulsync_local.tags.plain.window import PeculiarError, Window
from soulsync_local.tags.values import FileTags

_TAIL: Final = 160
_V1_SIZE: Final = 131
"""An ID3v1 block has 128 bytes. Some programs wrote it shorter, and some may have put a few bytes behind it."""


def read_mp3(window: Window) -> FileTags:
    """The tags of an MP3 with a plain ID3v2 tag at its start, and none at its end that would say more."""
    tag = Id3(window)
    stream = read_stream(window, tag.end)
    tail = window.tail(_TAIL)
    if b"APETAGEX" in tail or (b"TAG" in tail[-_V1_SIZE:] and not tag.says_all_of_v1()):
        raise PeculiarError
    return file_tags(
        tag.texts,
        v23=tag.version == 3,
        seconds=stream.seconds,
        bits_per_second=stream.bits_per_second,
        size=window.size,
        sample_rate=stream.sample_rate,
        codec=f"mp{stream.layer}",
        has_cover=tag.has_picture,
    )
