"""Models as rows, and rows as models.

A model becomes a `Row`: the values of its table's columns behind the identity columns, in the table's order,
and its credits. Reading back gives an equal model. The hash of a row is the same in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from types import NoneType
from typing import Any, Final, TypeAlias, cast

import msgspec
from sqlalchemy import Table

from soulsync_engine.errors import ContractViolationError
from soulsync_engine.mirror import schema
from soulsync_engine.mirror.encoding import (
    Credit,
    Value,
    escape,
    escape_credit,
    maybe_microseconds,
    maybe_moment,
    names,
    read_names,
    repeated_names,
    unescape,
    unescape_credit,
    unescape_text,
)
from soulsync_engine.models import Album, Artist, ArtistCredit, Item, ItemRef, Kind, MusicBrainzIds, Track

ROW_VERSION: Final = 1
"""The version of this mapping. With another one, what is stored is compared field by field once more."""

Encoded: TypeAlias = tuple[tuple[Value, ...], tuple[Credit, ...]]
Stored: TypeAlias = Sequence[Any]
"""All columns of a stored row."""

_IDENTITY: Final = 6
_PLAIN: Final = frozenset({str, int, float, bytes, bool, NoneType})
_STORABLE: Final = (str, int, float, bytes, NoneType)
_OPTIONAL_TEXT: Final = (str, NoneType)
_ARTIST: Final = "artist"
_ALBUM_ARTIST: Final = "album_artist"

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(
    tuple[int, str | None, tuple[Any, ...], tuple[tuple[str, int, str, str | None], ...]]
).decode
_number = int.from_bytes


Row: TypeAlias = tuple[str | None, int | None, tuple[Value, ...], tuple[Credit, ...], int]
"""An item ready to be stored: omitted, escaped, values with the title first, credits, digest."""


class PackedRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row that waits, with the item's id. To find it unchanged takes no more than the digest.

    It takes a quarter of the memory of the item, and nothing of it is for the garbage collector to look at.
    """

    id: str
    digest: int
    escaped: int | None
    body: bytes


Texts: TypeAlias = tuple[str, list[str], str | None]
"""What an item is found by: its title, those it is credited to, with the artists of its album first, and its album."""


@dataclass(frozen=True, slots=True)
class Mapper:
    """How one kind is stored. `title_field` is the model's field that names an item to people."""

    kind: Kind
    table: Table
    title_field: str
    encode: Callable[[Any], Encoded]
    decode: Callable[[ItemRef, Stored, Sequence[Credit], frozenset[str]], Item]

    def to_row(self, item: Item, *, takes_nul: bool = True) -> Row:
        """The row of an item. Raises `ContractViolationError` when it holds what cannot be stored.

        `takes_nul` says whether the database's texts may hold NUL characters.
        """
        return self.unpack(self.pack(item, takes_nul=takes_nul))

    def unpack(self, packed: PackedRow) -> Row:
        """A row that has waited."""
        _, omitted, values, credited = _unpack(packed.body)
        return omitted, packed.escaped, values, credited, packed.digest

    def pack(self, item: Item, *, takes_nul: bool = True) -> PackedRow:
        """As `to_row`, packed."""
        escaped = None
        try:
            values, credited = self.encode(item)
            if not isinstance(values[0], str):
                raise TypeError(f"its {self.title_field} is {values[0]!r}")
            if self.kind is Kind.TRACK and not isinstance(values[1], _OPTIONAL_TEXT):
                raise TypeError(f"its album is {values[1]!r}")
            _check_types(values, credited)
            omitted = names(tuple(sorted(item.omitted))) if item.omitted else None
            try:
                packed = _pack((ROW_VERSION, omitted, values, credited))
                plain = takes_nul or not _has_nul(values, credited)
            except UnicodeEncodeError:
                plain = False
            if not plain:
                escaped = 1
                values, credited = tuple(map(escape, values)), tuple(map(escape_credit, credited))
                packed = _pack((ROW_VERSION, omitted, values, credited))
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise ContractViolationError(
                f"The backend returned {item.ref.id!a} with a value that cannot be stored: {error}.",
                server=item.ref.server,
                next_step="Report this to the authors of the backend.",
            ) from error
        digest = _number(blake2b(packed, digest_size=8).digest(), "big", signed=True)
        return PackedRow(item.ref.id, digest, escaped, packed)

    def to_item(self, server: str, stored: Stored, credits: Sequence[Credit]) -> Item:
        """The item of a stored row."""
        native_id, omitted, escaped = stored[2], stored[4], stored[5]
        values, credited = stored[_IDENTITY:], credits
        if escaped:
            values, credited = tuple(map(unescape, values)), list(map(unescape_credit, credits))
        fields = frozenset(read_names(omitted)) if omitted is not None else _NONE
        return self.decode(ItemRef(server, self.kind, native_id), values, credited, fields)

    def item_of(self, server: str, native_id: str, row: Row) -> Item:
        """The item that a row was made of."""
        omitted, escaped, values, credited, _ = row
        return self.to_item(server, (None, None, native_id, None, omitted, escaped, *values), credited)

    def texts(self, row: Row) -> Texts:
        """What the item of a row is found by."""
        _, escaped, values, credits, _ = row
        # Those columns hold texts, as `pack` has made sure.
        title = cast("str", values[0])
        album = cast("str | None", values[1]) if self.kind is Kind.TRACK else None
        names = [name for role, _, name, _ in credits if role == _ALBUM_ARTIST]
        names += [name for role, _, name, _ in credits if role == _ARTIST]
        if escaped:
            return unescape_text(title), list(map(unescape_text, names)), album and unescape_text(album)
        return title, names, album

    def title(self, item: Item) -> str:
        """What names an item to people, as far as a database text can hold it."""
        return shown_title(getattr(item, self.title_field))


def _check_types(values: tuple[object, ...], credits: Sequence[tuple[object, ...]]) -> None:
    """Raise `TypeError` for what a database or the search index would trip over, or make a text of."""
    if not _PLAIN.issuperset(map(type, values)):
        for value in values:
            if not isinstance(value, _STORABLE):
                raise TypeError(f"{value!r} is no value that a field can have")
    for _, _, name, artist in credits:
        if not isinstance(name, str) or not isinstance(artist, _OPTIONAL_TEXT):
            raise TypeError(f"it is credited to {name!r} ({artist!r})")


def shown_title(title: str) -> str:
    """A title as far as a database text can hold it."""
    shown = title[:200].replace("\0", "\\x00")
    return shown if shown.isascii() else shown.encode("utf-8", "backslashreplace").decode()


def _has_nul(values: tuple[Value, ...], credits: tuple[Credit, ...]) -> bool:
    texts = chain(values, (name for _, _, name, _ in credits))
    return any(isinstance(value, str) and "\0" in value for value in texts)


_NONE: Final[frozenset[str]] = frozenset()
_NO_IDS: Final = MusicBrainzIds()


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _read_flag(stored: int | None) -> bool | None:
    # Not every database has truth values of its own.
    return None if stored is None else bool(stored)


def _credited(role: str, artists: tuple[ArtistCredit, ...]) -> tuple[Credit, ...]:
    if len(artists) == 1:
        only = artists[0]
        return ((role, 0, only.name, only.id),)
    return tuple([(role, place, credit.name, credit.id) for place, credit in enumerate(artists)])


@lru_cache(maxsize=4096)
def _credit(name: str, artist: str | None) -> ArtistCredit:
    return ArtistCredit(name=name, id=artist)


def _read_credits(role: str, credits: Sequence[Credit]) -> tuple[ArtistCredit, ...]:
    return tuple([_credit(name, artist) for of, _, name, artist in credits if of == role])


def _encode_artist(item: Artist) -> Encoded:
    return (
        item.name,
        item.sort_name,
        repeated_names(item.genres),
        item.biography,
        item.musicbrainz_id,
        item.album_count,
        item.track_count,
        item.rating,
        _flag(item.favorite),
        item.library_id,
        maybe_microseconds(item.added),
        maybe_microseconds(item.updated),
    ), ()


def _decode_artist(
    ref: ItemRef, values: Stored, credits: Sequence[Credit], omitted: frozenset[str]
) -> Artist:
    return Artist(
        ref=ref,
        name=values[0],
        sort_name=values[1],
        genres=read_names(values[2]),
        biography=values[3],
        musicbrainz_id=values[4],
        album_count=values[5],
        track_count=values[6],
        rating=values[7],
        favorite=_read_flag(values[8]),
        library_id=values[9],
        added=maybe_moment(values[10]),
        updated=maybe_moment(values[11]),
        omitted=omitted,
    )


def _encode_album(item: Album) -> Encoded:
    ids = item.musicbrainz
    return (
        item.title,
        item.sort_title,
        item.year,
        repeated_names(item.genres),
        _flag(item.compilation),
        item.track_count,
        item.disc_count,
        item.duration_ms,
        ids.recording,
        ids.track,
        ids.release,
        ids.release_group,
        names(ids.artists),
        names(ids.album_artists),
        item.rating,
        _flag(item.favorite),
        item.play_count,
        item.library_id,
        maybe_microseconds(item.added),
        maybe_microseconds(item.updated),
    ), _credited(_ARTIST, item.artists)


def _decode_album(ref: ItemRef, values: Stored, credits: Sequence[Credit], omitted: frozenset[str]) -> Album:
    return Album(
        ref=ref,
        title=values[0],
        artists=_read_credits(_ARTIST, credits),
        sort_title=values[1],
        year=values[2],
        genres=read_names(values[3]),
        compilation=_read_flag(values[4]),
        track_count=values[5],
        disc_count=values[6],
        duration_ms=values[7],
        musicbrainz=_read_musicbrainz(values[8:14]),
        rating=values[14],
        favorite=_read_flag(values[15]),
        play_count=values[16],
        library_id=values[17],
        added=maybe_moment(values[18]),
        updated=maybe_moment(values[19]),
        omitted=omitted,
    )


def _encode_track(item: Track) -> Encoded:
    ids = item.musicbrainz
    credited = _credited(_ARTIST, item.artists)
    if item.album_artists:
        credited += _credited(_ALBUM_ARTIST, item.album_artists)
    return (
        item.title,
        item.album,
        item.album_id,
        item.disc,
        item.track_number,
        item.duration_ms,
        item.year,
        repeated_names(item.genres),
        ids.recording,
        ids.track,
        ids.release,
        ids.release_group,
        names(ids.artists),
        names(ids.album_artists),
        names(item.isrcs),
        item.path,
        item.size,
        item.bitrate,
        item.codec,
        item.sample_rate,
        item.rating,
        _flag(item.favorite),
        item.play_count,
        maybe_microseconds(item.last_played),
        item.library_id,
        maybe_microseconds(item.added),
        maybe_microseconds(item.updated),
    ), credited


def _decode_track(ref: ItemRef, values: Stored, credits: Sequence[Credit], omitted: frozenset[str]) -> Track:
    return Track(
        ref=ref,
        title=values[0],
        artists=_read_credits(_ARTIST, credits),
        album=values[1],
        album_id=values[2],
        album_artists=_read_credits(_ALBUM_ARTIST, credits),
        disc=values[3],
        track_number=values[4],
        duration_ms=values[5],
        year=values[6],
        genres=read_names(values[7]),
        musicbrainz=_read_musicbrainz(values[8:14]),
        isrcs=read_names(values[14]),
        path=values[15],
        size=values[16],
        bitrate=values[17],
        codec=values[18],
        sample_rate=values[19],
        rating=values[20],
        favorite=_read_flag(values[21]),
        play_count=values[22],
        last_played=maybe_moment(values[23]),
        library_id=values[24],
        added=maybe_moment(values[25]),
        updated=maybe_moment(values[26]),
        omitted=omitted,
    )


def _read_musicbrainz(values: Stored) -> MusicBrainzIds:
    if not any(values):
        return _NO_IDS
    recording, track, release, release_group, artists, album_artists = values
    return MusicBrainzIds(
        recording=recording,
        track=track,
        release=release,
        release_group=release_group,
        artists=read_names(artists),
        album_artists=read_names(album_artists),
    )


MAPPERS: Final[Mapping[Kind, Mapper]] = {
    Kind.TRACK: Mapper(Kind.TRACK, schema.tracks, "title", _encode_track, _decode_track),
    Kind.ALBUM: Mapper(Kind.ALBUM, schema.albums, "title", _encode_album, _decode_album),
    Kind.ARTIST: Mapper(Kind.ARTIST, schema.artists, "name", _encode_artist, _decode_artist),
}
"""The kinds a mirror holds, in the order a sync deals with them."""
