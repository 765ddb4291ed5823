"""Finding out what a file is by its content, and opening it with the mutagen class for that.

The first bytes decide, the file's name is asked only where they say nothing. Tags that belong to no container (APEv2 on
MP3 and AAC, ID3 on AAC, the INFO list of a WAV file) are opened too.
"""

from __future__ import annotations

from io import SEEK_END, BufferedReader, BytesIO
from typing import NamedTuple

import mutagen
from mutagen import MutagenError, apev2
from mutagen.aac import AAC
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3, ID3NoHeaderError
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3, MPEGInfo
from mutagen.mp4 import MP4
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

HEAD_SIZE = 64
"""How many of a file's first bytes `kind_of` wants to see."""

Kind = type[mutagen.FileType]

_MAGIC: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"fLaC", FLAC),
    (4, b"ftyp", MP4),
    (28, b"\x01vorbis", OggVorbis),
    (28, b"OpusHead", OggOpus),
    (28, b"\x7fFLAC", OggFLAC),
    (28, b"Speex   ", OggSpeex),
    (8, b"WAVE", WAVE),
    (8, b"AIFF", AIFF),
    (8, b"AIFC", AIFF),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", ASF),
    (0, b"MAC ", MonkeysAudio),
    (0, b"wvpk", WavPack),
    (0, b"MPCK", Musepack),
    (0, b"MP+", Musepack),
)
BEHIND_ID3 = frozenset({FLAC, AAC, Musepack})
"""What may stand behind an ID3 tag, apart from MPEG audio."""


class NoAudioError(Exception):
    """Nothing in the file is audio."""


class Opened(NamedTuple):
    """An audio file: what it is, mutagen's account of its stream, and its tags, the one that counts most first."""

    kind: Kind
    info: mutagen.StreamInfo
    tags: tuple[mutagen.Tags, ...]
    pictures: tuple[Picture, ...] = ()


def kind_of(head: bytes) -> Kind | None:
    """The mutagen class for a file that starts with `head`, None when that start is no known one."""
    # A tag first, because what it says may look like anything.
    found: Kind | None = MP3 if head.startswith(b"ID3") else _by_magic(head)
    if found is None and len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # The layer bits are zero in an ADTS header and never so in MPEG audio.
        found = AAC if head[1] & 0xF6 == 0xF0 else MP3
    return found


def _by_magic(head: bytes) -> Kind | None:
    return next((kind for offset, magic, kind in _MAGIC if head.startswith(magic, offset)), None)


def open_audio(file: BufferedReader, head: bytes) -> Opened:
    """Open the file that starts with `head`. Raises `NoAudioError`, or whatever mutagen raises for a damaged file."""
    kind = kind_of(head)
    if kind is MP3 and head.startswith(b"ID3"):
        kind = _kind_behind_id3(file, head)
    file.seek(0)
    if kind is MP3:
        return _open_mpeg(file)
    if kind is AAC:
        return _open_aac(file)
    if kind is None:
        audio = _open_by_name(file)
        kind = type(audio)
    else:
        audio = kind(file)
    tags = () if audio.tags is None else (audio.tags,)
    return Opened(kind, audio.info, tags, tuple(audio.pictures) if isinstance(audio, FLAC) else ())


def _open_by_name(file: BufferedReader) -> mutagen.FileType:
    """The guess of mutagen itself, for formats without a signature and for audio behind garbage."""
    try:
        audio = mutagen.File(file)
    except MutagenError as error:
        raise NoAudioError(f"No audio was found: {error}") from error
    if audio is None:
        raise NoAudioError("No audio was found.")
    if isinstance(audio, MP3) and audio.info.sketchy and not audio.tags:
        raise NoAudioError("No audio was found: bytes that look like a sound frame, but no sequence of them.")
    return audio


def _kind_behind_id3(file: BufferedReader, head: bytes) -> Kind:
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    file.seek(10 + size)
    kind = kind_of(file.read(HEAD_SIZE))
    return MP3 if kind is None or kind not in BEHIND_ID3 else kind


def _open_mpeg(file: BufferedReader) -> Opened:
    ape = _ape(file)
    try:
        # What an ID3v1 block holds is cut at 30 characters: an APEv2 tag knows it better.
        id3 = ID3(file, load_v1=ape is None)
        offset = id3.size
    except ID3NoHeaderError:
        id3, offset = None, 0
    except (MutagenError, EOFError):
        # A tag that states a wrong size hides no sound: it starts somewhere behind the header.
        id3, offset = None, 10
    info = MPEGInfo(file, offset)
    tags = tuple(tag for tag in (id3, ape) if tag is not None)
    if info.sketchy and not tags:
        raise NoAudioError("No audio was found: bytes that look like a sound frame, but no sequence of them.")
    return Opened(MP3, info, tags)


def _ape(file: BufferedReader) -> APEv2 | None:
    file.seek(0, SEEK_END)
    file.seek(-min(file.tell(), 160), SEEK_END)
    found = b"APETAGEX" in file.read(160)
    file.seek(0)
    if not found:
        return None
    try:
        ape = APEv2(file)
    except MutagenError:
        # A broken tag at the end takes nothing from what the file says at its start.
        ape = None
    file.seek(0)
    return ape


def _id3(file: BufferedReader) -> ID3 | None:
    file.seek(0)
    try:
        return ID3(file)
    except MutagenError:
        return None


def _open_aac(file: BufferedReader) -> Opened:
    id3, ape = _id3(file), _ape(file)
    file.seek(0)
    stream: BufferedReader | BytesIO = file
    if ape is not None:
        # The length is worked out from the size of the file, so a tag with a picture would count as seconds of sound.
        stream = BytesIO(file.read())
        # Not the method of the tag, which would empty the one that was just read.
        apev2.delete(stream)
        stream.seek(0)
    return Opened(AAC, AAC(stream).info, tuple(tag for tag in (id3, ape) if tag is not None))
