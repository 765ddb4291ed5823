"""Search in the index: every word of the query somewhere in title, artists or album; case and accents do not matter."""

from __future__ import annotations

from typing import Final

import msgspec

from soulsync_engine.models import Kind, Scope, SearchResult
from soulsync_local import queries
from soulsync_local.keying import make_keys
from soulsync_local.keys import search_key
from soulsync_local.library import LocalLibrary

# The title itself comes first, then titles that begin with the query, hold it, and those where only the words are met.
_RANK: Final = (
    "CASE WHEN {title} = ?1 THEN 0 WHEN substr({title}, 1, length(?1)) = ?1 THEN 1 "
    "WHEN instr({title}, ?1) THEN 2 ELSE 3 END"
)
_ALL_WORDS: Final = "NOT EXISTS (SELECT 1 FROM json_each(?2) AS word WHERE NOT instr({words}, word.value))"

# What has no keys yet comes before everything else, so that it cannot be missed.
_TRACK_HITS: Final = (
    f"SELECT id, title_key IS NULL AS bare FROM file WHERE library IN (SELECT value FROM json_each(?3)) "
    f"AND problem IS NULL AND (title_key IS NULL OR {_ALL_WORDS.format(words='words')}) "
    f"ORDER BY bare DESC, {_RANK.format(title='title_key')}, length(title_key), title_key, id LIMIT ?4"
)

_HITS: Final = {
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
    root_names = {root.library: root.name for root in library.of_scope(scope)}
    key = search_key(query)
    if not key or limit < 1:
        return SearchResult()
    values = (key, msgspec.json.encode(key.split()).decode(), queries.json_list(root_names), limit)
    library.known()
    while True:
        found = _search(library, values, kinds)
        if found is not None:
            return found
        # Once more afterwards, because a scan may be storing more.
        make_keys(library.index, root_names)


def _search(
    library: LocalLibrary, values: tuple[str, str, str, int], kinds: frozenset[Kind]
) -> SearchResult | None:
    """The best hits of each kind; None when there are tracks without keys. `values` are those of the statements."""
    with library.index.read() as connection:
        tracks = connection.execute(_TRACK_HITS, values).fetchall() if Kind.TRACK in kinds else []
        if any(bare for _, bare in tracks):
            return None

        def hits(kind: Kind) -> list[str]:
            return [id for (id,) in connection.execute(_HITS[kind], values)] if kind in kinds else []

        return SearchResult(
            artists=tuple(queries.artists(connection, library.mapper, hits(Kind.ARTIST))),
            albums=tuple(queries.albums(connection, library.mapper, hits(Kind.ALBUM))),
            tracks=tuple(queries.tracks(connection, library.mapper, [id for id, _ in tracks])),
        )
