"""How the rows of a listing are read: what they are on the wire, and what they become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from soulsync_engine.http import HttpAnswer, UnexpectedAnswerError, decode, decode_items
from soulsync_engine.models import Album, Artist, Item, Kind, PlaylistEntry, Problem, Track
from soulsync_jellyfin import wire
from soulsync_jellyfin.mapper import TYPES, Mapper
from soulsync_jellyfin.values import text_id

W = TypeVar("W", wire.Item, wire.Track, wire.ItemId)
M_co = TypeVar("M_co", covariant=True)

_PAGE: Final = wire.Result[msgspec.Raw]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage(Generic[M_co]):
    """A page as the server sent it. `count` is how many rows it has, `start` None where it does not say that.

    `strange` is the type of a row that is of another kind than the page was asked for.
    """

    items: tuple[M_co, ...]
    problems: tuple[Problem, ...]
    count: int
    total: int | None
    start: int | None
    strange: str | None = None


class Reader(Protocol[M_co]):
    """Reads pages of rows of one type."""

    def read(self, answer: HttpAnswer, mapper: Mapper, kind: Kind, start: int = 0) -> ReadPage[M_co]:
        """The rows of an answer, mapped, the first of which is at `start` of its listing.

        A row that cannot be read is a problem of the page. Raises `UnreadableAnswerError` for what is no listing.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowReader(Generic[W, M_co]):
    """`to_model` raises `ValueError` for a row that makes no sense."""

    row: type[W]
    to_model: Callable[[Mapper, W], M_co]

    def read(self, answer: HttpAnswer, mapper: Mapper, kind: Kind, start: int = 0) -> ReadPage[M_co]:
        result = decode(answer, _PAGE)
        rows = _rows(answer, result.items)
        map_row, wanted, strange = self.to_model, TYPES[kind], list[str]()

        def to_model(row: W) -> M_co:
            if row.type != wanted and row.type is not None:
                strange.append(row.type)
            return map_row(mapper, row)

        decoded = decode_items(rows, self.row, to_model, kind=kind, id_key="Id")
        return ReadPage(
            items=decoded.items,
            problems=decoded.problems,
            count=len(rows),
            total=result.total_record_count,
            start=result.start_index,
            strange=strange[0] if strange else None,
        )


class _EntryReader:
    """Reads the entries of a playlist, whose places an odd one among them must not move."""

    def read(self, answer: HttpAnswer, mapper: Mapper, kind: Kind, start: int = 0) -> ReadPage[PlaylistEntry]:
        result = decode(answer, _PAGE)
        rows = _rows(answer, result.items)
        decoded = [
            decode_items((row,), wire.Track, partial(mapper.entry, place), kind=kind, id_key="Id")
            for place, row in enumerate(rows, start)
        ]
        return ReadPage(
            items=tuple(item for each in decoded for item in each.items),
            problems=tuple(problem for each in decoded for problem in each.problems),
            count=len(rows),
            total=result.total_record_count,
            start=result.start_index,
        )


def _rows(answer: HttpAnswer, rows: Sequence[msgspec.Raw] | None) -> Sequence[msgspec.Raw]:
    if rows is None:
        raise UnexpectedAnswerError(
            f"{answer.where} was answered with JSON that holds no listing.",
            server=answer.server,
            next_step="The server may still be loading; try again in a moment.",
        )
    return rows


def _playlist_row(mapper: Mapper, row: wire.Item) -> wire.Item:
    """The row itself: what it becomes takes questions to the server."""
    if text_id(row.id) is None:
        raise ValueError("it has no id")
    return row


def _id_alone(mapper: Mapper, row: wire.ItemId) -> str:
    native = text_id(row.id)
    if native is None:
        raise ValueError("it has no id")
    return native


ARTISTS: Final[Reader[Artist]] = _RowReader(row=wire.Item, to_model=Mapper.artist)
ALBUMS: Final[Reader[Album]] = _RowReader(row=wire.Item, to_model=Mapper.album)
TRACKS: Final[Reader[Track]] = _RowReader(row=wire.Track, to_model=Mapper.track)
IDS: Final[Reader[str]] = _RowReader(row=wire.ItemId, to_model=_id_alone)
PLAYLISTS: Final[Reader[wire.Item]] = _RowReader(row=wire.Item, to_model=_playlist_row)
ENTRIES: Final[Reader[PlaylistEntry]] = _EntryReader()
READERS: Final[dict[Kind, Reader[Item]]] = {
    Kind.ARTIST: ARTISTS,
    Kind.ALBUM: ALBUMS,
    Kind.TRACK: TRACKS,
}
