"""Which texts of which items are in the index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table, column, table
from sqlalchemy.sql.expression import TableClause

from soulsync_engine.mirror import schema
from soulsync_engine.models import Kind

RANKED: Final = 10_000
"""How many hits of one kind are ranked. A word that more items have hardly tells them apart, and ranking is slow."""


@dataclass(frozen=True, slots=True)
class Index:
    """The index of one kind: its columns, what each weighs in the order of hits, and where the items are."""

    kind: Kind
    items: Table
    texts: TableClause
    columns: tuple[str, ...]
    weights: tuple[float, ...]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.texts.name


def _index(kind: Kind, items: Table, columns: dict[str, float]) -> Index:
    texts = table(f"{items.name}_search", *(column(name) for name in ("rowid", *columns)))
    return Index(kind, items, texts, tuple(columns), tuple(columns.values()))


INDEXES: Final = {
    Kind.ARTIST: _index(Kind.ARTIST, schema.artists, {"name": 10.0}),
    Kind.ALBUM: _index(Kind.ALBUM, schema.albums, {"title": 10.0, "artists": 5.0}),
    Kind.TRACK: _index(Kind.TRACK, schema.tracks, {"title": 10.0, "artists": 5.0, "album": 2.0}),
}
