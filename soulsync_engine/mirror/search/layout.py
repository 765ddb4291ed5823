"""Which texts of which items are in the index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Table, column, table
from sqlalchemy.sql.expression import TableClause

from soulsync_engine.mirror import schema
from soulsync_engine.models import Kind

RANKED: Final = 200
"""How many hits of one kind are looked at. A text that fits more of them hardly tells them apart."""


@dataclass(frozen=True, slots=True)
class Index:
    """The index of one kind: its columns, the first of which names the item, and where the items are."""

    kind: Kind
    items: Table
    texts: TableClause
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.texts.name

    @property
    def title(self) -> Column[str]:
        """What names the item, as it is stored."""
        return self.items.c[self.columns[0]]

    @property
    def reaches(self) -> tuple[tuple[str, ...], ...]:
        """The columns that words may be in, the fewest first."""
        return tuple(self.columns[: place + 1] for place in range(len(self.columns)))


def _index(kind: Kind, items: Table, *columns: str) -> Index:
    texts = table(f"{items.name}_search", *(column(name) for name in ("rowid", *columns)))
    return Index(kind, items, texts, columns)


INDEXES: Final = {
    Kind.ARTIST: _index(Kind.ARTIST, schema.artists, "name"),
    Kind.ALBUM: _index(Kind.ALBUM, schema.albums, "title", "artists"),
    Kind.TRACK: _index(Kind.TRACK, schema.tracks, "title", "artists", "album"),
}
