"""Turning the files of album folders into rows: what was read, and the albums they make."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from soulsync_local.grouping import GroupFile, group_folder
from soulsync_local.ids import track_id
from soulsync_local.mapping import FileRow
from soulsync_local.naming import display
from soulsync_local.pagerows import PageRows
from soulsync_local.plan import Group
from soulsync_local.reading import Reading
from soulsync_local.records import decode_tags, encode
from soulsync_local.snapshot import RULES
from soulsync_local.tags.values import FileTags
from soulsync_local.walk import Entry
from soulsync_local.writing import Batch

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


class _Row(msgspec.Struct, gc=False):
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
    again: int
    tags: bytes | None
    problem: str | None


_STORED: Final = (
    "SELECT id, path, size, mtime_ns, inode, device, added, rules, again, tags, problem, "
    "album, owners FROM file WHERE library = ? AND folder = ?"
)

_Derived = tuple[str | None, bytes | None, FileTags | None]
"""Album id, encoded owners and decoded tags of a file."""

_NOTHING: Final[_Derived] = (None, None, None)


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
    files = [
        GroupFile(row.path, decode_tags(row.tags), row.added, row.mtime_ns)
        for row in rows
        if row.tags is not None and row.problem is None
    ]
    parts = group_folder(library, folder, root_name, files)
    derived: dict[bytes, _Derived] = {}
    for part in parts:
        owners = encode([(artist.id, artist.name) for artist in part.artists])
        for file in part.files:
            derived[file.path] = (part.id, owners, file.tags)
    _add_files(batch, folder, rows, derived)
    if page is not None:
        page.add(library, _file_rows(library, folder, rows, derived))
    batch.add_parts(group, parts)


def _rows(
    connection: sqlite3.Connection, group: Group, readings: Sequence[Reading], moment: Moment
) -> list[_Row]:
    """The files of the folder, in path order."""
    if not group.known:
        return [
            _row(connection, group.root.library, entry, reading, moment, None)
            for entry, reading in zip(group.reads, readings, strict=True)
            if reading.reason != "missing"
        ]
    rows: dict[bytes, _Row] = {}
    for row in connection.execute(_STORED, (group.root.library, group.folder)):
        rows[row[1]] = _Row(False, (row[2], row[3], *row[9:]), *row[:11])
    for entry, reading in zip(group.reads, readings, strict=True):
        if reading.reason != "missing":
            known = rows.get(entry.path)
            rows[entry.path] = _row(connection, group.root.library, entry, reading, moment, known)
    return [row for _, row in sorted(rows.items(), key=_path_of)]


def _path_of(item: tuple[bytes, _Row]) -> bytes:
    return item[0]


def _row(
    connection: sqlite3.Connection,
    library: str,
    entry: Entry,
    reading: Reading,
    moment: Moment,
    known: _Row | None,
) -> _Row:
    path, mtime_ns = entry.path, entry.mtime_ns
    return _Row(
        True,
        known.stored if known else None,
        known.id if known else _new_id(connection, library, path, moment),
        path,
        entry.size,
        mtime_ns,
        entry.inode,
        entry.device,
        known.added if known else moment.added(mtime_ns),
        RULES,
        reading.reason == "unreadable" or moment.is_young(mtime_ns),
        reading.tags,
        _problem(entry, reading),
    )


def _problem(entry: Entry, reading: Reading) -> str | None:
    if reading.reason is None:
        return None
    return f"{display(entry.path)!r} is {_WORDS[reading.reason]}: {reading.detail}"


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


def _add_files(batch: Batch, folder: bytes, rows: Sequence[_Row], derived: Mapping[bytes, _Derived]) -> None:
    # The driver passes bytes, bools and None through its adapters, which takes longer than writing them, and
    # bytearrays and ints not.
    place = bytearray(folder)
    for row in rows:
        album, owners, _ = derived.get(row.path, _NOTHING)
        now = (row.size, row.mtime_ns, row.tags, row.problem, album, owners)
        same = row.stored == now
        if same and not row.read:
            continue
        batch.changed |= not same
        batch.add_file(
            (
                row.id, batch.library, bytearray(row.path), row.size, row.mtime_ns, row.inode, row.device, row.added,
                place, row.rules, int(row.again), _quick(row.tags), row.problem, album, _quick(owners),
                batch.generation, int(same),
            )
        )  # fmt: skip


def _quick(value: bytes | None) -> bytearray | None:
    return None if value is None else bytearray(value)


def _file_rows(
    library: str, folder: bytes, rows: Sequence[_Row], derived: Mapping[bytes, _Derived]
) -> Iterator[FileRow]:
    """The rows as they are read from the index, but for the tags, which are decoded."""
    for row in rows:
        album, owners, tags = derived.get(row.path, _NOTHING)
        yield (
            row.id, library, row.path, folder, row.size, row.mtime_ns, row.added, tags, album, owners, row.problem
        )  # fmt: skip
