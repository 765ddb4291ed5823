"""The sound of an MP3: its first frame, and what the encoder noted there about the whole."""

from __future__ import annotations

import re
from io import BufferedReader
from struct import Struct
from typing import Final, NamedTuple

from mutagen import MutagenError
from mutagen.mp3 import MPEGInfo

from soulsync_local.tags.opening import BEHIND_ID3, HEAD_SIZE, kind_of
from soulsync_local.tags.plain.window import PeculiarError, Window

_word = Struct(">I").unpack
_xing = Struct(">4sI").unpack
_SYNC: Final = 0x7FF
_V1, _V2 = 3, 2
_LAYER_3: Final = 1
_MONO: Final = 3
_RATES: Final = {_V1: (44100, 48000, 32000), _V2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_BITRATES: Final = (
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
)
_HAS_FRAMES, _HAS_BYTES, _HAS_TABLE, _HAS_SCALE = 1, 2, 4, 8
_TABLE_SIZE: Final = 100
_VERSION_SIZE: Final = 20
_ENCODER = re.compile(rb"(?:LAME3\.(?:9[1-9]|1[0-9]{2})|L3\.99)(?![0-9])")
_ENCODER_START: Final = (b"LAME", b"L3.99")
_NAME_SIZE: Final = 9
"""What stands of the encoder's name before its header."""
_ENCODER_HEADER_SIZE: Final = 27


class Stream(NamedTuple):
    """The sound of a file, in seconds, bits per second and Hz."""

    seconds: float
    bits_per_second: float
    sample_rate: int
    layer: int


def read_stream(window: Window, start: int) -> Stream:
    """The stream whose first frame is expected at `start`."""
    found = _noted_stream(window, start)
    if found is not None:
        return found
    if kind_of(window.take(start, min(HEAD_SIZE, window.size - start))) in BEHIND_ID3:
        raise PeculiarError
    # Nothing is noted: mutagen looks for the first frame, and takes the rest to be like it.
    file = BufferedReader(window.file)
    try:
        info = MPEGInfo(file, start)
    except MutagenError as error:
        raise PeculiarError from error
    finally:
        file.detach()
    if info.sketchy or info.length <= 0:
        raise PeculiarError
    return Stream(info.length, info.bitrate, info.sample_rate, info.layer)


def _noted_stream(window: Window, start: int) -> Stream | None:
    """The stream by the Xing header in its first frame; None where it has none or says too little."""
    (header,) = _word(window.take(start, 4))
    version, layer, bitrate, rate = header >> 19 & 3, header >> 17 & 3, header >> 12 & 15, header >> 10 & 3
    if header >> 21 != _SYNC or version not in _RATES or layer != _LAYER_3 or bitrate in (0, 15) or rate == 3:
        return None
    is_v1, is_mono = version == _V1, header >> 6 & 3 == _MONO
    sample_rate, bits_per_second = _RATES[version][rate], _BITRATES[is_v1][bitrate] * 1000
    frame_samples = 1152 if is_v1 else 576
    frame_size = frame_samples // 8 * bits_per_second // sample_rate + (header >> 9 & 1)
    position = start + (36 if is_v1 and not is_mono else 13 if is_mono and not is_v1 else 21)
    magic, flags = _xing(window.take(position, 8))
    if magic not in (b"Xing", b"Info") or not flags & _HAS_FRAMES:
        return None
    (frames,) = _word(window.take(position + 8, 4))
    position += 12
    samples = frame_samples * frames
    if flags & _HAS_BYTES:
        (size,) = _word(window.take(position, 4))
        position += 4
        if samples:
            # The frame with the header counts here, and does not in the number of frames.
            bits_per_second = round(max(0, size - frame_size) * 8 * sample_rate / samples)
    position += (_TABLE_SIZE if flags & _HAS_TABLE else 0) + (4 if flags & _HAS_SCALE else 0)
    samples -= _silence(window, position)
    if samples <= 0:
        return None
    return Stream(samples / sample_rate, bits_per_second, sample_rate, 3)


def _silence(window: Window, position: int) -> int:
    """How many samples LAME says it put before and behind the sound."""
    name = window.take(position, _VERSION_SIZE)
    if not name.startswith(_ENCODER_START):
        return 0
    if not _ENCODER.match(name):
        raise PeculiarError
    header = window.take(position + _NAME_SIZE, _ENCODER_HEADER_SIZE)
    if header[0] >> 4:
        # Another revision of the header: nobody knows what it says.
        return 0
    # Two numbers in three bytes.
    delays = int.from_bytes(header[12:15], "big")
    return (delays >> 12) + (delays & 0xFFF)
