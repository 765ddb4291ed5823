"""Finding out which of the items under new ids are known ones whose ids have gone.

The evidence of both sides is put into tables of the connection, and each kind of evidence, the strongest first, links
what it tells of one item on either side. So memory does not grow with the library, however many ids have changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Select,
    Subquery,
    Table,
    delete,
    exists,
    func,
    insert,
    select,
)

from soulsync_engine.mirror.bookkeeping import votes
from soulsync_engine.mirror.evidence import Evidence, keys_of
from soulsync_engine.mirror.loading import CHUNK, chunks, load
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.schema import native_ids
from soulsync_engine.mirror.seen import Seen
from soulsync_engine.mirror.staging import TEMPORARY
from soulsync_engine.mirror.statements import insert_of
from soulsync_engine.mirror.store import Store
from soulsync_engine.mirror.writer import Writer
from soulsync_engine.models import Kind


def _side(name: str) -> Table:
    return Table(
        name,
        TEMPORARY,
        Column("uid", BigInteger, primary_key=True),
        Column("evidence", Integer, primary_key=True),
        Column("key", BigInteger, nullable=False, index=False),
        prefixes=["TEMPORARY"],
    )


_OLD: Final = _side("old_evidence")
_NEW: Final = _side("new_evidence")
_LINKS: Final = Table(
    "links",
    TEMPORARY,
    Column("new", BigInteger, primary_key=True, autoincrement=False),
    Column("old", BigInteger, nullable=False, unique=True),
    prefixes=["TEMPORARY"],
)

_COLUMNS: Final = ("uid", "evidence", "key")

STAGED_AT_ONCE: Final = 1000
"""How many staged items are dealt with together."""


class Linker:
    """Links the staged items of one kind to items that were not seen.

    Those are the ones that are absent now, and for an id from the ledger also one that was removed before.
    """

    def __init__(self, store: Store, writer: Writer, kind: Kind, seen: Seen) -> None:
        self._store = store
        self._connection = writer.connection
        self._writer = writer
        self._kind = kind
        self._seen = seen
        for table in (_OLD, _NEW, _LINKS):
            self._connection.execute(delete(table))

    def run(self, absent: Iterable[int]) -> None:
        """Find the links of staged items to these items."""
        if not self._collect_new() + self._collect_old(absent):
            return
        for evidence in Evidence:
            if evidence is Evidence.MEMBERS:
                self._link(self._voted())
            else:
                self._connection.execute(insert(_LINKS).from_select(["new", "old"], _pairs(evidence)))

    def links(self, uids: list[int]) -> dict[int, int]:
        """Of the staged items with these numbers, those that are known ones: staged number to known one."""
        rows = self._connection.execute(select(_LINKS.c.new, _LINKS.c.old).where(_LINKS.c.new.in_(uids)))
        return {new: old for new, old in rows}  # noqa: C416

    def undecided(self) -> Iterator[int]:
        """Staged items that some evidence connects with several items, or that several share it with."""
        matches = _OLD.c.evidence == _NEW.c.evidence, _OLD.c.key == _NEW.c.key
        query = (
            select(_NEW.c.uid)
            .join(_OLD, matches[0] & matches[1])
            .where(
                ~exists().where(_LINKS.c.new == _NEW.c.uid),
                ~exists().where(_LINKS.c.old == _OLD.c.uid),
            )
            .distinct()
            .order_by(_NEW.c.uid)
        )
        yield from self._connection.scalars(query)

    def _collect_old(self, absent: Iterable[int]) -> int:
        statement = insert_of(self._store.database.dialect, _OLD, _COLUMNS)
        number = 0
        for uids in _in_chunks(absent, CHUNK):
            loaded = load(self._connection, self._kind, uids)
            rows = [(uid, Evidence.LEDGER.value, uid) for uid in loaded]
            for uid, (item, _) in loaded.items():
                rows += [(uid, evidence.value, key) for evidence, key in keys_of(item)]
            self._writer.cursor.executemany(statement, rows)
            number += len(loaded)
        return number

    def _collect_new(self) -> int:
        """Collects the evidence of the staged; gives how many of them had a removed item's id."""
        store, kind = self._store, self._kind
        removed: set[int] = set()
        statement = insert_of(store.database.dialect, _NEW, _COLUMNS)
        for page in store.staging.pages(self._connection, kind, STAGED_AT_ONCE):
            former = _former(self._connection, store.number, kind, [native_id for native_id, _, _ in page])
            rows = [
                (uid, Evidence.LEDGER.value, former[native_id])
                for native_id, uid, _ in page
                if native_id in former
            ]
            for native_id, uid, row in page:
                item = MAPPERS[kind].item_of(store.server, native_id, row)
                rows += [(uid, evidence.value, key) for evidence, key in keys_of(item)]
            self._writer.cursor.executemany(statement, rows)
            removed |= self._removed(former.values())
        ledger = [(uid, Evidence.LEDGER.value, uid) for uid in removed]
        self._writer.cursor.executemany(insert_of(store.database.dialect, _OLD, _COLUMNS), ledger)
        return len(removed)

    def _removed(self, uids: Iterable[int]) -> set[int]:
        table = MAPPERS[self._kind].table
        rows = self._connection.scalars(
            select(table.c.uid).where(table.c.uid.in_(list(uids)), table.c.removed_at.is_not(None))
        )
        return {uid for uid in rows if uid not in self._seen}

    def _voted(self) -> list[tuple[int, int]]:
        """Pairs of numbers, new and old, of which each has most of the other's votes, and more than any other."""
        best_new: dict[str, tuple[int, str | None]] = {}
        best_old: dict[str, tuple[int, str | None]] = {}
        rows = self._connection.execute(
            select(votes.c.old_id, votes.c.new_id, votes.c.votes).where(
                votes.c.server_id == self._store.number,
                votes.c.scope == self._store.scope,
                votes.c.kind == self._kind.value,
            )
        )
        for old, new, number in rows:
            _keep_best(best_new, old, new, number)
            _keep_best(best_old, new, old, number)
        agreed = [
            (new, old)
            for old, (_, new) in best_new.items()
            if new is not None and best_old[new] == (best_new[old][0], old)
        ]
        new_numbers: dict[str, int] = {}
        for part in chunks([new for new, _ in agreed], CHUNK):
            new_numbers |= self._store.staging.look_up(self._connection, self._kind, part)
        old_numbers: dict[str, int] = {}
        for part in chunks([old for _, old in agreed], CHUNK):
            old_numbers |= _in_use(self._connection, self._store.number, self._kind, part)
        return [
            (new_numbers[new], old_numbers[old])
            for new, old in agreed
            if new in new_numbers and old in old_numbers
        ]

    def _link(self, pairs: list[tuple[int, int]]) -> None:
        taken_new, taken_old = set(), set()
        for part in chunks(pairs, CHUNK):
            rows = self._connection.execute(
                select(_LINKS.c.new, _LINKS.c.old).where(
                    _LINKS.c.new.in_([new for new, _ in part]) | _LINKS.c.old.in_([old for _, old in part])
                )
            ).all()
            taken_new |= {new for new, _ in rows}
            taken_old |= {old for _, old in rows}
            absent = set(
                self._connection.scalars(
                    select(_OLD.c.uid).where(
                        _OLD.c.uid.in_([old for _, old in part]), _OLD.c.evidence == Evidence.LEDGER.value
                    )
                )
            )
            free = [
                {"new": new, "old": old}
                for new, old in part
                if new not in taken_new and old not in taken_old and old in absent
            ]
            if free:
                self._connection.execute(insert(_LINKS), free)


def _pairs(evidence: Evidence) -> Select[int, int]:
    """New and old items that are alone with the same evidence of one kind, of those that are not linked yet."""
    old = _alone(_OLD, evidence, _LINKS.c.old)
    new = _alone(_NEW, evidence, _LINKS.c.new)
    return select(new.c.uid, old.c.uid).join_from(new, old, new.c.key == old.c.key)


def _alone(side: Table, evidence: Evidence, linked: Column[Any]) -> Subquery:
    return (
        select(side.c.key, func.min(side.c.uid).label("uid"))
        .where(side.c.evidence == evidence.value, ~exists().where(linked == side.c.uid))
        .group_by(side.c.key)
        .having(func.count() == 1)
        .subquery()
    )


def _keep_best(best: dict[str, tuple[int, str | None]], of: str, candidate: str, number: int) -> None:
    most, _ = best.get(of, (0, None))
    if number > most:
        best[of] = number, candidate
    elif number == most:
        best[of] = number, None


def _former(connection: Connection, server: int, kind: Kind, ids: list[str]) -> dict[str, int]:
    """The items that had these ids before, by id."""
    found: dict[str, int] = {}
    for chunk in chunks(ids, CHUNK):
        rows = connection.execute(
            select(native_ids.c.native_id, native_ids.c.uid).where(
                native_ids.c.server_id == server,
                native_ids.c.kind == kind.value,
                native_ids.c.native_id.in_(chunk),
            )
        )
        found.update((native_id, uid) for native_id, uid in rows)
    return found


def _in_use(connection: Connection, server: int, kind: Kind, ids: Iterable[str]) -> dict[str, int]:
    rows = connection.execute(
        select(native_ids.c.native_id, native_ids.c.uid).where(
            native_ids.c.server_id == server,
            native_ids.c.kind == kind.value,
            native_ids.c.native_id.in_(list(ids)),
            native_ids.c.gone_since.is_(None),
        )
    )
    return {native_id: uid for native_id, uid in rows}  # noqa: C416


def _in_chunks(values: Iterable[int], size: int) -> Iterator[list[int]]:
    chunk: list[int] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
