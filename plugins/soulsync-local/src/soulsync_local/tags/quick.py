"""Plain MP3 and MP4 files, read with tinytag: the two formats that cost mutagen most.

tinytag reads fewer kinds of files right than mutagen does, and does not say when it misread one. So each file
first passes a guard, which takes no value from it but looks at how its tags are laid out, and lets through only
the layouts that both libraries read alike. What comes out is checked once more. `None` always means: ask
mutagen. (Where bytes of the tag itself are damaged, a field may be lost to one library and not to the other.)

The stream of an MP3 is measured by mutagen here too. An MP4 file's duration is the one of the whole movie here
and the one of the sound track there; they differ by the encoder's delay, at most 50 ms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import SEEK_END, BufferedReader, BytesIO
from struct import Struct

from mutagen import MutagenError
from tinytag import TinyTag, TinyTagException

from soulsync_local.tags.fields import file_tags
from soulsync_local.tags.readers import LighterMPEGInfo
from soulsync_local.tags.texts import MUSICBRAINZ_NAMES, MUSICBRAINZ_OWNER
from soulsync_local.tags.values import FileTags

_FRAME_ID = re.compile(rb"[A-Z][A-Z0-9]{3}\Z")
_FRAME_HEADER = Struct(">4sIH")
_NOT_A_NAME = re.compile(rb"[(0-9\x80-\xff]")
_ARTISTS = b"ARTISTS"
_ARTIST_ATOM = b"\xa9ART"
_ARTISTS_NAME = b"\0\0\0\x13NAME\0\0\0\0ARTISTS"
_COMMON_FRAMES = frozenset({b"TIT2", b"TPE1", b"TALB", b"TRCK", b"TCON"})
_DATE_FRAMES = frozenset({b"TDOR", b"TORY", b"TDRC", b"TYER"})
_PLAIN_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}\Z")
_NOT_PLAIN = re.compile("[\x00-\x1f\x7f-\x9f\ufeff\ufffd]")
_ATOM_DATA = re.compile(rb"data\0\0\0(.)", re.DOTALL)
_TYPED = frozenset({b"\x01", b"\x0d", b"\x0e", b"\x15"})
_HEAD = 65536
_TAIL = 160
_FLAC_MARK = 4
_FRAME_START = 34
_MAX_ITEM_LIST = 1 << 24

_SIMPLE = ("title", "album", "albumartist", "genre")


@dataclass(frozen=True, slots=True)
class _Items:
    """The item list of an MP4 file, and the file up to its end when that is in memory anyway."""

    data: bytes
    leading: bytes | None


def read_plain_mp3(file: BufferedReader, head: bytes, size: int) -> FileTags | None:
    """The tags of an MP3 that starts with an ID3v2.3 or v2.4 tag without peculiarities. `head` are its first bytes."""
    if head[3] not in (3, 4) or head[5] or max(head[6:10]) > 0x7F:
        return None
    start = 10 + _synchsafe(head[6:10])
    if start > size:
        return None
    leading = head + file.read(max(0, min(start + _FRAME_START, _HEAD) - len(head)))
    frames = _plain_frames(file, leading, start, head[3] == 4)
    if frames is None:
        return None
    file.seek(-min(size, _TAIL), SEEK_END)
    tail = file.read(_TAIL)
    if _has_other_tags(tail, frames):
        return None
    # A small tag is read from memory, with what stands before and behind the sound, which tinytag passes over.
    in_memory = start + _FLAC_MARK <= len(leading) and len(tail) == _TAIL
    stream = BytesIO(leading + tail) if in_memory else file
    stream.seek(0)
    try:
        tag = TinyTag.get(file_obj=stream, duration=False)
        info = LighterMPEGInfo(file, start)
    except (TinyTagException, MutagenError):
        return None
    if info.sketchy or (b"TRCK" in frames and tag.track is None) or (b"TPOS" in frames and tag.disc is None):
        return None
    if tag.year is None and not frames.isdisjoint(_DATE_FRAMES):
        return None
    texts = _texts(tag, _artists_of_mp3(tag, listed=_ARTISTS in frames))
    if texts is None:
        return None
    for value in tag.other.get("ufid", ()):
        owner, _, identifier = value.partition("\0")
        if owner == MUSICBRAINZ_OWNER:
            texts.setdefault("musicbrainz_trackid", []).append(identifier)
    texts["compilation"] = tag.other.get("tcmp", [])
    return file_tags(
        texts,
        v23=head[3] == 3,
        seconds=info.length,
        bits_per_second=info.bitrate,
        sample_rate=info.sample_rate,
        codec="mp3" if info.layer == 3 else f"mp{info.layer}",
        has_cover=b"APIC" in frames,
    )


def read_plain_mp4(file: BufferedReader, size: int) -> FileTags | None:
    """The tags of an MP4 file with AAC or Apple Lossless sound whose values all say their type."""
    items = _plain_items(file, size)
    if items is None:
        return None
    file.seek(0)
    try:
        tag = TinyTag.get(file_obj=file if items.leading is None else BytesIO(items.leading))
    except TinyTagException:
        return None
    codec = _MP4_CODECS.get(tag.mime_type or "")
    # At low rates the file may state the half of the real rate, and mutagen looks deeper.
    if codec is None or not tag.duration or (codec == "aac" and (tag.samplerate or 0) < 32000):
        return None
    texts = _texts(tag, _artists_of_mp4(tag, items.data))
    if texts is None:
        return None
    texts["compilation"] = tag.other.get("cpil", [])
    return file_tags(
        texts,
        v23=False,
        seconds=tag.duration,
        bits_per_second=tag.bitrate * 1000 if tag.bitrate else size * 8 / tag.duration,
        sample_rate=tag.samplerate,
        codec=codec,
        has_cover=b"covr" in items.data,
    )


_MP4_CODECS = {'audio/mp4; codecs="mp4a.40.2"': "aac", 'audio/mp4; codecs="alac"': "alac"}


def _texts(tag: TinyTag, artists: list[str] | None) -> dict[str, list[str]] | None:
    """What tinytag read under the names of `fields`, or None when a value shows that mutagen should look."""
    other = tag.other
    if artists is None or "year" in other or (tag.year is not None and not _PLAIN_DATE.match(tag.year)):
        return None
    texts: dict[str, list[str]] = {"artist": artists} if artists else {}
    for name in _SIMPLE:
        first: str | None = getattr(tag, name)
        if first is not None:
            texts[name] = [first, *other[name]] if name in other else [first]
    for field in MUSICBRAINZ_NAMES.keys() & other.keys():
        values = other[field]
        if len(values) > 1 or "\0" in values[0]:
            values = [part for value in values for part in value.split("\0")]
        texts[MUSICBRAINZ_NAMES[field]] = values
    for values in texts.values():
        for value in values:
            if not (value.isascii() and value.isprintable()) and _NOT_PLAIN.search(value):
                return None
    if tag.year is not None:
        texts["date"] = [tag.year]
    if tag.track is not None:
        texts["tracknumber"] = [str(tag.track)]
    if tag.disc is not None:
        texts["discnumber"] = [str(tag.disc)]
    return texts


def _artists_of_mp3(tag: TinyTag, *, listed: bool) -> list[str] | None:
    """The artists, of which tinytag puts the artist field and the separate list into one: the list where there is one.

    The values of the list are one text with NUL bytes in it, those of the artist field never are.
    """
    more = tag.other.get("artist", [])
    if tag.artist is None:
        return more
    if not more or not listed:
        return [tag.artist, *more]
    if len(more) == 1 and "\0" in more[0]:
        return more[0].split("\0")
    return None


def _artists_of_mp4(tag: TinyTag, items: bytes) -> list[str] | None:
    """The same for MP4. tinytag leaves out values of the list that equal the artist field, so they are counted."""
    more = tag.other.get("artist", [])
    if tag.artist is None:
        return more
    if not more or _ARTISTS not in (capitals := items.upper()):
        return [tag.artist, *more]
    field, names = items.find(_ARTIST_ATOM), capitals.find(_ARTISTS_NAME)
    if field < 0 or names < 0 or items.count(_ARTIST_ATOM) > 1 or capitals.count(_ARTISTS_NAME) > 1:
        return None
    of_field = _values(items, field + len(_ARTIST_ATOM))
    of_list = _values(items, names + len(_ARTISTS_NAME))
    return more if of_field == 1 and of_list == len(more) else None


def _values(items: bytes, position: int) -> int:
    """How many `data` atoms stand one behind the other from a position on."""
    number = 0
    while items[position + 4 : position + 8] == b"data":
        number += 1
        position += max(int.from_bytes(items[position : position + 4], "big"), 8)
    return number


def _synchsafe(data: bytes) -> int:
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


def _plain_frames(file: BufferedReader, leading: bytes, end: int, v24: bool) -> set[bytes] | None:
    """The ids of the frames (and `_ARTISTS` for a list of artists), or None for what the two libraries may read
    differently: frames that are compressed, encrypted or repeated, that have sizes in the wrong notation, or that run
    over.

    `leading` are the first bytes of the file, `end` is where the tag ends.
    """
    seen: set[bytes] = set()
    position = 10
    while position + 10 <= end:
        if position + _FRAME_START <= len(leading):
            start = leading[position : position + _FRAME_START]
        else:
            file.seek(position)
            start = file.read(_FRAME_START)
        name, length, flags = _FRAME_HEADER.unpack_from(start)
        if name == b"\0\0\0\0":
            break
        if flags or not _FRAME_ID.match(name):
            return None
        if v24 and length > 0x7F:
            if length & 0x80808080:
                return None
            length = _synchsafe(start[4:8])
        if position + 10 + length > end:
            return None
        if name[0] == 0x54:
            # The first byte is the encoding.
            if not length or start[10] > 3 or (name in seen and name != b"TXXX"):
                return None
            if name == b"TXXX":
                if _description(start[10 : 10 + length]).startswith(_ARTISTS):
                    seen.add(_ARTISTS)
            elif name == b"TCON":
                if 10 + length > _FRAME_START:
                    file.seek(position)
                    start = file.read(10 + length)
                # Genres that are numbers: the two libraries name some of them differently.
                if _NOT_A_NAME.search(start, 11, 10 + length):
                    return None
        seen.add(name)
        position += 10 + length
    return seen


def _description(content: bytes) -> bytes:
    """The start of a TXXX frame's description in capitals, of one or two bytes a letter, without its encoding."""
    return content.replace(b"\0", b"").lstrip(b"\x01\x02\x03\xff\xfe").upper()


def _has_other_tags(tail: bytes, frames: set[bytes]) -> bool:
    """Whether the end of the file has an APEv2 tag, or an ID3v1 block that would say more than the ID3v2 tag does."""
    if b"APETAGEX" in tail:
        return True
    return tail[-128:-125] == b"TAG" and not (
        frames >= _COMMON_FRAMES and not frames.isdisjoint({b"TDRC", b"TYER"})
    )


def _plain_items(file: BufferedReader, size: int) -> _Items | None:
    """The item list, or None when it is not found at once or a value in it has no explicit text or number type."""
    file.seek(0)
    window, base = file.read(_HEAD), 0
    found = window.find(b"ilst")
    if found < 4 and size > _HEAD:
        base = max(size - _HEAD, 0)
        file.seek(base)
        window = file.read(_HEAD)
        found = window.find(b"ilst")
    if found < 4 or window.find(b"ilst", found + 4) != -1:
        return None
    length = int.from_bytes(window[found - 4 : found], "big")
    if not 8 <= length <= _MAX_ITEM_LIST or base + found - 4 + length > size:
        return None
    end = found - 4 + length
    if end > len(window):
        file.seek(base + len(window))
        window += file.read(end - len(window))
    items = window[found - 4 : end]
    if b"gnre" in items:
        return None
    for value in _ATOM_DATA.finditer(items):
        # Track and disc numbers are the only values that commonly come without a type, and both libraries know them.
        if value.group(1) not in _TYPED and items[value.start() - 8 : value.start() - 4] not in (
            b"trkn",
            b"disk",
        ):
            return None
    return _Items(items, None if base else window[:end])
