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
        position = HEADER_SIZE
        while position + HEADER_SIZE <= end:
            name, length, flags = _header(take(position, HEADER_SIZE))
            if name == _END:
                return
            if is_v24 and length > 0x7F:
                # Some programs write plain numbers here; mutagen finds out which.
                if length & 0x80808080:
                    raise PeculiarError
                length = _synchsafe(length.to_bytes(4, "big"))
            position += HEADER_SIZE
            if flags or position + length > end:
                raise PeculiarError
            field = _FIELDS.get(name)
            if field is not None:
                if field in texts:
                    raise PeculiarError
                if length > 1:
                    texts[field] = _checked(field, _values(take(position, length)))
            elif name == b"TXXX":
                self._take_named(take(position, length))
            elif name == b"UFID":
                self._take_identifier(take(position, length))
            elif name == b"APIC":
                _check_picture(take(position, min(length, _LONGEST_PICTURE_HEADER)))
                self.has_picture = True
            elif not _FRAME_ID.match(name):
                raise PeculiarError
            position += length

    def _take_named(self, content: bytes) -> None:
        """A field that has a name instead of a frame of its own."""
        name, *values = _values(content, has_name=True)
        field = MUSICBRAINZ_NAMES.get(name.lower())
        if field is not None:
            self._take(field, values)

    def _take_identifier(self, content: bytes) -> None:
        owner, _, identifier = content.partition(b"\0")
        if owner.decode("latin-1") == MUSICBRAINZ_OWNER:
            self._take("musicbrainz_trackid", [identifier.decode("latin-1")])

    def _take(self, field: str, values: list[str]) -> None:
        if field in self.texts or not values:
            raise PeculiarError
        self.texts[field] = values


def _synchsafe(data: bytes) -> int:
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


def _values(content: bytes, *, has_name: bool = False) -> list[str]:
    """The values of a text frame, with its name as the first one where it has one."""
    encoding = content[0]
    if encoding == _UTF_8:
        text = content[1:].decode()
    elif encoding == _LATIN_1:
        text = content[1:].decode("latin-1")
    elif encoding == _UTF_16 and content.startswith(_MARK, 1):
        text = content[3:].decode("utf-16-le")
    else:
        raise PeculiarError
    if "\0" not in text:
        return [text]
    first, *more = text.split("\0")
    if encoding == _UTF_16:
        # Each value may have a mark of its own.
        if any(value.startswith("\ufffe") for value in more):
            raise PeculiarError
        more = [value.removeprefix("\ufeff") for value in more]
    # Some programs fill frames up with NUL bytes; a value may be empty where the name is not all there is.
    while more and not more[-1] and not (has_name and len(more) == 1):
        del more[-1]
    return [first, *more]


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
