"""The full-text index: written together with the items, brought up from the change feed, and searched.

`tokens` makes words of texts, the same way for what is indexed and for what is looked for. `fts5` and `tsvector` are
how SQLite and PostgreSQL keep and find them, `index` what both have in common.
"""

from soulsync_engine.mirror.search.index import (
    find,
    is_current,
    position_at,
    refresh_index,
    write_entries,
)
from soulsync_engine.mirror.search.layout import INDEXES
from soulsync_engine.mirror.search.tokens import Entry, entry_of

__all__ = [
    "INDEXES",
    "Entry",
    "entry_of",
    "find",
    "is_current",
    "position_at",
    "refresh_index",
    "write_entries",
]
