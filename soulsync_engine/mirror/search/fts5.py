"""The index in SQLite: one FTS5 table for each kind, searched for all words by their beginnings, ranked by BM25."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, Label, Select, func, literal_column, select

from soulsync_engine.mirror.search.layout import RANKED, Index
from soulsync_engine.mirror.search.tokens import SEPARATOR, Entry


def fill(index: Index) -> str:
    """The statement that puts an entry in."""
    columns = ", ".join(("rowid", *index.columns))
    return f"INSERT INTO {index.name} ({columns}) VALUES ({', '.join('?' * (len(index.columns) + 1))})"


def clear(index: Index) -> str:
    """The statement that takes an entry out."""
    return f"DELETE FROM {index.name} WHERE rowid = ?"


def rows(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Entries as `fill` takes them."""
    return entries


def joined(names: ColumnElement[str]) -> ColumnElement[Any]:
    """Many texts as one, with separators."""
    return func.group_concat(names, literal_column(f"char({ord(SEPARATOR)})"))


def hits(index: Index, words: Sequence[str], conditions: Sequence[ColumnElement[bool]]) -> Select[int, float]:
    """The uids and scores of the first `RANKED` items that have all these words, in no order."""
    expression = " ".join('"' + word.replace('"', '""') + '" *' for word in words)
    weights = ", ".join(str(weight) for weight in index.weights)
    rank: Label[float] = literal_column(f"-bm25({index.name}, {weights})", Float()).label("score")
    return (
        select(index.items.c.uid, rank)
        .join_from(index.texts, index.items, index.items.c.uid == index.texts.c.rowid)
        .where(literal_column(index.name).op("MATCH")(expression), *conditions)
        .order_by(index.texts.c.rowid)
        .limit(RANKED)
    )
