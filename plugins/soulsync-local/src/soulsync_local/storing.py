"""Turning the files of album folders into rows: what was read, and the albums they make."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from soulsync_local.grouping import group_folder
from soulsync_local.ids import track_id
from soulsync_local.naming import display
from soulsync_local.pagerows import PageRows
from soulsync_local.plan import Group
from soulsync_local.reading import Reading
from soulsync_local.records import NO_TAGS, decode_tags, encode
from soulsync_local.snapshot import RULES
from soulsync_local.tags.values import ProblemReason
from soulsync_local.walk import Entry, path_of
from soulsync_local.writing import Batch, NewRow

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


_STORED: Final = (
    "SELECT path, tags, added, mtime_ns, id, size, problem, album, owners, inode, device, rules, again FROM file "
    "WHERE library = ? AND folder = ?"
)


def store_groups(
    connection: sqlite3.Connection,
    groups: Sequence[tuple[Group, Sequence[Reading]]],
    moment: Moment,
    generation: int,
    page: PageRows | None,
) -> bool:
    """Store groups of one library, each after its files were read, and tell whether any item changed.

    The readings are those of `group.reads`, in that order. A missing file is left out. `page` is given what is stored.
    """
    if not groups:
        return False
    batch = Batch(connection, groups[0][0].root.library, generation)
    for group, readings in groups:
        _add_group(batch, group, readings, moment, page)
    batch.write()
    return batch.changed


def _add_group(
    batch: Batch, group: Group, readings: Sequence[Reading], moment: Moment, page: PageRows | None
) -> None:
    library, folder, root_name = group.root.library, group.folder, group.root.name
    rows = _rows(batch.connection, group, readings, moment)
    parts = group_folder(library, folder, root_name, [row for row in rows if row.problem is None])
    for part in parts:
        owners = encode([(artist.id, artist.name) for artist in part.artists])
        for row in part.files:
            row.album, row.owners = part.id, owners
    batch.add_files(rows)
    batch.add_parts(group, parts)
    if page is not None:
        page.add(library, rows)


def _rows(
    connection: sqlite3.Connection, group: Group, readings: Sequence[Reading], moment: Moment
) -> list[NewRow]:
    """The files of the folder, in path order, not grouped yet."""
    if not group.known:
        return [
            _row(connection, group, entry, reading, moment, None)
            for entry, reading in zip(group.reads, readings, strict=True)
            if reading.reason != "missing"
        ]
    rows = {row.path: row for row in _stored_rows(connection, group)}
    for entry, reading in zip(group.reads, readings, strict=True):
        if reading.reason != "missing":
            rows[entry.path] = _row(connection, group, entry, reading, moment, rows.get(entry.path))
    return sorted(rows.values(), key=path_of)


def _stored_rows(connection: sqlite3.Connection, group: Group) -> Iterator[NewRow]:
    library, folder = group.root.library, group.folder
    for (
        path, tags, added, updated, id, size, problem, album, owners, inode, device, rules, again
    ) in connection.execute(_STORED, (library, folder)):  # fmt: skip
        yield NewRow(
            path,
            NO_TAGS if tags is None else decode_tags(tags),
            added,
            updated,
            id,
            library,
            folder,
            size,
            problem,
            encoded_tags=tags,
            inode=inode,
            device=device,
            rules=rules,
            again=again,
            read=False,
            stored=(size, updated, tags, problem, album, owners),
        )


def _row(
    connection: sqlite3.Connection,
    group: Group,
    entry: Entry,
    reading: Reading,
    moment: Moment,
    known: NewRow | None,
) -> NewRow:
    library, path, mtime_ns, tags = group.root.library, entry.path, entry.mtime_ns, reading.tags
    return NewRow(
        path,
        NO_TAGS if tags is None else decode_tags(tags),
        known.added if known else moment.added(mtime_ns),
        mtime_ns,
        known.id if known else _new_id(connection, library, path, moment),
        library,
        group.folder,
        entry.size,
        None if reading.reason is None else _problem(entry, reading.reason, reading.detail),
        encoded_tags=tags,
        inode=entry.inode,
        device=entry.device,
        rules=RULES,
        again=reading.reason == "unreadable" or moment.is_young(mtime_ns),
        read=True,
        stored=known.stored if known else None,
    )


def _problem(entry: Entry, reason: ProblemReason, detail: str) -> str:
    return f"{display(entry.path)!r} is {_WORDS[reason]}: {detail}"


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
