"""Rows on their way into the index: collected over many folders, then written with one statement for each table.

A statement of its own for each folder costs as much as its rows. The folders of a batch are distinct, so that nothing
depends on the order in which they are written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from soulsync_local.grouping import AlbumPart
from soulsync_local.keys import search_key
from soulsync_local.plan import Group
from soulsync_local.records import FileRow, PartRecord, encode

_TOUCH_ARTISTS: Final = (
    "INSERT INTO touched (kind, id, library, generation) "
    "SELECT 'artist', artist, ?3, ?4 FROM credit WHERE album = ?1 AND folder = ?2"
)
_TOUCH_ALBUM: Final = "INSERT INTO touched (kind, id, library, generation) VALUES ('album', ?1, ?3, ?4)"
_REMOVE_PART: Final = "DELETE FROM part WHERE album = ?1 AND folder = ?2"
_REMOVE_CREDITS: Final = "DELETE FROM credit WHERE album = ?1 AND folder = ?2"
_STORE_PART: Final = (
    "INSERT OR REPLACE INTO part (album, library, folder, body, tracks, title_key, words, added, generation) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_STORE_CREDIT: Final = (
    "INSERT OR REPLACE INTO credit (artist, album, folder, library, name, words, musicbrainz_id) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_STORE_FILE: Final = (
    "INSERT INTO file (id, library, path, size, mtime_ns, inode, device, added, folder, rules, again, tags, "
    "problem, album, owners, generation) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) "
    "ON CONFLICT (library, path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, "
    "inode = excluded.inode, device = excluded.device, folder = excluded.folder, rules = excluded.rules, "
    "again = excluded.again, tags = excluded.tags, problem = excluded.problem, album = excluded.album, "
    "owners = excluded.owners, title_key = NULL, words = NULL, "
    "generation = CASE WHEN ?17 THEN generation ELSE excluded.generation END"
)


class NewRow(FileRow, gc=False, kw_only=True):
    """A file as it is to be stored. `read`: its tags were read now. `stored` is what the index has of the item.

    Not a tuple, of which the garbage collector would have to look at thousands again and again.
    """

    encoded_tags: bytes | None
    inode: int
    device: int
    rules: int
    again: bool
    read: bool
    stored: tuple[object, ...] | None = None
    is_same: bool = False
    """Whether the item is the same as before."""

    def item(self) -> tuple[object, ...]:
        """What makes the item, apart from its place: equal tuples, equal items."""
        return self.size, self.updated, self.encoded_tags, self.problem, self.album, self.owners


class Batch:
    """What is to be written for some folders of one library."""

    def __init__(self, connection: sqlite3.Connection, library: str, generation: int) -> None:
        """`generation` is the one that what changes gets."""
        self.connection = connection
        self.library = library
        self.generation = generation
        self.changed = False
        """Whether any item changed."""
        self._files: list[NewRow] = []
        self._regrouped: list[tuple[str, bytes]] = []
        self._touched: list[tuple[str, bytes, str, int]] = []
        self._removed: list[tuple[str, bytes, str, int]] = []
        self._parts: list[tuple[object, ...]] = []
        self._credits: list[tuple[object, ...]] = []

    def add_files(self, rows: Iterable[NewRow]) -> None:
        """Store files, as far as they were read or have changed."""
        for row in rows:
            if row.stored is not None and row.stored == row.item():
                row.is_same = True
                if not row.read:
                    continue
            else:
                self.changed = True
            self._files.append(row)

    def add_parts(self, group: Group, parts: Sequence[AlbumPart[NewRow]]) -> None:
        """Make these the parts of albums in the group's folder, in place of those that the index has."""
        folder = group.folder
        stored = self._stored_parts(folder) if group.known else {}
        for part in parts:
            body = encode(_record(part))
            if stored.pop(part.id, None) != (body, len(part.files), part.added):
                self._add_part(part, folder, body)
        for album in stored:
            self.changed = True
            self._touched.append((album, folder, self.library, self.generation))
            self._removed.append((album, folder, self.library, self.generation))
        if group.known:
            self._regrouped.append((self.library, folder))

    def write(self) -> None:
        """Write all of it."""
        connection = self.connection
        connection.executemany(_STORE_FILE, map(self._values, self._files))
        # Who was credited on a part that changes or goes: their counts change, or they go too.
        connection.executemany(_TOUCH_ARTISTS, self._touched)
        connection.executemany(_TOUCH_ALBUM, self._removed)
        connection.executemany(_REMOVE_PART, (one[:2] for one in self._removed))
        connection.executemany(_REMOVE_CREDITS, (one[:2] for one in self._removed))
        connection.executemany(_STORE_PART, self._parts)
        connection.executemany(_STORE_CREDIT, self._credits)
        connection.executemany("DELETE FROM regroup WHERE library = ? AND folder = ?", self._regrouped)

    def _values(self, row: NewRow) -> tuple[object, ...]:
        # The driver passes bytes, bools and None through its adapters, which takes longer than writing them, and
        # bytearrays and ints not.
        tags, owners = row.encoded_tags, row.owners
        return (
            row.id, self.library, bytearray(row.path), row.size, row.updated, row.inode, row.device, row.added,
            bytearray(row.folder), row.rules, int(row.again), None if tags is None else bytearray(tags), row.problem,
            row.album, None if owners is None else bytearray(owners), self.generation, int(row.is_same),
        )  # fmt: skip

    def _stored_parts(self, folder: bytes) -> dict[str, tuple[object, ...]]:
        return {
            album: (body, tracks, added)
            for album, body, tracks, added in self.connection.execute(
                "SELECT album, body, tracks, added FROM part WHERE library = ? AND folder = ?",
                (self.library, folder),
            )
        }

    def _add_part(self, part: AlbumPart[NewRow], folder: bytes, body: bytes) -> None:
        library = self.library
        self.changed = True
        self._touched.append((part.id, folder, library, self.generation))
        title = search_key(part.title)
        names = [search_key(artist.name) for artist in part.artists]
        self._parts.append(
            (
                part.id, library, folder, body, len(part.files), title, " ".join((title, *names)), part.added,
                self.generation,
            )
        )  # fmt: skip
        self._credits.extend(
            (one.id, part.id, folder, library, one.name, name, one.musicbrainz_id)
            for one, name in zip(part.artists, names, strict=True)
        )


def _record(part: AlbumPart[NewRow]) -> PartRecord:
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
