"""Plain files of the five usual formats, read without a detour.

mutagen reads every kind of file, and most of its time goes into kinds that hardly anybody has. The readers here know
one layout of each format, the one that nearly all files have, and take from it only what `fields` asks for. Whatever
is not as they know it, they leave to mutagen: a reader says so as soon as it sees it, and never guesses. What they
do read they read as mutagen does; the tests compare the two. (The length of an MP3 whose encoder noted none is
found by looking around in the sound, which mutagen does for them.)
"""

from __future__ import annotations

import struct

from soulsync_local.tags.plain.flac import read_flac
from soulsync_local.tags.plain.mp3 import read_mp3
from soulsync_local.tags.plain.mp4 import read_mp4
from soulsync_local.tags.plain.ogg import read_opus, read_vorbis
from soulsync_local.tags.plain.window import FIRST, PeculiarError, Window
from soulsync_local.tags.values import FileTags

__all__ = ["FIRST", "Window", "read_plain"]

_MAGIC = (
    (0, b"ID3", read_mp3),
    (0, b"fLaC", read_flac),
    (4, b"ftyp", read_mp4),
    (28, b"OpusHead", read_opus),
    (28, b"\x01vorbis", read_vorbis),
)


def read_plain(window: Window) -> FileTags | None:
    """The tags of a plain file; None for any other, which is for mutagen to read. Raises `OSError`."""
    head = window.head
    for offset, magic, read in _MAGIC:
        if head.startswith(magic, offset):
            try:
                return read(window)
            except (PeculiarError, struct.error, IndexError, ValueError, ArithmeticError):
                # Numbers that lead out of the data, and texts that are none, are as peculiar as anything else.
                return None
    return None
