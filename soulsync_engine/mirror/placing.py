"""Staged items finding their places: those of known items whose ids have gone, or new ones."""

from __future__ import annotations

from itertools import islice
from typing import Final

from sqlalchemy import Connection, select

from soulsync_engine.mirror import schema
from soulsync_engine.mirror.linking import STAGED_AT_ONCE, Linker
from soulsync_engine.mirror.loading import CHUNK, chunks, load
from soulsync_engine.mirror.recording import Recording
from soulsync_engine.mirror.records import Ambiguity
from soulsync_engine.mirror.removal import absent
from soulsync_engine.mirror.rows import MAPPERS, Row
from soulsync_engine.mirror.seen import Seen
from soulsync_engine.mirror.store import Store
from soulsync_engine.mirror.writer import Writer
from soulsync_engine.models import Kind, Scope

_AMBIGUITIES: Final = 100


class Placing:
    """The staged items of one kind finding their places, in the transaction of a writer."""

    def __init__(
        self,
        store: Store,
        writer: Writer,
        kind: Kind,
        scope: Scope,
        seen: Seen,
        *,
        proven: bool,
    ) -> None:
        self._store = store
        self._writer = writer
        self._kind = kind
        self._scope = scope
        self._seen = seen
        self._proven = proven

    def run(self) -> list[Ambiguity]:
        """Publish what is staged, under the uid of a known item or under a new one; gives what was not clear.

        Where what the sweep did not see is not proven to be gone, items that may be known ones stay out.
        """
        store, writer, kind = self._store, self._writer, self._kind
        if kind not in store.staging.in_use:
            return []
        linker = Linker(store, writer, kind, self._seen)
        linker.run(absent(store, writer.connection, kind, self._scope, self._seen))
        undecided = set(islice(linker.undecided(), _AMBIGUITIES if self._proven else None))
        unclear: list[Ambiguity] = []
        for page in store.staging.pages(writer.connection, kind, STAGED_AT_ONCE):
            links = linker.links([uid for _, uid, _ in page])
            unclear += self._unclear(page, undecided)
            if not self._proven:
                # Whether the known one is gone, nobody knows.
                page = [entry for entry in page if entry[1] not in links and entry[1] not in undecided]
                links = {}
            self._publish(page, links)
        return unclear[:_AMBIGUITIES]

    def _publish(self, page: list[tuple[str, int, Row]], links: dict[int, int]) -> None:
        store, writer = self._store, self._writer
        recording = Recording(store, writer, self._kind)
        former = in_ledger(
            writer.connection, store.number, self._kind, [native_id for native_id, _, _ in page]
        )
        known = load(writer.connection, self._kind, links.values()) if links else {}
        mapper = MAPPERS[self._kind]
        for native_id, uid, row in page:
            if uid in links:
                item = mapper.item_of(store.server, native_id, row)
                before, removed = known[links[uid]]
                recording.remap(links[uid], before, item, row, removed=removed, known=native_id in former)
                self._seen.add([links[uid]])
            elif native_id in former:
                # The id of an item that has another one now: the two are different items.
                recording.add_under_former_id(uid, native_id, row)
            else:
                recording.add(uid, native_id, row)
        recording.write()

    def _unclear(self, page: list[tuple[str, int, Row]], undecided: set[int]) -> list[Ambiguity]:
        mapper = MAPPERS[self._kind]
        items = [
            mapper.item_of(self._store.server, native_id, row)
            for native_id, uid, row in page
            if uid in undecided
        ]
        return [Ambiguity(ref=item.ref, title=mapper.title(item)) for item in items]


def in_ledger(connection: Connection, server: int, kind: Kind, native: list[str]) -> set[str]:
    """Those of the ids that the ledger has."""
    ids = schema.native_ids
    found: set[str] = set()
    for chunk in chunks(native, CHUNK):
        found |= set(
            connection.scalars(
                select(ids.c.native_id).where(
                    ids.c.server_id == server, ids.c.kind == kind.value, ids.c.native_id.in_(chunk)
                )
            )
        )
    return found
