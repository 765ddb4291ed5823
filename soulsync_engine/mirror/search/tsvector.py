"""The index in PostgreSQL: one table of text vectors for each kind, with an inverted index over all of its columns.

The vectors are made of our own words, not by PostgreSQL's parser, so that both databases find the same. They say which
words there are, not where; so the first word of a title is in its vector once more, as one that begins it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, bindparam, case, cast, func, literal_column
from sqlalchemy.dialects.postgresql import TSQUERY

from soulsync_engine.mirror.search.layout import Index
from soulsync_engine.mirror.search.tokens import SEPARATOR, Entry

# PostgreSQL refuses longer words (2 kB), and nobody types one of this length.
_WORD_LENGTH: Final = 500
# No word that is asked for begins with this.
_FIRST: Final = "\x02"

needs_items: Final = True
"""Whether hits are found and ranked with the help of the items: the vectors have no text."""


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
    for uid, title, *texts in entries:
        words = _words(str(title))
        starting = [_FIRST + word for word in words[:1]]
        yield uid, " ".join(words + starting), *[" ".join(_words(str(text))) for text in texts]


def joined(names: ColumnElement[str]) -> ColumnElement[Any]:
    """Many texts as one, with separators."""
    return func.string_agg(names, literal_column(f"chr({ord(SEPARATOR)})"))


def matches(index: Index) -> ColumnElement[bool]:
    """That an item is a hit. What is asked for are the parameters of `asked`."""
    return _holds(index, index.columns, "hit")


def length(index: Index) -> ColumnElement[int]:
    """How long the title is."""
    return func.coalesce(func.length(index.title), 0)


def tier(index: Index) -> ColumnElement[int]:
    """How well a hit fits: 0 when its title begins with the first of the words, else by where all of them are."""
    starts = _holds(index, index.columns[:1], "starting")
    within = [(_holds(index, columns, "all"), place) for place, columns in enumerate(index.reaches[:-1], 1)]
    return case((starts, 0), *within, else_=len(index.reaches))


def asked(index: Index, words: Sequence[str], *, starting: bool) -> Mapping[str, str]:
    """The parameters of `matches` and `tier`. With `starting` hits are only titles that begin with the first word."""
    every = " & ".join(map(_quoted, words))
    beginning = f"{every} & {_quoted(_FIRST + words[0])}"
    return {"hit": beginning if starting else every, "all": every, "starting": beginning}


def _holds(index: Index, columns: Sequence[str], parameter: str) -> ColumnElement[bool]:
    vectors = " || ".join(f"{index.name}.{column}" for column in columns)
    vector: ColumnElement[Any] = literal_column(vectors).self_group()
    return vector.op("@@")(cast(bindparam(parameter, type_=Text), TSQUERY))


def _words(text: str) -> list[str]:
    return [word[:_WORD_LENGTH] for word in text.replace("\0", " ").split()]


def _quoted(word: str) -> str:
    escaped = word[:_WORD_LENGTH].replace("\0", "").replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}':*"
