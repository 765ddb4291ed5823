"""What one transaction does to the items of one kind, put together before it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Final

from soulsync_engine.mirror.batch import Batch
from soulsync_engine.mirror.evidence import votes_of
from soulsync_engine.mirror.records import ChangeType
from soulsync_engine.mirror.rows import MAPPERS, Row, shown_title
from soulsync_engine.mirror.search import entry_of
from soulsync_engine.models import Item, Kind

if TYPE_CHECKING:
    from soulsync_engine.mirror.store import Store
    from soulsync_engine.mirror.writer import Writer

_ADDED: Final = ChangeType.ADDED.value


class Recording:
    """The rows of one kind in one transaction of a store. A rehearsal counts them and writes none."""

    def __init__(self, store: Store, writer: Writer, kind: Kind) -> None:
        self.kind: Final = kind
        self.mapper: Final = MAPPERS[kind]
        self.batch: Final = Batch()
        self._store = store
        self._writer = writer
        # What every row holds, looked up once.
        self._of = kind.value
        self._number = store.number
        self._run = store.run
        self._now = writer.now
        self._indexes = writer.indexes
        self._takes_nul = store.database.takes_nul
        self._counted: Counter[str] = Counter()

    def add(self, uid: int, native_id: str, row: Row) -> None:
        """A new item, under a new number and an id that no item has had."""
        self.batch.ids.append((self._number, self._of, native_id, uid, row[-1], self._run))
        self._insert(uid, native_id, row)

    def add_under_former_id(self, uid: int, native_id: str, row: Row) -> None:
        """A new item, under a new number and an id that another item had before."""
        self.batch.id_points.append((uid, row[-1], self._number, self._of, native_id))
        self._insert(uid, native_id, row)

    def change(self, uid: int, before: Item, item: Item, row: Row, *, restored: bool) -> None:
        """An item as the server has it now, under the id that it has, or had when it was removed."""
        item, row = self._completed(item, row, before)
        differing = differences(before, item)
        self._overwrite(uid, before, item, row)
        self.batch.id_updates.append((row[-1], None, None, None, self._number, self._of, item.ref.id))
        if restored:
            self._tell(ChangeType.RESTORED, uid, item, differing)
        elif differing:
            self._tell(_type_of_change(differing), uid, item, differing)

    def remap(self, uid: int, before: Item, item: Item, row: Row, *, removed: bool, known: bool) -> None:
        """A known item that has another id now. `known` says that the ledger has that id already."""
        item, row = self._completed(item, row, before)
        self._overwrite(uid, before, item, row)
        self.batch.id_updates.append((row[-1], self._run, None, None, self._number, self._of, before.ref.id))
        if known:
            self.batch.id_points.append((uid, row[-1], self._number, self._of, item.ref.id))
        else:
            self.batch.ids.append((self._number, self._of, item.ref.id, uid, row[-1], self._run))
        change = ChangeType.RESTORED if removed else ChangeType.REMAPPED
        self._tell(change, uid, item, differences(before, item))

    def remove(self, uid: int, item: Item, digest: int) -> None:
        """An item that is gone."""
        if self._indexes:
            self.batch.outdated_entries.append(uid)
        self.batch.item_removals.append((self._now, uid))
        self.batch.id_updates.append((digest, self._run, None, None, self._number, self._of, item.ref.id))
        self._tell(ChangeType.REMOVED, uid, item)

    def miss(self, native_id: str, since: int | None, sweeps: int | None) -> None:
        """An id that was absent in so many sweeps since a time, or that is there again."""
        self.batch.id_misses.append((since, sweeps, self._number, self._of, native_id))

    def write(self, rest: Batch | None = None) -> None:
        """Write all of it, and count it; but leave to `rest`, if that is there, what is best written with others."""
        if rest is not None:
            self.batch.leave_to(rest)
        if not self._store.rehearsal:
            self.batch.write(self._store.database, self._writer.cursor, self.mapper)
        self._store.count(self.kind, self._counted)

    def _insert(self, uid: int, native_id: str, row: Row) -> None:
        omitted, escaped, values, credited, _ = row
        writer = self._writer
        self.batch.items.append((uid, self._number, native_id, None, omitted, escaped, *values))
        self.batch.credit(uid, credited)
        writer.seq = seq = writer.seq + 1
        title, names, album = self.mapper.texts(row)
        self.batch.changes.append(
            (
                seq,
                _ADDED,
                self._of,
                uid,
                self._number,
                native_id,
                shown_title(title),
                "",
                self._now,
                self._run,
            )
        )
        self._counted[_ADDED] += 1
        if self._indexes:
            self.batch.entries.append(entry_of(uid, self.kind, title, names, album))

    def _overwrite(self, uid: int, before: Item, item: Item, row: Row) -> None:
        omitted, escaped, values, credited, _ = row
        self.batch.item_updates.append((item.ref.id, None, omitted, escaped, *values, uid))
        self.batch.replace_credits(uid, credited)
        votes = votes_of(before, item)
        self.batch.votes.extend((self._number, self._store.scope, *vote, 1) for vote in votes)
        if self._indexes:
            self.batch.outdated_entries.append(uid)
            self.batch.entries.append(entry_of(uid, self.kind, *self.mapper.texts(row)))

    def _tell(self, change: ChangeType, uid: int, item: Item, differing: tuple[str, ...] = ()) -> None:
        """Enter a change into the feed, and who wrote the fields."""
        self._writer.seq += 1
        entry = (self._writer.seq, change.value, self._of, uid, self._number, item.ref.id)
        title = self.mapper.title(item)
        self.batch.changes.append((*entry, title, ",".join(differing), self._now, self._run))
        self.batch.field_writes.extend((uid, name, self._run) for name in differing)
        self._counted[change.value] += 1

    def _completed(self, item: Item, row: Row, stored: Item) -> tuple[Item, Row]:
        """The item with the stored values of the fields that were not sent. The digest stays that of what was sent."""
        if not item.omitted:
            return item, row
        kept: dict[str, object] = {name: getattr(stored, name) for name in item.omitted}
        kept["omitted"] = item.omitted & stored.omitted
        whole: Item = replace(item, **kept)  # type: ignore[arg-type]
        return whole, (*self.mapper.to_row(whole, takes_nul=self._takes_nul)[:-1], row[-1])


Counted = Mapping[str, int]
"""How many items by what became of them, under the names of the fields of `KindCounts`."""


def differences(before: Item, after: Item) -> tuple[str, ...]:
    """The names of the fields in which two states of an item differ, sorted."""
    return tuple(
        sorted(
            entry.name
            for entry in fields(after)
            if entry.name not in ("ref", "omitted")
            and getattr(before, entry.name) != getattr(after, entry.name)
        )
    )


# What a file that only moved may change beside its path.
_MOVES_ALONG: Final = frozenset({"path", "library_id", "updated"})


def _type_of_change(differing: tuple[str, ...]) -> ChangeType:
    moved = "path" in differing and _MOVES_ALONG.issuperset(differing)
    return ChangeType.MOVED if moved else ChangeType.CHANGED
