"""The index in PostgreSQL: one table of text vectors for each kind, with an inverted index over all of its columns.

The vectors are made of our own words, not by PostgreSQL's parser, so that both databases find the same. Ranked by the
columns in which the words are, and by how little else there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, Select, case, cast, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY

from soulsync_engine.mirror.search.layout import RANKED, Index
from soulsync_engine.mirror.search.tokens import SEPARATOR, Entry

# PostgreSQL refuses longer words (2 kB), and nobody types one of this length.
_WORD_LENGTH: Final = 500


def fill(index: Index) -> str:
    """The statement that puts an entry in."""
    columns = ", ".join(("rowid", *index.columns))
    vectors = ", ".join(["array_to_tsvector(string_to_array(%s, ' '))"] * len(index.columns))
    return f"INSERT INTO {index.name} ({columns}) VALUES (%s, {vectors})"


def clear(index: Index) -> str:
    """The statement that takes an entry out."""
    return f"DELETE FROM {index.name} WHERE rowid = %s"


def rows(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Entries as `fill` takes them: no empty words, none too long, no NUL characters."""
    return ((uid, *[_words(str(text)) for text in texts]) for uid, *texts in entries)


def joined(names: ColumnElement[str]) -> ColumnElement[Any]:
    """Many texts as one, with separators."""
    return func.string_agg(names, literal_column(f"chr({ord(SEPARATOR)})"))


def hits(index: Index, words: Sequence[str], conditions: Sequence[ColumnElement[bool]]) -> Select[int, float]:
    """The uids and scores of the first `RANKED` items that have all these words, in no order."""
    queries = [cast(literal(_quoted(word)), TSQUERY) for word in words]
    everything = cast(literal(" & ".join(map(_quoted, words))), TSQUERY)
    document: ColumnElement[Any] = literal_column(
        " || ".join(f"{index.name}.{column}" for column in index.columns)
    )
    parts = [
        case((index.texts.c[column].op("@@")(query), literal_column(str(weight))), else_=literal_column("0"))
        for query in queries
        for column, weight in zip(index.columns, index.weights, strict=True)
    ]
    length = func.length(index.texts.c[index.columns[0]])
    rank = cast(reduce(add, parts) / (1 + func.ln(1 + length)), Float).label("score")
    return (
        select(index.items.c.uid, rank)
        .join_from(index.texts, index.items, index.items.c.uid == index.texts.c.rowid)
        .where(document.self_group().op("@@")(everything), *conditions)
        .order_by(index.texts.c.rowid)
        .limit(RANKED)
    )


def _words(text: str) -> str:
    return " ".join(word[:_WORD_LENGTH] for word in text.replace("\0", " ").split())


def _quoted(word: str) -> str:
    escaped = word[:_WORD_LENGTH].replace("\0", "").replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}':*"
