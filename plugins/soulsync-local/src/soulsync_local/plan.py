"""Comparing what a walk found with what the index knows: what moved, what is gone, and what has to be read.

The index is changed in one transaction, and only once every doubt is out of the way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from soulsync_local import absence, moves
from soulsync_local.moves import Known
from soulsync_local.naming import album_folder
from soulsync_local.roots import Root, RootIdentity
from soulsync_local.snapshot import RULES
from soulsync_local.walk import Entry, RootWalk, path_of


@dataclass(slots=True)
class Group:
    """An album folder to be grouped anew, after `reads` were read. `known`: the index has files of it already."""

    root: Root
    folder: bytes
    known: bool
    reads: list[Entry] = field(default_factory=list)

    @property
    def first(self) -> tuple[str, bytes]:
        """A place in the listing that no file of the group lies before."""
        path = self.folder if self.known or not self.reads else self.reads[0].path
        return self.root.library, path


@dataclass(slots=True)
class RootPlan:
    """What is to be done for one root. `generation` is that of the library after the changes made so far."""

    found: RootWalk
    groups: list[Group]
    generation: int
    empty_proof: str | None


@dataclass(slots=True)
class _Difference:
    """Rows and entries that do not fit together, and entries to be read although they do. `kept` rows have a file."""

    missing: list[Known] = field(default_factory=list)
    kept: int = 0
    fresh: list[Entry] = field(default_factory=list)
    changed: list[tuple[Known, Entry]] = field(default_factory=list)
    again: list[Entry] = field(default_factory=list)
    folders: set[bytes] = field(default_factory=set)
    devices: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Outcome:
    moved: list[tuple[Known, Entry]]
    gone: list[Known]
    new: list[Entry]
    edited: list[Entry]


@dataclass(slots=True)
class Suspects:
    """New files whose tags have to be read before it is clear whether they are old ones in a new place."""

    entries: list[Entry]


def is_current(connection: sqlite3.Connection, found: RootWalk, digest: str) -> int | None:
    """The library's generation when the index holds this very state and nothing is left to be done; else None."""
    if not found.entries:
        return None
    row = connection.execute(
        "SELECT library.generation FROM state JOIN library ON library.id = state.library "
        "WHERE state.library = ? AND state.digest = ? AND state.latest = library.generation "
        "AND NOT EXISTS (SELECT 1 FROM file WHERE file.library = library.id AND file.again) "
        "AND NOT EXISTS (SELECT 1 FROM regroup WHERE regroup.library = library.id)",
        (found.root.library, digest),
    ).fetchone()
    return None if row is None else row[0]


def populated_identity(connection: sqlite3.Connection, library: str) -> RootIdentity | None:
    """Which directory a library's root was when it held files, None when it was never known to hold any."""
    row = connection.execute(
        "SELECT device, inode FROM library WHERE id = ? AND populated", (library,)
    ).fetchone()
    return None if row is None else RootIdentity(*row)


def plan_root(
    connection: sqlite3.Connection, found: RootWalk, readings: Mapping[bytes, bytes] | None
) -> RootPlan | Suspects:
    """Compare, and bring the index to where only reading is left to be done. Call it within a write transaction.

    `readings` are the tags of the suspects by path; without them, suspects are returned instead of a plan when there
    are any, and nothing was changed. Raises `UnavailableError` when files are missing that may not be gone.
    """
    library = found.root.library
    row = connection.execute("SELECT generation FROM library WHERE id = ?", (library,)).fetchone()
    populated = populated_identity(connection, library)
    difference = _compare(connection, found, populated)
    outcome = _settle(difference)
    missing = {one.row for one in difference.missing}
    absent = [one for one in outcome.gone if one.row in missing]
    absence.refuse_unread(found, absent)
    proof = None
    if not found.entries and not found.unreadable:
        proof = absence.prove_empty(found, populated)
    else:
        absence.refuse_unmounted(found, absent)
    if readings is None:
        suspects = moves.suspects(outcome.gone, outcome.new)
        if suspects:
            return Suspects(suspects)
    else:
        _settle_copies(connection, outcome, readings)
    if difference.missing and not difference.kept and not outcome.moved and found.entries:
        absence.refuse_stranger(found, populated)
    generation = _apply(connection, found, difference, outcome, row is None)
    groups = _groups(connection, found.root, difference, outcome)
    return RootPlan(found, groups, generation, proof)


def _compare(connection: sqlite3.Connection, found: RootWalk, populated: RootIdentity | None) -> _Difference:
    difference = _Difference()
    entries = iter(found.entries)
    entry = next(entries, None)
    for row, id, path, size, mtime_ns, inode, stored_device, folder, rules, again in connection.execute(
        "SELECT rowid, id, path, size, mtime_ns, inode, device, folder, rules, again FROM file "
        "WHERE library = ? ORDER BY path",
        (found.root.library,),
    ):
        while entry is not None and entry.path < path:
            difference.fresh.append(entry)
            entry = next(entries, None)
        difference.folders.add(folder)
        # A disk that is mounted again may have another number; that of the root is known to be the same disk.
        same_disk = populated is not None and stored_device == populated.device
        device = found.identity.device if same_disk else stored_device
        if entry is None or entry.path != path:
            difference.missing.append(Known(row, id, path, size, mtime_ns, inode, device, folder))
            continue
        difference.kept += 1
        if (entry.size, entry.mtime_ns, entry.inode) != (size, mtime_ns, inode):
            difference.changed.append((Known(row, id, path, size, mtime_ns, inode, device, folder), entry))
        else:
            if again or rules != RULES:
                difference.again.append(entry)
            if entry.device != stored_device:
                difference.devices.append((entry.device, row))
        entry = next(entries, None)
    if entry is not None:
        difference.fresh.append(entry)
        difference.fresh.extend(entries)
    return difference


def _settle(difference: _Difference) -> _Outcome:
    moved = moves.renamed(
        [*difference.missing, *(known for known, _ in difference.changed)],
        [*difference.fresh, *(entry for _, entry in difference.changed)],
    )
    from_rows = {known.row for known, _ in moved}
    to_paths = {entry.path for _, entry in moved}
    outcome = _Outcome(
        moved,
        gone=[known for known in difference.missing if known.row not in from_rows],
        new=[entry for entry in difference.fresh if entry.path not in to_paths],
        edited=[],
    )
    for known, entry in difference.changed:
        left, taken = known.row in from_rows, entry.path in to_paths
        if not left and not taken:
            outcome.edited.append(entry)
        elif taken and not left:
            outcome.gone.append(known)
        elif left and not taken:
            outcome.new.append(entry)
    return outcome


def _settle_copies(
    connection: sqlite3.Connection, outcome: _Outcome, readings: Mapping[bytes, bytes]
) -> None:
    def tags_of(known: Known) -> bytes | None:
        row = connection.execute("SELECT tags FROM file WHERE rowid = ?", (known.row,)).fetchone()
        return None if row is None else row[0]

    pairs = moves.copied(outcome.gone, tags_of, outcome.new, readings)
    from_rows = {known.row for known, _ in pairs}
    to_paths = {entry.path for _, entry in pairs}
    outcome.moved.extend(pairs)
    outcome.gone = [known for known in outcome.gone if known.row not in from_rows]
    outcome.new = [entry for entry in outcome.new if entry.path not in to_paths]


def _apply(
    connection: sqlite3.Connection, found: RootWalk, difference: _Difference, outcome: _Outcome, first: bool
) -> int:
    root, identity = found.root, found.identity
    library = root.library
    if first:
        connection.execute(
            "INSERT INTO library (id, path, device, inode, populated) VALUES (?, ?, ?, ?, 0)",
            (library, str(root.path).encode("utf-8", "replace").decode(), identity.device, identity.inode),
        )
    if found.entries:
        connection.execute(
            "UPDATE library SET device = ?, inode = ?, populated = 1 WHERE id = ?",
            (identity.device, identity.inode, library),
        )
    connection.executemany("UPDATE file SET device = ? WHERE rowid = ?", difference.devices)
    if not outcome.moved and not outcome.gone:
        return current_generation(connection, library)
    generation = next_generation(connection, library)
    connection.executemany("DELETE FROM file WHERE rowid = ?", ((known.row,) for known in outcome.gone))
    connection.executemany(
        "INSERT INTO touched (kind, id, library, generation) VALUES ('track', ?, ?, ?)",
        ((known.id, library, generation) for known in outcome.gone),
    )
    # In two steps, because two files may have changed places. No path contains a NUL.
    connection.executemany(
        "UPDATE file SET path = ? WHERE rowid = ?",
        ((b"\0%d" % known.row, known.row) for known, _ in outcome.moved),
    )
    connection.executemany(
        "UPDATE file SET path = ?, size = ?, mtime_ns = ?, inode = ?, device = ?, folder = ?, generation = ?, "
        "title_key = NULL, words = NULL WHERE rowid = ?",
        (
            (
                entry.path,
                entry.size,
                entry.mtime_ns,
                entry.inode,
                entry.device,
                album_folder(entry.path),
                generation,
                known.row,
            )
            for known, entry in outcome.moved
        ),
    )
    regroup = {known.folder for known in outcome.gone}
    for known, entry in outcome.moved:
        regroup.add(known.folder)
        regroup.add(album_folder(entry.path))
        difference.folders.add(album_folder(entry.path))
    connection.executemany(
        "INSERT OR IGNORE INTO regroup (library, folder) VALUES (?, ?)",
        ((library, folder) for folder in regroup),
    )
    return generation


def _groups(
    connection: sqlite3.Connection, root: Root, difference: _Difference, outcome: _Outcome
) -> list[Group]:
    groups: dict[bytes, Group] = {}

    def group_of(folder: bytes) -> Group:
        group = groups.get(folder)
        if group is None:
            group = groups[folder] = Group(root, folder, folder in difference.folders)
        return group

    directory: bytes | None = None
    reads: list[Entry] = []
    for entry in _in_order(outcome.new, outcome.edited, difference.again):
        # Asked once for each directory, since its files mostly come one after the other.
        above = entry.path.rpartition(b"/")[0]
        if above != directory:
            directory = above
            reads = group_of(album_folder(entry.path)).reads
        reads.append(entry)
    for (folder,) in connection.execute("SELECT folder FROM regroup WHERE library = ?", (root.library,)):
        # Also a folder that is gone now: what the index has of its albums has to go as well.
        group_of(folder).known = True
    return sorted(groups.values(), key=lambda group: group.first)


def _in_order(*lists: Iterable[Entry]) -> list[Entry]:
    return sorted((entry for entries in lists for entry in entries), key=path_of)


def current_generation(connection: sqlite3.Connection, library: str) -> int:
    """The library's generation now."""
    row = connection.execute("SELECT generation FROM library WHERE id = ?", (library,)).fetchone()
    return int(row[0])


def next_generation(connection: sqlite3.Connection, library: str) -> int:
    """Count up the library's generation, which tells what changed after what."""
    row = connection.execute(
        "UPDATE library SET generation = generation + 1 WHERE id = ? RETURNING generation", (library,)
    ).fetchone()
    return int(row[0])
