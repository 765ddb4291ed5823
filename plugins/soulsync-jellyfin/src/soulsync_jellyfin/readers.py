"""How the rows of a listing are read: what they are on the wire, and what they become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from soulsync_engine.http import HttpAnswer, decode_items, decode_listing
from soulsync_engine.models import Album, Artist, Item, Kind, Problem, Track
from soulsync_jellyfin import wire
from soulsync_jellyfin.mapper import TYPES, Mapper
from soulsync_jellyfin.values import text_id

W = TypeVar("W", wire.Item, wire.Track, wire.ItemId)
M_co = TypeVar("M_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage(Generic[M_co]):
    """A page as the server sent it. `count` is how many rows it has, None where the JSON holds no listing.

    `strange` is the type of a row that is of another kind than the page was asked for.
    """

    items: tuple[M_co, ...]
    problems: tuple[Problem, ...]
    count: int | None
    total: int | None
    start: int | None
    strange: str | None = None


class Reader(Protocol[M_co]):
    """Reads pages of rows of one type."""

    def read(self, answer: HttpAnswer, mapper: Mapper, kind: Kind) -> ReadPage[M_co]:
        """The rows of an answer, mapped. One that cannot be read is a problem of the page."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowReader(Generic[W, M_co]):
    """`to_model` raises `ValueError` for a row that makes no sense."""

    row: type[W]
    page: type[wire.Result[W]]
    to_model: Callable[[Mapper, W], M_co]

    def read(self, answer: HttpAnswer, mapper: Mapper, kind: Kind) -> ReadPage[M_co]:
        result = decode_listing(answer, self.page, wire.Result[msgspec.Raw])
        wanted = TYPES[kind]
        strange = (
            row.type
            for row in result.items or ()
            if not isinstance(row, msgspec.Raw) and row.type not in (None, wanted)
        )
        decoded = decode_items(result.items, self.row, partial(self.to_model, mapper), kind=kind, id_key="Id")
        return ReadPage(
            items=decoded.items,
            problems=decoded.problems,
            count=None if result.items is None else len(result.items),
            total=result.total_record_count,
            start=result.start_index,
            strange=next(strange, None),
        )


def _id_alone(mapper: Mapper, row: wire.ItemId) -> str:
    native = text_id(row.id)
    if native is None:
        raise ValueError("it has no id")
    return native


ARTISTS: Final[Reader[Artist]] = _RowReader(
    row=wire.Item, page=wire.Result[wire.Item], to_model=Mapper.artist
)
ALBUMS: Final[Reader[Album]] = _RowReader(row=wire.Item, page=wire.Result[wire.Item], to_model=Mapper.album)
TRACKS: Final[Reader[Track]] = _RowReader(row=wire.Track, page=wire.Result[wire.Track], to_model=Mapper.track)
IDS: Final[Reader[str]] = _RowReader(row=wire.ItemId, page=wire.Result[wire.ItemId], to_model=_id_alone)
READERS: Final[dict[Kind, Reader[Item]]] = {
    Kind.ARTIST: ARTISTS,
    Kind.ALBUM: ALBUMS,
    Kind.TRACK: TRACKS,
}
