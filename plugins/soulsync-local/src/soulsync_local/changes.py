"""What changed since a token, and what was added last.

A token is the digest of each library's tree, as `change_token` finds it. The index remembers which generation of it
held which digest, so that a token that a host kept leads to the items that are newer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from soulsync_engine.models import ChangedPage, Item, Kind, Page, Problem, Scope
from soulsync_engine.plugin import ConflictError
from soulsync_local import cursors, queries
from soulsync_local.cursors import AddedCursor, IdCursor
from soulsync_local.library import LocalLibrary, walk_problems
from soulsync_local.listing import scope_key
from soulsync_local.snapshot import Snapshot

_PREFIX: Final = "local1:"

_NEWER: Final = {
    Kind.TRACK: "SELECT id FROM file WHERE library = ?1 AND generation > ?2 AND problem IS NULL",
    Kind.ALBUM: "SELECT album FROM part WHERE library = ?1 AND generation > ?2 "
    "UNION SELECT album FROM part JOIN touched ON touched.id = part.album "
    "WHERE touched.library = ?1 AND touched.generation > ?2 AND touched.kind = 'album'",
    Kind.ARTIST: "SELECT artist FROM credit JOIN part ON part.album = credit.album AND part.folder = credit.folder "
    "WHERE part.library = ?1 AND part.generation > ?2 "
    "UNION SELECT artist FROM credit JOIN touched ON touched.id = credit.artist "
    "WHERE touched.library = ?1 AND touched.generation > ?2 AND touched.kind = 'artist'",
}

_GONE: Final = {
    Kind.TRACK: "SELECT DISTINCT id FROM touched WHERE library = ?1 AND generation > ?2 AND kind = 'track' "
    "AND id NOT IN (SELECT id FROM file WHERE library = ?1)",
    Kind.ALBUM: "SELECT DISTINCT id FROM touched WHERE library = ?1 AND generation > ?2 AND kind = 'album' "
    "AND id NOT IN (SELECT album FROM part WHERE library = ?1)",
    Kind.ARTIST: "SELECT DISTINCT id FROM touched WHERE library = ?1 AND generation > ?2 AND kind = 'artist' "
    "AND id NOT IN (SELECT artist FROM credit WHERE library = ?1)",
}

_BAD: Final = "SELECT id, problem FROM file WHERE library = ?1 AND generation > ?2 AND problem IS NOT NULL"

_ADDED: Final = {
    Kind.TRACK: "SELECT id, added FROM file WHERE library IN (SELECT value FROM json_each(?1)) AND problem IS NULL "
    "AND (added, id) < (?2, ?3) ORDER BY added DESC, id DESC LIMIT ?4",
    Kind.ALBUM: "SELECT album, min(added) AS first FROM part WHERE library IN (SELECT value FROM json_each(?1)) "
    "GROUP BY album HAVING (first, album) < (?2, ?3) ORDER BY first DESC, album DESC LIMIT ?4",
    Kind.ARTIST: "SELECT artist, min(part.added) AS first FROM credit "
    "JOIN part ON part.album = credit.album AND part.folder = credit.folder "
    "WHERE credit.library IN (SELECT value FROM json_each(?1)) "
    "GROUP BY artist HAVING (first, artist) < (?2, ?3) ORDER BY first DESC, artist DESC LIMIT ?4",
}

_END_OF_TIME: Final = 2**63 - 1


def token_of(snapshot: Snapshot) -> str:
    """The token of a state of the files: a pure function of paths and stat values."""
    return _PREFIX + ",".join(f"{library}={digest}" for library, digest in sorted(snapshot.digests.items()))


def changed_page(
    library: LocalLibrary, kind: Kind, scope: Scope, since: str, cursor: str | None, limit: int
) -> ChangedPage[Item]:
    """Items newer than a token, in the order of ids; the first page tells what is gone and what cannot be read."""
    roots = library.of_scope(scope)
    key = scope_key(roots)
    # A cursor goes on in the listing of this very token only.
    what = f"{kind} since {since}"
    problems: tuple[Problem, ...] = ()
    after, total = "", None
    tokens = _parse(since, {root.library for root in roots})
    if cursor is None:
        problems = walk_problems(library.current(scope).snapshot)
    else:
        at = cursors.read_id(cursor, key, what)
        after, total = at.after, at.total
    removed: list[str] = []
    with library.index.read() as connection:
        generations = {one: _generation(connection, one, digest) for one, digest in tokens.items()}
        ids = sorted({id for one in generations.items() for (id,) in connection.execute(_NEWER[kind], one)})
        if cursor is None:
            removed = [id for one in generations.items() for (id,) in connection.execute(_GONE[kind], one)]
            if kind is Kind.TRACK:
                problems += _bad(connection, generations)
            total = len(ids) + len(problems)
        rest = [id for id in ids if id > after]
        items = queries.items(connection, library.mapper, kind, rest[:limit])
    following = IdCursor(key, what, rest[limit - 1], total or 0) if len(rest) > limit else None
    return ChangedPage(
        items=items,
        next_cursor=None if following is None else cursors.write(following),
        total=total,
        problems=problems,
        removed=tuple(removed),
    )


def recent_page(
    library: LocalLibrary, kind: Kind, scope: Scope, cursor: str | None, limit: int
) -> Page[Item]:
    """Items by the time they were added, the latest first; equal times in the order of ids, backwards."""
    roots = library.of_scope(scope)
    key = scope_key(roots)
    what = str(kind)
    libraries: Sequence[str] = [root.library for root in roots]
    problems: tuple[Problem, ...] = ()
    added, after, total = _END_OF_TIME, "", None
    if cursor is None:
        problems = walk_problems(library.current(scope).snapshot)
    else:
        at = cursors.read_added(cursor, key, what)
        added, after, total = at.added, at.after, at.total
    with library.index.read() as connection:
        if total is None:
            total = queries.count(connection, kind, libraries) + len(problems)
        rows = connection.execute(
            _ADDED[kind], (queries.json_list(libraries), added, after, limit + 1)
        ).fetchall()
        items = queries.items(connection, library.mapper, kind, [id for id, _ in rows[:limit]])
    following = None
    if len(rows) > limit:
        id, added = rows[limit - 1]
        following = cursors.write(AddedCursor(key, what, added, id, total))
    return Page(items=items, next_cursor=following, total=total, problems=problems)


def _bad(connection: sqlite3.Connection, generations: Mapping[str, int]) -> tuple[Problem, ...]:
    return tuple(
        Problem(kind=Kind.TRACK, id=id, reason=reason)
        for one in generations.items()
        for id, reason in connection.execute(_BAD, one)
    )


def _generation(connection: sqlite3.Connection, library: str, digest: str) -> int:
    row = connection.execute(
        "SELECT generation FROM state WHERE library = ? AND digest = ?", (library, digest)
    ).fetchone()
    if row is None:
        _refuse("is not remembered: the files were not read in that state, or it is too long ago")
    return int(row[0])


def _parse(token: str, libraries: set[str]) -> dict[str, str]:
    if not token.startswith(_PREFIX):
        _refuse("is not one of this backend")
    pairs = [pair.partition("=") for pair in token.removeprefix(_PREFIX).split(",") if pair]
    tokens = {library: digest for library, _, digest in pairs}
    if tokens.keys() != libraries:
        _refuse("belongs to other libraries")
    return tokens


def _refuse(why: str) -> NoReturn:
    raise ConflictError(f"The change token {why}.", next_step="Read everything instead.")
