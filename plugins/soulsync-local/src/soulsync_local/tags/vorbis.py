"""mutagen's FLAC and Ogg classes, reading in two thirds of the time.

What reading Vorbis comments costs mutagen is to a good part the check of every letter of every name, though the names
are a few dozen in the whole world, and the header of a FLAC file is summed up byte by byte. The classes here run
mutagen's own functions with quicker ones below them that give the same answers. They also pass over the blocks of a
FLAC file that nobody here asks for. What mutagen refuses, they refuse.
"""

from __future__ import annotations

from functools import lru_cache, partial
from types import FunctionType

from mutagen import FileType
from mutagen.flac import FLAC, Padding, SeekTable, StreamInfo, VCFLACDict
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
