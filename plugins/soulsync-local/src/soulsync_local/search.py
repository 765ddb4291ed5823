"""Search in the index: every word of the query somewhere in title, artists or album; case and accents do not matter."""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from soulsync_engine.models import Kind, Scope, SearchResult
from soulsync_local import queries
from soulsync_local.keys import search_key
from soulsync_local.library import LocalLibrary

# The title itself comes first, then titles that begin with the query, hold it, and those where only the words are met.
_RANK: Final = (
    "CASE WHEN {title} = ?1 THEN 0 WHEN substr({title}, 1, length(?1)) = ?1 THEN 1 "
    "WHEN instr({title}, ?1) THEN 2 ELSE 3 END"
)
_ALL_WORDS: Final = "NOT EXISTS (SELECT 1 FROM json_each(?2) AS word WHERE NOT instr({words}, word.value))"

_HITS: Final = {
    Kind.TRACK: (
        f"SELECT id FROM file WHERE library IN (SELECT value FROM json_each(?3)) AND problem IS NULL "
        f"AND {_ALL_WORDS.format(words='words')} "
        f"ORDER BY {_RANK.format(title='title_key')}, length(title_key), title_key, id LIMIT ?4"
    ),
    Kind.ALBUM: (
        f"SELECT album FROM part WHERE library IN (SELECT value FROM json_each(?3)) "
        f"AND {_ALL_WORDS.format(words='words')} GROUP BY album "
        f"ORDER BY min({_RANK.format(title='title_key')}), min(length(title_key)), min(title_key), album LIMIT ?4"
    ),
    Kind.ARTIST: (
        f"SELECT artist FROM credit WHERE library IN (SELECT value FROM json_each(?3)) "
        f"AND {_ALL_WORDS.format(words='words')} GROUP BY artist "
        f"ORDER BY min({_RANK.format(title='words')}), min(length(words)), min(words), artist LIMIT ?4"
    ),
}


def search(
    library: LocalLibrary, query: str, kinds: frozenset[Kind], scope: Scope, limit: int
) -> SearchResult:
    """The best hits of each kind. A query without a word finds nothing."""
    libraries = [root.library for root in library.of_scope(scope)]
    key = search_key(query)
    if not key or limit < 1:
        return SearchResult()
    library.known()
    with library.index.read() as connection:

        def hits(kind: Kind) -> list[str]:
            return _hits(connection, kind, key, libraries, limit) if kind in kinds else []

        return SearchResult(
            artists=tuple(queries.artists(connection, library.mapper, hits(Kind.ARTIST))),
            albums=tuple(queries.albums(connection, library.mapper, hits(Kind.ALBUM))),
            tracks=tuple(queries.tracks(connection, library.mapper, hits(Kind.TRACK))),
        )


def _hits(
    connection: sqlite3.Connection, kind: Kind, key: str, libraries: list[str], limit: int
) -> list[str]:
    words = msgspec.json.encode(key.split()).decode()
    rows = connection.execute(_HITS[kind], (key, words, queries.json_list(libraries), limit))
    return [id for (id,) in rows]
