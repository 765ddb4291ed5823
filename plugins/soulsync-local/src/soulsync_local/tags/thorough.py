"""Reading any file with mutagen: the reference that the plain readers have to agree with."""

from __future__ import annotations

from io import BufferedReader

import mutagen
from mutagen.aac import AAC
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF, ASFTags
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Tags
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack
from tinytag import TinyTag, TinyTagException

from soulsync_local.tags import texts
from soulsync_local.tags.fields import file_tags
from soulsync_local.tags.opening import Kind, Opened, open_audio
from soulsync_local.tags.values import FileTags

_CODECS: dict[Kind, str] = {
    AAC: "aac",
    AIFF: "pcm",
    ASF: "wma",
    FLAC: "flac",
    MonkeysAudio: "ape",
    Musepack: "musepack",
    OggFLAC: "flac",
    OggOpus: "opus",
    OggSpeex: "speex",
    OggVorbis: "vorbis",
    WavPack: "wavpack",
}
_MP4_CODECS = {"alac": "alac", "ac-3": "ac3", "ec-3": "eac3", "mp4a.69": "mp3", "mp4a.6B": "mp3"}
_WAVE_CODECS = {1: "pcm", 3: "pcm", 0xFFFE: "pcm", 0x55: "mp3"}


def read_with_mutagen(file: BufferedReader, head: bytes, size: int) -> FileTags:
    """The tags of the file that starts with `head`. Raises what `open_audio` raises."""
    opened = open_audio(file, head)
    info = opened.info
    found = _texts(opened.tags)
    if opened.kind is WAVE and not opened.tags:
        found = _riff_info(file)
    return file_tags(
        found,
        v23=any(isinstance(tags, ID3) and (2, 2) <= tags.version[:2] < (2, 4) for tags in opened.tags),
        seconds=getattr(info, "length", None),
        bits_per_second=getattr(info, "bitrate", None),
        size=size,
        # Opus has no rate of its own: it always decodes to 48 kHz.
        sample_rate=48000 if opened.kind is OggOpus else getattr(info, "sample_rate", None),
        codec=_codec(opened),
        has_cover=bool(opened.pictures) or any(_has_picture(tags, found) for tags in opened.tags),
    )


def _texts(all_tags: tuple[mutagen.Tags, ...]) -> dict[str, list[str]]:
    if len(all_tags) == 1:
        return _texts_of(all_tags[0])
    merged: dict[str, list[str]] = {}
    for tags in all_tags:
        for name, values in _texts_of(tags).items():
            merged.setdefault(name, values)
    return merged


def _texts_of(tags: mutagen.Tags) -> dict[str, list[str]]:
    if isinstance(tags, ID3):
        return texts.of_id3(tags)
    if isinstance(tags, MP4Tags):
        return texts.of_mp4(tags)
    if isinstance(tags, APEv2):
        return texts.of_ape(tags)
    if isinstance(tags, ASFTags):
        return texts.of_asf(tags)
    if isinstance(tags, list):
        return texts.of_vorbis(tags)
    return {}


def _riff_info(file: BufferedReader) -> dict[str, list[str]]:
    """The INFO list of a WAV file, which mutagen does not read."""
    file.seek(0)
    try:
        tag = TinyTag.get(file_obj=file, duration=False)
    except TinyTagException:
        # The stream is sound; only the list is not.
        return {}
    fields = {
        "title": tag.title,
        "artist": tag.artist,
        "album": tag.album,
        "date": tag.year,
        "genre": tag.genre,
        "tracknumber": tag.track,
    }
    return {name: [str(value)] for name, value in fields.items() if value is not None}


def _codec(opened: Opened) -> str:
    info = opened.info
    if opened.kind is MP3:
        return f"mp{info.layer}"
    if opened.kind is MP4:
        if info.codec.startswith("mp4a.40"):
            return "aac"
        return _MP4_CODECS.get(info.codec, info.codec.partition(".")[0].lower() or "mp4")
    if opened.kind is WAVE:
        return _WAVE_CODECS.get(info.audio_format, "wav")
    return _CODECS.get(opened.kind, opened.kind.__name__.lower())


def _has_picture(tags: mutagen.Tags, found: dict[str, list[str]]) -> bool:
    if isinstance(tags, ID3):
        return bool(tags.getall("APIC"))
    if isinstance(tags, MP4Tags):
        return "covr" in tags
    if isinstance(tags, APEv2):
        return "cover art (front)" in tags
    if isinstance(tags, ASFTags):
        return "WM/Picture" in tags
    return "metadata_block_picture" in found or "coverart" in found
