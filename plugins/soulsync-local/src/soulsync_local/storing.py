"""Writing one album folder to the index: its files, the albums they make, and who is credited for those."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from soulsync_local.grouping import AlbumPart, GroupFile, album_title, artist_names, group_folder
from soulsync_local.ids import track_id
from soulsync_local.keys import search_key
from soulsync_local.naming import title_from_name
from soulsync_local.plan import Group
from soulsync_local.reading import Reading
from soulsync_local.records import PartRecord, decode_tags, encode
from soulsync_local.snapshot import RULES
from soulsync_local.walk import Entry

_YOUNG_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """When the tree was looked at (nanoseconds since 1970), whether for the first time, and what was known then."""

    taken_at: int
    first_scan: bool
    nothing_known: bool

    def is_young(self, mtime_ns: int) -> bool:
        """Whether a file was written so recently that another write may have left the same time stamp."""
        return abs(self.taken_at - mtime_ns) < _YOUNG_NS

    def added(self, mtime_ns: int) -> int:
        """When a file that was not known before counts as added.

        What is there when a library is scanned for the first time was added when it was written, as far as
        anybody can tell. Later the moment counts, because files keep an old date when they are moved in.
        """
        return min(mtime_ns, self.taken_at) if self.first_scan else self.taken_at


@dataclass(slots=True)
class _Row:
    """A file as it is to be stored. `stored` is what the index has of the item, None for a new file."""

    read: bool
    stored: tuple[object, ...] | None
    id: str
    path: bytes
    size: int
    mtime_ns: int
    inode: int
    device: int
    added: int
    rules: int
    again: bool
    tags: bytes | None
    problem: str | None

    def stat_values(self) -> tuple[object, ...]:
        return self.size, self.mtime_ns


_STORED = (
    "SELECT id, path, size, mtime_ns, inode, device, added, rules, again, tags, problem, "
    "album, owners, title_key, words FROM file WHERE library = ? AND folder = ?"
)

_Derived = tuple[str | None, bytes | None, str | None, str | None]
"""Album id, encoded owners, title key and words of a file."""


def store_group(
    connection: sqlite3.Connection,
    group: Group,
    readings: Sequence[Reading],
    moment: Moment,
    generation: int,
) -> bool:
    """Store the group after reading `group.reads`, and tell whether any item changed. A missing file is left out."""
    rows = _rows(connection, group, readings, moment)
    library, folder = group.root.library, group.folder
    files = [
        GroupFile(row.path, decode_tags(row.tags), row.added, row.mtime_ns)
        for _, row in sorted(rows.items())
        if row.tags is not None and row.problem is None
    ]
    parts = group_folder(library, folder, group.root.name, files)
    derived: dict[bytes, _Derived] = {}
    for part in parts:
        owners = encode([(artist.id, artist.name) for artist in part.artists])
        for file in part.files:
            title, words = _search_keys(file, folder, group.root.name)
            derived[file.path] = (part.id, owners, title, words)
    changed = _store_files(connection, group, rows, derived, generation)
    changed |= _store_parts(connection, group, parts, generation)
    if group.known:
        connection.execute("DELETE FROM regroup WHERE library = ? AND folder = ?", (library, folder))
    return changed


def _rows(
    connection: sqlite3.Connection, group: Group, readings: Sequence[Reading], moment: Moment
) -> dict[bytes, _Row]:
    rows: dict[bytes, _Row] = {}
    if group.known:
        for row in connection.execute(_STORED, (group.root.library, group.folder)):
            rows[row[1]] = _Row(False, (row[2], row[3], *row[9:]), *row[:11])
    for entry, reading in zip(group.reads, readings, strict=True):
        if reading.reason == "missing":
            continue
        known = rows.get(entry.path)
        rows[entry.path] = _Row(
            id=known.id if known else _new_id(connection, group.root.library, entry.path, moment),
            path=entry.path,
            size=entry.size,
            mtime_ns=entry.mtime_ns,
            inode=entry.inode,
            device=entry.device,
            added=known.added if known else moment.added(entry.mtime_ns),
            rules=RULES,
            again=reading.reason == "unreadable" or moment.is_young(entry.mtime_ns),
            tags=reading.tags,
            problem=_problem(entry, reading),
            stored=known.stored if known else None,
            read=True,
        )
    return rows


def _problem(entry: Entry, reading: Reading) -> str | None:
    if reading.reason is None:
        return None
    return f"{entry.path.decode('utf-8', 'replace')!r} is {_WORDS[reading.reason]}: {reading.detail}"


_WORDS: Mapping[str, str] = {
    "unreadable": "not readable",
    "empty": "empty",
    "damaged": "damaged",
    "not-audio": "no audio file",
}


def _new_id(connection: sqlite3.Connection, library: str, path: bytes, moment: Moment) -> str:
    """The id of a new file; the plain one unless a file that has moved on was first seen at this very path."""
    attempt = 0
    while True:
        id = track_id(library, path, attempt)
        if (
            moment.nothing_known
            or not connection.execute("SELECT 1 FROM file WHERE id = ?", (id,)).fetchone()
        ):
            return id
        attempt += 1


def _search_keys(file: GroupFile, folder: bytes, root_name: str) -> tuple[str, str]:
    """The keys of the title, and of everything a search looks into."""
    title = search_key(file.tags.title or title_from_name(file.path))
    others = (*artist_names(file.tags, folder, root_name), album_title(file.tags, folder, root_name))
    return title, " ".join((title, *map(search_key, others)))


def _store_files(
    connection: sqlite3.Connection,
    group: Group,
    rows: Mapping[bytes, _Row],
    derived: Mapping[bytes, _Derived],
    generation: int,
) -> bool:
    changed = False
    values = []
    for path, row in rows.items():
        shown = derived.get(path, (None, None, None, None))
        same = row.stored == (*row.stat_values(), row.tags, row.problem, *shown)
        if same and not row.read:
            continue
        changed |= not same
        values.append(
            (
                row.id, group.root.library, path, row.size, row.mtime_ns, row.inode, row.device, row.added,
                group.folder, row.rules, row.again, row.tags, row.problem, *shown, generation, same,
            )
        )  # fmt: skip
    connection.executemany(
        "INSERT INTO file (id, library, path, size, mtime_ns, inode, device, added, folder, rules, again, tags, "
        "problem, album, owners, title_key, words, generation) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) "
        "ON CONFLICT (library, path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, "
        "inode = excluded.inode, device = excluded.device, folder = excluded.folder, rules = excluded.rules, "
        "again = excluded.again, tags = excluded.tags, problem = excluded.problem, album = excluded.album, "
        "owners = excluded.owners, title_key = excluded.title_key, words = excluded.words, "
        "generation = CASE WHEN ?19 THEN generation ELSE excluded.generation END",
        values,
    )
    return changed


def _store_parts(
    connection: sqlite3.Connection, group: Group, parts: Sequence[AlbumPart], generation: int
) -> bool:
    library, folder = group.root.library, group.folder
    stored: dict[str, tuple[object, ...]] = {}
    if group.known:
        stored = {
            album: (body, tracks, added)
            for album, body, tracks, added in connection.execute(
                "SELECT album, body, tracks, added FROM part WHERE library = ? AND folder = ?",
                (library, folder),
            )
        }
    changed = False
    for part in parts:
        body = encode(_record(part))
        if stored.pop(part.id, None) == (body, len(part.files), part.added):
            continue
        changed = True
        _touch_artists(connection, part.id, folder, library, generation)
        title = search_key(part.title)
        words = " ".join(map(search_key, (part.title, *(artist.name for artist in part.artists))))
        connection.execute(
            "INSERT OR REPLACE INTO part (album, library, folder, body, tracks, title_key, words, added, generation) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (part.id, library, folder, body, len(part.files), title, words, part.added, generation),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO credit (artist, album, folder, library, name, words, musicbrainz_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (one.id, part.id, folder, library, one.name, search_key(one.name), one.musicbrainz_id)
                for one in part.artists
            ),
        )
    _remove_parts(connection, stored, library, folder, generation)
    return changed or bool(stored)


def _remove_parts(
    connection: sqlite3.Connection, albums: Iterable[str], library: str, folder: bytes, generation: int
) -> None:
    for album in albums:
        _touch_artists(connection, album, folder, library, generation)
        connection.execute("DELETE FROM part WHERE album = ? AND folder = ?", (album, folder))
        connection.execute("DELETE FROM credit WHERE album = ? AND folder = ?", (album, folder))
        connection.execute(
            "INSERT INTO touched (kind, id, library, generation) VALUES ('album', ?, ?, ?)",
            (album, library, generation),
        )


def _touch_artists(
    connection: sqlite3.Connection, album: str, folder: bytes, library: str, generation: int
) -> None:
    """Remember who was credited on a part that changes or goes: their counts change, or they go too."""
    connection.execute(
        "INSERT INTO touched (kind, id, library, generation) "
        "SELECT 'artist', artist, ?, ? FROM credit WHERE album = ? AND folder = ?",
        (library, generation, album, folder),
    )


def _record(part: AlbumPart) -> PartRecord:
    ids = tuple(artist.musicbrainz_id for artist in part.artists)
    return PartRecord(
        title=part.title,
        artists=tuple((artist.id, artist.name) for artist in part.artists),
        year=part.year,
        genres=part.genres,
        compilation=part.compilation,
        discs=part.discs,
        duration_ms=part.duration_ms,
        release_id=part.release_id,
        release_group_id=part.release_group_id,
        # Their order is that of the artists, so they are all there or none is.
        album_artist_ids=tuple(one for one in ids if one) if all(ids) else (),
        updated=part.updated,
    )
