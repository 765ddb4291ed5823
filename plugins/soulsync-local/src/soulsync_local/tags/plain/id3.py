"""ID3v2.3 and v2.4 tags without compression, encryption, and other peculiarities."""

from __future__ import annotations

import re
from struct import Struct
from typing import Final

from soulsync_local.tags.plain.window import PeculiarError, Window
from soulsync_local.tags.texts import MUSICBRAINZ_NAMES, MUSICBRAINZ_OWNER

_header = Struct(">4sIH").unpack
HEADER_SIZE: Final = 10
_END = b"\0\0\0\0"
_GAIN: Final = b"RVA2"
"""A frame for which mutagen refuses the whole file when it is cut."""
_FRAME_ID = re.compile(rb"[A-Z][A-Z0-9]{3}\Z")
_FIELDS: Final = {
    b"TIT2": "title",
    b"TPE1": "artist",
    b"TALB": "album",
    b"TPE2": "albumartist",
    b"TRCK": "tracknumber",
    b"TPOS": "discnumber",
    b"TDRC": "date",
    b"TYER": "year",
    b"TDOR": "originaldate",
    b"TORY": "originalyear",
    b"TCON": "genre",
    b"TCMP": "compilation",
    b"TSRC": "isrc",
}
_OF_V1: Final = frozenset({"title", "artist", "album", "tracknumber", "genre"})
_DATES: Final = frozenset({"date", "originaldate"})
_DATE = re.compile(r"[12][0-9]{3}(?:[-T:/. ]|\Z)")
_YEARS: Final = frozenset({"year", "originalyear"})
_YEAR = re.compile(r"[12][0-9]{3}\Z")
_GENRE_CODES: Final = frozenset({"CR", "RX"})
_LATIN_1, _UTF_16, _UTF_8 = 0, 1, 3
_MARK: Final = b"\xff\xfe"
_LONGEST_PICTURE_HEADER: Final = 256
_LONGEST_TEXT: Final = 1 << 20


class Id3:
    """The texts of a tag, and whether it has a picture.

    `year` and `originalyear` are the years of v2.3, where v2.4 has dates.
    """

    def __init__(self, window: Window) -> None:
        """Read the tag at the start of a file."""
        head = window.head
        self.version = head[3]
        if self.version not in (3, 4) or head[5] or max(head[6:HEADER_SIZE]) > 0x7F:
            raise PeculiarError
        self.end = HEADER_SIZE + _synchsafe(head[6:HEADER_SIZE])
        self.texts: dict[str, list[str]] = {}
        self.has_picture = False
        self._window = window
        self._read()

    def says_all_of_v1(self) -> bool:
        """Whether an ID3v1 block could add nothing to this tag."""
        texts = self.texts
        return texts.keys() >= _OF_V1 and ("date" in texts or (self.version == 3 and "year" in texts))

    def _read(self) -> None:
        take, end, is_v24, texts = self._window.take, self.end, self.version == 4, self.texts
        position, is_ambiguous = HEADER_SIZE, False
        while position + HEADER_SIZE <= end:
            name, length, flags = _header(take(position, HEADER_SIZE))
            if name == _END:
                break
            position += HEADER_SIZE
            if is_v24 and length > 0x7F:
                is_ambiguous = True
                length = self._unambiguous(position, length)
            if flags or position + length > end:
                raise PeculiarError
            field = _FIELDS.get(name)
            if field is not None:
                if field in texts:
                    raise PeculiarError
                if length > _LONGEST_TEXT or (is_v24 and name == b"TORY"):
                    raise PeculiarError
                if length > 1:
                    texts[field] = _checked(field, self._values(take(position, length)))
            elif name == b"TXXX":
                self._take_named(take(position, min(length, _LONGEST_TEXT)))
            elif name == b"UFID":
                self._take_identifier(take(position, length))
            elif name == b"APIC":
                _check_picture(take(position, min(length, _LONGEST_PICTURE_HEADER)))
                self.has_picture = True
            elif name == _GAIN or not _FRAME_ID.match(name):
                raise PeculiarError
            position += length
        if is_ambiguous and position < end and take(position, end - position).strip(b"\0"):
            raise PeculiarError

    def _unambiguous(self, position: int, length: int) -> int:
        """The length of a frame of v2.4 whose content starts at `position`.

        Some programs write plain numbers there. Where that may be so, mutagen finds out what was meant.
        """
        if length & 0x80808080:
            raise PeculiarError
        following = position + length
        if following + HEADER_SIZE <= self.end and _FRAME_ID.match(self._window.take(following, 4)):
            raise PeculiarError
        return _synchsafe(length.to_bytes(4, "big"))

    def _take_named(self, content: bytes) -> None:
        """A field that has a name instead of a frame of its own."""
        if len(content) == _LONGEST_TEXT:
            raise PeculiarError
        name, end, values = _text(content).partition("\0")
        field = MUSICBRAINZ_NAMES.get(name.lower())
        if field is not None:
            if not end or field in self.texts:
                raise PeculiarError
            self.texts[field] = _split(values, is_utf_16=content[0] == _UTF_16)

    @staticmethod
    def _values(content: bytes) -> list[str]:
        return _split(_text(content), is_utf_16=content[0] == _UTF_16)

    def _take_identifier(self, content: bytes) -> None:
        owner, _, identifier = content.partition(b"\0")
        if owner.decode("latin-1") == MUSICBRAINZ_OWNER:
            if "musicbrainz_trackid" in self.texts:
                raise PeculiarError
            self.texts["musicbrainz_trackid"] = [identifier.decode("latin-1")]


def _synchsafe(data: bytes) -> int:
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


def _text(content: bytes) -> str:
    """All of the text in a frame."""
    encoding = content[0]
    if encoding == _UTF_8:
        return content[1:].decode()
    if encoding == _LATIN_1:
        return content[1:].decode("latin-1")
    if encoding == _UTF_16 and content.startswith(_MARK, 1):
        return content[3:].decode("utf-16-le")
    raise PeculiarError


def _split(text: str, *, is_utf_16: bool) -> list[str]:
    """The values in a text. Some programs fill frames up with NUL bytes, which are none."""
    values = text.rstrip("\0").split("\0")
    if is_utf_16:
        # Each value may have a mark of its own.
        if any(value.startswith("\ufffe") for value in values):
            raise PeculiarError
        values = [value.removeprefix("\ufeff") for value in values]
    return values


def _checked(field: str, values: list[str]) -> list[str]:
    """The values, if they are such that mutagen leaves them as they are."""
    plain = True
    if field in _DATES or field in _YEARS:
        layout = _DATE if field in _DATES else _YEAR
        plain = len(values) == 1 and layout.match(values[0]) is not None
    elif field == "genre":
        plain = not any(
            value.startswith("(") or value.isdecimal() or value in _GENRE_CODES or "\n" in value
            for value in values
        )
    if not plain:
        raise PeculiarError
    return values


def _check_picture(content: bytes) -> None:
    """The start of a picture frame has to be in order, or it does not count as one."""
    media_type = content.find(b"\0", 1)
    encoding, description = content[0], content[media_type + 2 :]
    if media_type < 0 or encoding not in (_LATIN_1, _UTF_16, _UTF_8):
        raise PeculiarError
    if encoding == _UTF_16:
        if not description.startswith((b"\0\0", _MARK + b"\0\0")):
            raise PeculiarError
    else:
        text, end, _ = description.partition(b"\0")
        text.decode()
        if not end:
            raise PeculiarError
