"""mutagen's own readers over quicker functions.

What mutagen spends its time on is to a good part small work done over and over: the check of every letter of every
name of a Vorbis comment, though the names are a few dozen in the whole world; numbers that are put together byte by
byte. The readers here are mutagen's functions, run with quicker ones below them that give the same answers. They also
pass over the blocks of a FLAC file that nobody here asks for. What mutagen refuses, they refuse.
"""

from __future__ import annotations

from functools import lru_cache, partial
from types import FunctionType
from typing import BinaryIO

from mutagen import FileType
from mutagen.flac import FLAC, Padding, SeekTable, StreamInfo, VCFLACDict
from mutagen.mp3 import MPEGFrame, MPEGInfo
from mutagen.oggopus import OggOpus, OggOpusVComment
from mutagen.oggvorbis import OggVCommentDict, OggVorbis


def _over(function: FunctionType, **below: object) -> FunctionType:
    """The same function with globals of its own, so that mutagen stays as it is for everybody else."""
    return FunctionType(
        function.__code__, {**function.__globals__, **below}, function.__name__, function.__defaults__
    )


_is_valid_key = OggVCommentDict.load.__globals__["is_valid_key"]
_parse = _over(OggVCommentDict.load, is_valid_key=lru_cache(maxsize=1024)(_is_valid_key))
_read_header = _over(StreamInfo.load, to_int_be=partial(int.from_bytes, byteorder="big"))


def _parse_unframed(comments: list[tuple[str, str]], data: object, errors: str = "replace") -> None:
    _parse(comments, data, errors, False)


class _Passed:
    """A block of which nothing is kept. mutagen has read the bytes by then, so that a cut file is found out."""

    _distrust_size = False

    def __init__(self, data: bytes) -> None:
        pass


# Made by hand, because for a type checker mutagen's classes are not known to be classes.
_BLOCKS = {
    StreamInfo: type("StreamInfo", (StreamInfo,), {"load": _read_header}),
    Padding: _Passed,
    SeekTable: _Passed,
    VCFLACDict: type("FlacComments", (VCFLACDict,), {"load": _parse_unframed}),
}
_OGG_VORBIS_COMMENTS = type("VorbisComments", (OggVCommentDict,), {"load": _parse})
_OGG_OPUS_COMMENTS = type("OpusComments", (OggOpusVComment,), {"load": _parse})

LIGHTER: dict[type[FileType], type[FileType]] = {
    FLAC: type(
        "FLAC", (FLAC,), {"METADATA_BLOCKS": [_BLOCKS.get(kind, kind) for kind in FLAC.METADATA_BLOCKS]}
    ),
    OggVorbis: type("OggVorbis", (OggVorbis,), {"_Tags": _OGG_VORBIS_COMMENTS}),
    OggOpus: type("OggOpus", (OggOpus,), {"_Tags": _OGG_OPUS_COMMENTS}),
}
"""What to open a file with in the place of mutagen's class."""


class _Bits:
    """Reads numbers of any count of bits. Reads ahead, which disturbs nobody who seeks before reading on."""

    def __init__(self, file: BinaryIO) -> None:
        data = file.read(27)  # As much as any of the headers that are read in bits has.
        self._size = self._left = len(data) * 8
        self._value = int.from_bytes(data, "big")

    def bits(self, count: int) -> int:
        if count > self._left:
            raise _BitReaderError("not enough data")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def bytes(self, count: int) -> bytes:
        return self.bits(count * 8).to_bytes(count, "big")

    def skip(self, count: int) -> None:
        if count > self._left:
            raise _BitReaderError("not enough data")
        self._left -= count

    def get_position(self) -> int:
        return self._size - self._left

    def is_aligned(self) -> bool:
        return self._left % 8 == 0


_BitReaderError = MPEGFrame.__init__.__globals__["BitReaderError"]
_XingHeader = MPEGFrame._parse_vbr_header.__globals__["XingHeader"]
_LAMEHeader = _XingHeader.__init__.__globals__["LAMEHeader"]

_LAME = type("LAMEHeader", (_LAMEHeader,), {"__init__": _over(_LAMEHeader.__init__, BitReader=_Bits)})
_XING = type("XingHeader", (_XingHeader,), {"__init__": _over(_XingHeader.__init__, LAMEHeader=_LAME)})
_FRAME = type(
    "MPEGFrame",
    (MPEGFrame,),
    {
        "__init__": _over(MPEGFrame.__init__, BitReader=_Bits),
        "_parse_vbr_header": _over(MPEGFrame._parse_vbr_header, XingHeader=_XING),
    },
)
LighterMPEGInfo = type(
    "MPEGInfo", (MPEGInfo,), {"__init__": _over(MPEGInfo.__init__.__wrapped__, MPEGFrame=_FRAME)}
)
"""To be used as `MPEGInfo`. An `OSError` stays one."""
