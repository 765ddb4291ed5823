"""Pages of tracks in path order, and pages of everything else in the order of ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TypeVar

from soulsync_engine.models import Album, Artist, Kind, Page, Problem, Scope, Track
from soulsync_local import cursors, queries
from soulsync_local.cursors import IdCursor, TrackCursor
from soulsync_local.ids import track_id
from soulsync_local.library import Listing, LocalLibrary, walk_problems
from soulsync_local.mapping import Mapper
from soulsync_local.naming import display
from soulsync_local.pagerows import PageRows
from soulsync_local.records import FILE_COLUMNS, FileRow, file_row
from soulsync_local.roots import Root
from soulsync_local.walk import Entry

_T = TypeVar("_T")

_FILES = f"SELECT {FILE_COLUMNS} FROM file WHERE library = ? AND path BETWEEN ? AND ?"
# For ids nothing has to be decoded.
_FILES_BARE = _FILES.replace(" tags,", " NULL,")


def scope_key(roots: Sequence[Root]) -> str:
    """What a cursor remembers of its scope."""
    return ",".join(sorted(root.library for root in roots))


def track_page(library: LocalLibrary, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
    """One page of tracks in path order, read from the files as far as they are not known yet."""
    return _track_page(library, scope, cursor, limit, _FILES, library.mapper.track)


def track_id_page(library: LocalLibrary, scope: Scope, cursor: str | None, limit: int) -> Page[str]:
    """As `track_page`, the ids alone."""
    return _track_page(library, scope, cursor, limit, _FILES_BARE, attrgetter("id"))


def _track_page(
    library: LocalLibrary,
    scope: Scope,
    cursor: str | None,
    limit: int,
    statement: str,
    item_of: Callable[[FileRow], _T],
) -> Page[_T]:
    key = scope_key(library.of_scope(scope))
    if cursor is None:
        listing = library.start_listing(scope)
        place, problems = None, walk_problems(listing.snapshot)
        total = listing.snapshot.files + len(problems)
    else:
        at = cursors.read_track(cursor, key)
        listing = library.find_listing(at.listing, scope)
        place, problems, total = (at.library, at.path), (), at.total
        if listing.id != at.listing:
            total = listing.snapshot.files + len(walk_problems(listing.snapshot))
    wanted = listing.snapshot.after(place, limit)
    if not wanted:
        listing.ingest.ensure(None)
        library.serve(listing.ingest)
        return Page(items=(), total=total, problems=problems, empty_proof=_empty_proof(listing, problems))
    root, entries = wanted[-1]
    last = (root.library, entries[-1].path)
    complete = last == listing.snapshot.last
    page = PageRows(wanted)
    listing.ingest.ensure(None if complete else last, page=page)
    items: list[_T] = []
    found = list(problems)
    with library.index.read() as connection:
        if not listing.ingest.is_alone(connection):
            page.clear()
        for root, entries in wanted:
            rows = _rows(connection, statement, root, entries, page.of(root.library))
            _collect(connection, root, entries, rows, item_of, items, found)
    if complete:
        library.serve(listing.ingest)
    following = TrackCursor(key, listing.id, *last, total)
    return Page(
        items=tuple(items),
        next_cursor=None if complete else cursors.write(following),
        total=total,
        problems=tuple(found),
    )


def _rows(
    connection: sqlite3.Connection,
    statement: str,
    root: Root,
    entries: Sequence[Entry],
    kept: Mapping[bytes, FileRow],
) -> Mapping[bytes, FileRow]:
    """The rows of these entries by path, those that were kept and those that are read."""
    unread = [entry.path for entry in entries if entry.path not in kept]
    if not unread:
        return kept
    read = map(file_row, connection.execute(statement, (root.library, unread[0], unread[-1])))
    return {**kept, **{row.path: row for row in read}}


def _collect(
    connection: sqlite3.Connection,
    root: Root,
    entries: Sequence[Entry],
    rows: Mapping[bytes, FileRow],
    item_of: Callable[[FileRow], _T],
    items: list[_T],
    problems: list[Problem],
) -> None:
    for entry in entries:
        row = rows.get(entry.path)
        if row is None:
            problems.append(_vanished(connection, root, entry))
        elif row.problem is not None:
            problems.append(Problem(kind=Kind.TRACK, id=row.id, reason=row.problem))
        else:
            items.append(item_of(row))


def _vanished(connection: sqlite3.Connection, root: Root, entry: Entry) -> Problem:
    id = track_id(root.library, entry.path)
    elsewhere = connection.execute("SELECT 1 FROM file WHERE id = ?", (id,)).fetchone()
    return Problem(
        kind=Kind.TRACK,
        id=None if elsewhere else id,
        reason=f"{display(entry.path)!r} went away while the files were being read",
    )


def _empty_proof(listing: Listing, problems: Sequence[Problem]) -> str | None:
    """The proofs of all roots, when all of them have one."""
    if listing.snapshot.files or problems:
        return None
    libraries = list(listing.snapshot.digests)
    proofs = [listing.ingest.empty_proofs[one] for one in libraries if one in listing.ingest.empty_proofs]
    return "; ".join(proofs) if proofs and len(proofs) == len(libraries) else None


def album_page(library: LocalLibrary, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
    """One page of albums in the order of their ids."""
    return _page(library, scope, Kind.ALBUM, cursor, limit, queries.albums)


def artist_page(library: LocalLibrary, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
    """One page of album artists in the order of their ids."""
    return _page(library, scope, Kind.ARTIST, cursor, limit, queries.artists)


def id_page(library: LocalLibrary, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[str]:
    """One page of ids, of albums or artists in the order of ids, of tracks in path order."""
    if kind is Kind.TRACK:
        return track_id_page(library, scope, cursor, limit)
    return _page(library, scope, kind, cursor, limit, _ids_as_they_are)


def _ids_as_they_are(_connection: sqlite3.Connection, _mapper: Mapper, ids: Sequence[str]) -> list[str]:
    return list(ids)


def _page(
    library: LocalLibrary,
    scope: Scope,
    kind: Kind,
    cursor: str | None,
    limit: int,
    load: Callable[[sqlite3.Connection, Mapper, list[str]], list[_T]],
) -> Page[_T]:
    roots = library.of_scope(scope)
    key = scope_key(roots)
    what = str(kind)
    libraries = [root.library for root in roots]
    problems: tuple[Problem, ...] = ()
    proof: str | None = None
    after, total = "", None
    if cursor is None:
        ingest = library.current(scope, kind)
        listing = Listing("", ingest)
        problems = walk_problems(ingest.snapshot)
        proof = _empty_proof(listing, problems)
    else:
        at = cursors.read_id(cursor, key, what)
        after, total = at.after, at.total
    with library.index.read() as connection:
        if total is None:
            total = queries.count(connection, kind, libraries) + len(problems)
        # One more than asked for tells whether this is the last page.
        ids = queries.ids_after(connection, kind, libraries, after, limit + 1)
        items = load(connection, library.mapper, ids[:limit])
    more = len(ids) > limit
    return Page(
        items=tuple(items),
        next_cursor=cursors.write(IdCursor(key, what, ids[limit - 1], total)) if more else None,
        total=total,
        problems=problems,
        empty_proof=proof if not items else None,
    )
