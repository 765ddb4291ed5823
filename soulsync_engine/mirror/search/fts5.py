"""The index in SQLite: one FTS5 table for each kind, searched for all words by their beginnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, func, literal, literal_column

from soulsync_engine.mirror.search.layout import Index
from soulsync_engine.mirror.search.tokens import SEPARATOR, Entry

_WEIGHED: Final = 4
"""How many words tell how well a hit fits. As many for every text, so that there is one statement for all of them."""

needs_items: Final = False
"""Whether hits are found and ranked with the help of the items."""


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


def matches(index: Index) -> ColumnElement[bool]:
    """That an item is a hit. What is asked for are the parameters of `asked`."""
    return literal_column(index.name).op("MATCH")(bindparam("expression", type_=Text))


def length(index: Index) -> ColumnElement[int]:
    """How long the title is. It is read from the text, since to read the items as well takes as long again."""
    return func.length(index.texts.c[index.columns[0]])


def tier(index: Index) -> ColumnElement[int]:
    """How well a hit fits: 0 when its title begins with the first word, else by where the words are."""
    title = literal(" ") + index.texts.c[index.columns[0]]
    starts = and_(func.instr(title, bindparam("word_0")) == 1, _holds(index, index.columns[:1]))
    within = [(_holds(index, columns), place) for place, columns in enumerate(index.reaches[:-1], 1)]
    return case((starts, 0), *within, else_=len(index.reaches))


def asked(index: Index, words: Sequence[str], *, starting: bool) -> Mapping[str, str]:
    """The parameters of `matches` and `tier`. With `starting` hits are only titles that begin with the first word."""
    beginnings = ['"' + word.replace('"', '""') + '" *' for word in words]
    # That the title begins with the first word implies that the word is there: asked twice, it is looked up twice.
    first = f"({index.columns[0]} : ^ {beginnings[0]})" if starting else beginnings[0]
    expression = " AND ".join([first, *beginnings[1:]])
    # The blank before the first word of a text is in every text.
    places = [f" {word}" for word in words[:_WEIGHED]] + [" "] * (_WEIGHED - len(words))
    return {"expression": expression} | {f"word_{place}": word for place, word in enumerate(places)}


def _holds(index: Index, columns: Sequence[str]) -> ColumnElement[bool]:
    # The texts are words with one blank between them.
    text = reduce(add, (literal(" ") + index.texts.c[name] for name in columns))
    return and_(*(func.instr(text, bindparam(f"word_{place}")) > 0 for place in range(_WEIGHED)))
