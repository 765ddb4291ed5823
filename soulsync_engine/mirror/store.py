"""Storing what a sync reads: compared with what is there, whole pages in each transaction.

A store belongs to one sync. With the pages go the mark of which items they showed and the place to go on from; those
that wait for their turn are in a spool. So a sync that is ended at any moment loses at most the page it was reading.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

from sqlalchemy import Connection

from soulsync_engine.errors import ContractViolationError
from soulsync_engine.mirror.batch import Batch
from soulsync_engine.mirror.checkpoints import Checkpoints, Stage
from soulsync_engine.mirror.database import Cursor, Database
from soulsync_engine.mirror.lease import Lease
from soulsync_engine.mirror.loading import chunks, load
from soulsync_engine.mirror.recording import Counted, Recording
from soulsync_engine.mirror.records import KindCounts
from soulsync_engine.mirror.rows import MAPPERS, PackedRow, Row
from soulsync_engine.mirror.runs import Run
from soulsync_engine.mirror.spool import Spool, SpooledListing
from soulsync_engine.mirror.staging import TEMPORARY, Staging
from soulsync_engine.mirror.statements import LOOK_UP, statements
from soulsync_engine.mirror.sweep import Sweep
from soulsync_engine.mirror.writer import Writer
from soulsync_engine.models import Item, Kind

# PostgreSQL indexes no more than 2.7 kB, and no server has ids of a tenth of this length.
_ID_LENGTH: Final = 1000
# A page is dealt with in parts: rows that live for long make the garbage collector look at them again and again.
_PART: Final = 200

State = tuple[int, int, int | None, int | None, str]
"""uid, content hash, the sync since which it is gone, the time since which it is missing, native id: a row as it is."""

Touched = list[tuple[str, Row, State]]
Unknown = dict[str, Row]


class Store:
    """Where one sync puts what it reads. With `rehearsal` everything is compared and nothing is written.

    With `staging`, items under unknown ids are kept back until a sweep ends (see `staging`).
    """

    def __init__(
        self,
        database: Database,
        connection: Connection,
        *,
        server: str,
        number: int,
        run: Run,
        scope: str,
        lease: Lease | None,
        staging: bool,
        spool: Spool | None = None,
    ) -> None:
        self.server: Final = server
        self.number: Final = number
        self.run: Final = run.number
        self._named = run
        self.scope: Final = scope
        self.database: Final = database
        self.rehearsal: Final = lease is None
        self._counted = _nothing()
        self.staging: Final = Staging(database, server=number, scope=scope, rehearsal=self.rehearsal)
        self.checkpoints: Final = Checkpoints(database, server=number, scope=scope)
        self._stages = staging or self.rehearsal
        self._connection = connection
        self._lease = lease
        self._spool = spool
        # What a rehearsal numbers it numbers for itself, and what it finds to be back stays removed in the database.
        self._rehearsed_uid = 0
        self._rehearsed_back: set[tuple[Kind, str]] = set()
        with database.reading_on(connection):
            TEMPORARY.create_all(connection, checkfirst=False)
            self.staging.look_at(connection)

    def pack(self, kind: Kind, items: Sequence[Item], excused: Sequence[str] = ()) -> tuple[PackedRow, ...]:
        """The rows of items. Raises `ContractViolationError` when one, or another id, holds what cannot be stored."""
        self._check_ids([item.ref.id for item in items])
        self._check_ids(excused)
        pack, takes_nul = MAPPERS[kind].pack, self.database.takes_nul
        return tuple([pack(item, takes_nul=takes_nul) for item in items])

    def take(
        self,
        stage: Stage,
        sweep: Sweep[PackedRow] | Sweep[str],
        items: Sequence[PackedRow],
        *,
        excused: Sequence[str] = (),
        ids: Sequence[str] | None = None,
    ) -> None:
        """Store the items of a page, or of several, in one transaction, and that they were read.

        `excused` are ids of items that are there but could not be read. `ids` are those the page showed, where they
        are not just the items'. An id that was shown before raises `IncompleteSweepError` and stores nothing.
        """
        kind = sweep.kind
        wanted = {item.id for item in items}
        if len(wanted) != len(items):
            raise sweep.repeated()
        shown = [item.id for item in items] if ids is None else ids
        self._check_ids([*([] if ids is None else ids), *excused])
        with self.transaction() as writer:
            known = self._look_up(writer, kind, sorted(wanted))
            uids = {native_id: state[0] for native_id, state in known.items()}
            rest = Batch()
            for part in chunks(items, _PART):
                uids |= self._take_part(writer, kind, part, known, rest)
            if not self.rehearsal:
                rest.write(self.database, writer.cursor, MAPPERS[kind])
            self._mark(writer, stage, sweep, shown, uids, excused)

    def _take_part(
        self,
        writer: Writer,
        kind: Kind,
        items: Sequence[PackedRow],
        known: Mapping[str, State],
        rest: Batch,
    ) -> dict[str, int]:
        """Store items, but for what is left to `rest`; gives the numbers of those under ids that are in no use."""
        recording = Recording(self, writer, kind)
        touched: Touched = []
        unknown: Unknown = {}
        unpack = MAPPERS[kind].unpack
        for item in items:
            state = known.get(item.id)
            if state is None:
                unknown[item.id] = unpack(item)
            elif state[1] != item.digest or state[2] is not None:
                touched.append((item.id, unpack(item), state))
            elif state[3] is not None:
                recording.miss(item.id, None, None)
        unknown |= self._touch(writer, recording, touched)
        numbers = self._place_unknown(writer, recording, unknown)
        recording.write(rest)
        return numbers

    def unknown(self, kind: Kind, ids: Sequence[str]) -> list[str]:
        """Those of the ids whose items are not stored, or stored as removed."""
        self._check_ids(ids)
        with self.database.reading_on(self._connection):
            writer = Writer(self._connection)
            known = self._look_up(writer, kind, ids)
            there = {key for key, state in known.items() if self._is_in_use(kind, key, state)}
            there |= self.staging.look_up(
                self._connection, kind, [key for key in ids if key not in there]
            ).keys()
        return [native_id for native_id in ids if native_id not in there]

    @property
    def counts(self) -> Mapping[Kind, KindCounts]:
        """What was done, or would be, so far."""
        return {kind: KindCounts(**counted) for kind, counted in self._counted.items()}

    def count(self, kind: Kind, more: Counted) -> None:
        """Add to the counts of a kind."""
        self._counted[kind].update(more)

    def count_seen(self, kind: Kind, seen: int) -> None:
        """Note how many items of a kind the server has, once its listing has ended."""
        counted = self._counted[kind]
        touched = sum(counted[name] for name in ("added", "changed", "moved", "remapped", "restored"))
        counted["seen"], counted["unchanged"] = seen, max(seen - touched, 0)

    def forget(self) -> None:
        """Begin anew: nothing was read yet. What was stored is stored; what a rehearsal found is found again."""
        with self.transaction() as writer:
            # Here the lease is known to be held, and nobody else can take it.
            if self._spool is not None:
                self._spool.clear()
            self.staging.clear(writer.connection)
            if not self.rehearsal:
                self.checkpoints.clear(writer.connection)
        if self.rehearsal:
            self._counted = _nothing()
            self._rehearsed_back.clear()

    @contextmanager
    def spooled(self, kind: Kind) -> Iterator[SpooledListing | None]:
        """Where the pages of a listing wait to be stored; None when none may be fetched before it is its turn."""
        if self._spool is None or self._lease is None:
            yield None
            return
        with closing(self._spool.listing(kind, self._named, self._lease)) as listing:
            yield listing

    @contextmanager
    def transaction(self) -> Iterator[Writer]:
        """One transaction, in which the lease is renewed; the counts go back with it when it fails."""
        counted = {kind: counted.copy() for kind, counted in self._counted.items()}
        begun = self.database.reading_on if self.rehearsal else self.database.writing
        try:
            with begun(self._connection):
                if self._lease is not None:
                    self._lease.renew(self._connection)
                writer = Writer(self._connection)
                writer.uid = max(writer.uid, self._rehearsed_uid)
                yield writer
                if self.rehearsal:
                    self._rehearsed_uid = writer.uid
                else:
                    writer.keep_counters()
        except OverflowError as error:
            self._counted = counted
            raise ContractViolationError(
                "The backend returned an item with a number that no database holds.",
                server=self.server,
                next_step="Report this to the authors of the backend.",
            ) from error
        except BaseException:
            self._counted = counted
            raise

    def _place_unknown(self, writer: Writer, recording: Recording, unknown: Unknown) -> dict[str, int]:
        """Stage the items under ids that are in no use, or add them at once; gives their numbers."""
        if not unknown:
            return {}
        kind = recording.kind
        numbers = self.staging.look_up(writer.connection, kind, unknown) if self._stages else {}
        staged: list[tuple[str, int, Row]] = []
        for native_id, row in unknown.items():
            uid = numbers.get(native_id)
            if uid is None:
                writer.uid = uid = writer.uid + 1
                numbers[native_id] = uid
            if self._stages:
                staged.append((native_id, uid, row))
            else:
                recording.add(uid, native_id, row)
        self.staging.put(writer.cursor, kind, staged)
        return numbers

    def _touch(self, writer: Writer, recording: Recording, touched: Touched) -> Unknown:
        """Store items whose hash differs, or that were gone; gives those under ids that their items had left behind."""
        uids = [state[0] for _, _, state in touched]
        stored = load(writer.connection, recording.kind, uids) if uids else {}
        returned: Unknown = {}
        for native_id, row, (uid, _, gone, _, _) in touched:
            before, removed = stored[uid]
            if gone is not None and (not removed or before.ref.id != native_id):
                returned[native_id] = row
                continue
            if self.rehearsal and removed:
                self._rehearsed_back.add((recording.kind, native_id))
            item = recording.mapper.item_of(self.server, native_id, row)
            recording.change(uid, before, item, row, restored=gone is not None)
        return returned

    def _mark(
        self,
        writer: Writer,
        stage: Stage,
        sweep: Sweep[PackedRow] | Sweep[str],
        shown: Sequence[str],
        uids: dict[str, int],
        excused: Sequence[str],
    ) -> None:
        """Mark what a page showed, and store the place to go on from."""
        kind = sweep.kind
        others = [native_id for native_id in [*shown, *excused] if native_id not in uids]
        if others:
            known = self._look_up(writer, kind, others)
            self._found_again(writer, kind, known)
            uids = uids | {key: state[0] for key, state in known.items() if self._is_in_use(kind, key, state)}
            left = [native_id for native_id in others if native_id not in uids]
            uids |= self.staging.look_up(writer.connection, kind, left)
        marked = [uids[native_id] for native_id in shown if native_id in uids]
        spared = {uids[native_id] for native_id in excused if native_id in uids}
        if stage is not Stage.CHANGES and not sweep.marked.are_new(marked, spared):
            raise sweep.repeated()
        if not self.rehearsal:
            shown_here = [] if stage is Stage.CHANGES else [*marked, *spared]
            self.checkpoints.save(writer.cursor, stage, kind, sweep.place, shown_here)
        sweep.marked.add(marked)
        sweep.marked.add(spared)

    def _is_in_use(self, kind: Kind, native_id: str, state: State) -> bool:
        return state[2] is None or (kind, native_id) in self._rehearsed_back

    def _found_again(self, writer: Writer, kind: Kind, known: dict[str, State]) -> None:
        again = [
            key for key, (_, _, gone, missing, _) in known.items() if gone is None and missing is not None
        ]
        if again and not self.rehearsal:
            sql = statements(self.database.dialect, MAPPERS[kind].table)
            writer.cursor.executemany(
                sql.miss_id, [(None, None, self.number, kind.value, key) for key in again]
            )

    def _look_up(self, writer: Writer, kind: Kind, ids: Sequence[str]) -> dict[str, State]:
        sql = statements(self.database.dialect, MAPPERS[kind].table)
        return look_up(writer.cursor, sql.look_up, self.number, kind, ids)

    def _check_ids(self, ids: Collection[str]) -> None:
        problem = None
        try:
            joined = "".join(ids)
            joined.encode()
            if "\0" in joined:
                problem = "with a NUL character in it"
            elif max(map(len, ids), default=0) > _ID_LENGTH:
                problem = f"of more than {_ID_LENGTH} characters"
        except (UnicodeEncodeError, TypeError):
            problem = "that is no valid text"
        if problem is not None:
            raise ContractViolationError(
                f"The backend returned an id {problem}.",
                server=self.server,
                next_step="Report this to the authors of the backend.",
            )


def look_up(cursor: Cursor, statement: str, number: int, kind: Kind, ids: Sequence[str]) -> dict[str, State]:
    """What the ledger has of these ids of a server."""
    known: dict[str, Any] = {}
    for chunk in chunks(ids, LOOK_UP):
        filling = [None] * (LOOK_UP - len(chunk))
        cursor.execute(statement, (number, kind.value, *chunk, *filling))
        for row in cursor.fetchall():
            known[row[-1]] = row
    return known


def _nothing() -> dict[Kind, Counter[str]]:
    return {kind: Counter() for kind in MAPPERS}
