"""MP4 files with one item list."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, TypeAlias

from soulsync_local.tags.fields import file_tags
from soulsync_local.tags.plain.mp4sound import read_sound
from soulsync_local.tags.plain.window import PeculiarError, Window
from soulsync_local.tags.texts import MP4_NAMES, MUSICBRAINZ_NAMES
from soulsync_local.tags.values import FileTags

_Atom: TypeAlias = tuple[bytes, int, int]
"""Its name, and where its content starts and ends."""

_header = Struct(">I4s").unpack
_long = Struct(">Q").unpack
_data_header = Struct(">I4sI").unpack_from
_pair = Struct(">2xH2x").unpack_from
_time = Struct(">II").unpack_from
_long_time = Struct(">IQ").unpack_from
_HEADER_SIZE: Final = 8
_DATA_SIZE: Final = 16
_NAME_SIZE: Final = 12
_FIELDS: Final = {name.encode("latin-1"): field for name, field in MP4_NAMES.items()}
_NUMBERS: Final = {b"trkn": "tracknumber", b"disk": "discnumber"}
_TEXTS: Final = frozenset({0, 1})
_CONTAINERS: Final = frozenset(
    {b"moov", b"udta", b"trak", b"mdia", b"meta", b"ilst", b"stbl", b"minf", b"moof", b"traf"}
)
"""Where mutagen looks for atoms within, wherever they are."""


def read_mp4(window: Window) -> FileTags:
    """The tags of an MP4 file with one track, which has AAC or Apple Lossless sound."""
    (moov,) = _containers(_children(window, (b"", 0, window.size)), b"moov")
    track, data = _containers(_children(window, moov), b"trak", b"udta")
    (media,) = _containers(_children(window, track), b"mdia")
    parts = _children(window, media)
    _, start, _ = _child(parts, b"hdlr")
    if window.take(start + 8, 4) != b"soun":
        raise PeculiarError
    seconds = _seconds(_content(window, _child(parts, b"mdhd")))
    (information,) = _containers(parts, b"minf")
    (table,) = _containers(_children(window, information), b"stbl")
    sound = read_sound(_content(window, _child(_children(window, table), b"stsd")))
    parts = _children(window, data)
    ((_, start, end),) = _containers(parts, b"meta")
    if any(name == b"chpl" for name, _, _ in parts):
        # A list of chapters, which mutagen refuses where it is not in order.
        raise PeculiarError
    # Here a version comes before the atoms.
    (item_list,) = _containers(_children(window, (b"meta", start + 4, end)), b"ilst")
    items = _Items(window, item_list)
    return file_tags(
        items.texts,
        v23=False,
        seconds=seconds,
        bits_per_second=sound.bits_per_second,
        size=window.size,
        sample_rate=sound.sample_rate,
        codec=sound.codec,
        has_cover=items.has_cover,
    )


def _children(window: Window, atom: _Atom) -> list[_Atom]:
    """The atoms in an atom, which they have to fill: one that does not end where its parent does hides others."""
    children = []
    _, position, end = atom
    while position < end:
        length, name = _header(window.take(position, _HEADER_SIZE))
        start = position + _HEADER_SIZE
        if length == 1:
            # Only something as long as a file needs that.
            if atom[0]:
                raise PeculiarError
            (length,) = _long(window.take(start, 8))
            start += 8
        position += length
        if start > position or position > end:
            raise PeculiarError
        children.append((name, start, position))
    return children


def _child(atoms: list[_Atom], name: bytes) -> _Atom:
    for atom in atoms:
        if atom[0] == name:
            return atom
    raise PeculiarError


def _containers(atoms: list[_Atom], *names: bytes) -> list[_Atom]:
    """The atoms with these names, one each, where no others are that mutagen would look into."""
    found = [atom for atom in atoms if atom[0] in _CONTAINERS]
    if len(found) != len(names):
        raise PeculiarError
    return [_child(found, name) for name in names]


def _content(window: Window, atom: _Atom) -> bytes:
    _, start, end = atom
    return window.take(start, end - start)


def _seconds(content: bytes) -> float:
    version = content[0]
    if version > 1:
        raise PeculiarError
    unit, duration = _long_time(content, 20) if version else _time(content, 12)
    if not unit or not duration:
        raise PeculiarError
    return float(duration / unit)


class _Items:
    """The texts of an item list, and whether a picture is among its items."""

    def __init__(self, window: Window, atom: _Atom) -> None:
        self.texts: dict[str, list[str]] = {}
        self.has_cover = False
        for item in _children(window, atom):
            name = item[0]
            if name == b"----":
                self._take_named(_content(window, item))
            elif name in _FIELDS:
                self._add(_FIELDS[name], _texts(_content(window, item)))
            elif name in _NUMBERS:
                numbers = [str(_pair(value)[0]) for _, value in _values(_content(window, item), 0)]
                self._add(_NUMBERS[name], numbers)
            elif name == b"cpil":
                self._add("compilation", _flag(_content(window, item)))
            elif name == b"covr":
                self.has_cover = True
                if any(kind != b"data" or end - start < 4 for kind, start, end in _children(window, item)):
                    raise PeculiarError
            elif name == b"gnre" or name in _CONTAINERS:
                raise PeculiarError

    def _add(self, field: str, values: list[str]) -> None:
        if field in self.texts:
            raise PeculiarError
        self.texts[field] = values

    def _take_named(self, content: bytes) -> None:
        """A field that has a name instead of an atom of its own."""
        start, mean, _ = _data_header(content)
        length, kind, _ = _data_header(content, start)
        end = start + length
        name = content[start + _NAME_SIZE : end]
        if mean != b"mean" or kind != b"name" or b":" in name:
            raise PeculiarError
        values = [value for _, value in _values(content, end)]
        field = MUSICBRAINZ_NAMES.get(name.decode("latin-1").lower())
        if field is not None:
            self._add(field, [value.decode() for value in values])


def _values(content: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """The values of an item from a position on, each with its type."""
    while position < len(content):
        length, name, kind = _data_header(content, position)
        end = position + length
        # Above the type is a version.
        if name != b"data" or length < _DATA_SIZE or end > len(content) or kind >> 24:
            raise PeculiarError
        yield kind, content[position + _DATA_SIZE : end]
        position = end


def _texts(content: bytes) -> list[str]:
    values = []
    for kind, value in _values(content, 0):
        if kind not in _TEXTS:
            raise PeculiarError
        values.append(value.decode())
    return values


def _flag(content: bytes) -> list[str]:
    values = [value for _, value in _values(content, 0)]
    if not values or any(len(value) != 1 for value in values):
        raise PeculiarError
    return ["1" if values[-1] != b"\0" else "0"]
