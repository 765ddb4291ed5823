"""What a search for tracks looks into, made when the first one is asked for and kept in the index from then on.

A host that has a mirror searches there, and then a scan need not make it at all. A row whose file was read again or
moved has none either, so that what is there always fits the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from soulsync_local.grouping import album_title, artist_names
from soulsync_local.index import Index
from soulsync_local.keys import search_key
from soulsync_local.naming import title_from_name
from soulsync_local.queries import json_list
from soulsync_local.records import decode_tags
from soulsync_local.tags.values import FileTags

_FLUSH: Final = 2000
"""Rows in one transaction, so that nobody waits long who wants to write meanwhile."""

_WITHOUT: Final = (
    "SELECT rowid, library, path, folder, tags FROM file WHERE library IN (SELECT value FROM json_each(?)) "
    "AND problem IS NULL AND title_key IS NULL AND rowid > ? ORDER BY rowid LIMIT ?"
)
_STORE: Final = "UPDATE file SET title_key = ?, words = ? WHERE rowid = ?"


def make_keys(index: Index, root_names: Mapping[str, str]) -> None:
    """Make the keys of all tracks that have none, in the libraries with these ids; the values are the roots' names."""
    libraries = json_list(root_names)
    last = 0
    while True:
        # Read and written in one transaction, so that the keys are those of what the row holds then.
        with index.write() as connection:
            rows = connection.execute(_WITHOUT, (libraries, last, _FLUSH)).fetchall()
            connection.executemany(
                _STORE,
                [
                    (*_keys(decode_tags(tags), path, folder, root_names[library]), row)
                    for row, library, path, folder, tags in rows
                ],
            )
        if len(rows) < _FLUSH:
            return
        last = rows[-1][0]


def _keys(tags: FileTags, path: bytes, folder: bytes, root_name: str) -> tuple[str, str]:
    """The key of the title, and those of everything a search looks into."""
    title = search_key(tags.title or title_from_name(path))
    names = (*artist_names(tags, folder, root_name), album_title(tags, folder, root_name))
    return title, " ".join((title, *map(search_key, names)))
