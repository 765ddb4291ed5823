"""How far an unfinished sync got, stored together with the rows it read, so that the next one goes on there."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from soulsync_engine.mirror.bookkeeping import checkpoints, seen_pages
from soulsync_engine.mirror.database import Cursor, Database
from soulsync_engine.mirror.seen import Seen, packed, unpacked
from soulsync_engine.mirror.statements import insert_of, upsert_of
from soulsync_engine.mirror.sweep import Place
from soulsync_engine.models import Kind


class Stage(StrEnum):
    """What is being read: the full listing of a kind, what changed since a token, or the ids alone."""

    LISTING = "listing"
    CHANGES = "changes"
    IDS = "ids"


class Checkpoints:
    """The checkpoints of one server and scope."""

    def __init__(self, database: Database, *, server: int, scope: str) -> None:
        self._key = (server, scope)
        self._save: Final = upsert_of(database.dialect, checkpoints)
        self._save_page: Final = insert_of(database.dialect, seen_pages, tuple(seen_pages.columns.keys()))

    def save(self, cursor: Cursor, stage: Stage, kind: Kind, place: Place, uids: list[int]) -> None:
        """Note that a page was read, and which items it showed. Call it in the transaction of its rows."""
        key = (*self._key, stage.value, kind.value)
        cursor.execute(
            self._save,
            (
                *key,
                place.pages,
                place.cursor,
                place.total,
                place.seen,
                place.problems,
                place.nameless,
                place.proof,
            ),
        )
        if uids:
            cursor.execute(self._save_page, (*key, place.pages, packed(uids)))

    def load(self, connection: Connection, stage: Stage, kind: Kind) -> tuple[Place, Seen]:
        """Where to go on with a listing, and what it has shown so far."""
        marked = Seen()
        row = connection.execute(select(checkpoints).where(*self._of(checkpoints, stage, kind))).first()
        if row is None:
            return Place(), marked
        stored = connection.scalars(
            select(seen_pages.c.uids).where(*self._of(seen_pages, stage, kind)).order_by(seen_pages.c.page)
        )
        for uids in stored:
            marked.add(unpacked(bytes(uids)))
        return (
            Place(
                pages=row.pages,
                cursor=row.cursor,
                ended=row.cursor is None,
                total=row.total,
                seen=row.seen,
                problems=row.problems,
                nameless=row.nameless,
                proof=row.proof,
            ),
            marked,
        )

    def clear(self, connection: Connection) -> None:
        """Forget all of them."""
        server, scope = self._key
        for table in (checkpoints, seen_pages):
            connection.execute(delete(table).where(table.c.server_id == server, table.c.scope == scope))

    def _of(self, table: Table, stage: Stage, kind: Kind) -> tuple[ColumnElement[bool], ...]:
        server, scope = self._key
        return (
            table.c.server_id == server,
            table.c.scope == scope,
            table.c.stage == stage.value,
            table.c.kind == kind.value,
        )
