"""Items by uid, and by any id they have had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from sqlalchemy import ColumnElement, Connection, select

from soulsync_engine.mirror import schema
from soulsync_engine.mirror.loading import load, server_number
from soulsync_engine.mirror.records import MirroredItem, SyncRun
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.runs import runs_of
from soulsync_engine.models import ItemRef, Kind


def item_of(connection: Connection, uid: int) -> MirroredItem | None:
    """The item of a uid, whatever its kind."""
    for kind in MAPPERS:
        for item, removed in load(connection, kind, [uid]).values():
            ids = schema.native_ids
            number = server_number(connection, item.ref.server)
            former = connection.scalars(
                select(ids.c.native_id)
                .where(
                    ids.c.uid == uid,
                    ids.c.gone_since.is_not(None),
                    ids.c.kind == kind.value,
                    ids.c.native_id != item.ref.id,
                )
                .order_by(ids.c.gone_since.desc(), ids.c.native_id)
            )
            missing = connection.scalar(select(ids.c.missing_since).where(*_is(number, item.ref)))
            return MirroredItem(
                uid=str(uid),
                item=item,
                removed=removed,
                missing=missing is not None and not removed,
                ids=(item.ref.id, *former),
            )
    return None


def find_item(connection: Connection, ref: ItemRef) -> MirroredItem | None:
    """The item that has, or had, an id of a server."""
    number = server_number(connection, ref.server)
    uid = connection.scalar(select(schema.native_ids.c.uid).where(*_is(number, ref)))
    return None if uid is None else item_of(connection, uid)


def writers_of(connection: Connection, uid: int, known: MirroredItem) -> Mapping[str, SyncRun]:
    """For each field the sync that wrote it: the one noted, else the one that added the item."""
    item = known.item
    number = server_number(connection, item.ref.server)
    ids, writes = schema.native_ids, schema.field_writes
    added = min(
        connection.scalars(
            select(ids.c.first_seen).where(
                ids.c.server_id == number,
                ids.c.kind == item.ref.kind.value,
                ids.c.native_id.in_(known.ids),
                ids.c.uid == uid,
            )
        )
    )
    noted = connection.execute(select(writes.c.field, writes.c.run_id).where(writes.c.uid == uid))
    run_of = dict.fromkeys(
        (entry.name for entry in fields(item) if entry.name not in ("ref", "omitted")), added
    )
    run_of |= {name: run for name, run in noted}  # noqa: C416
    runs = runs_of(connection, set(run_of.values()))
    return {name: runs[run] for name, run in run_of.items() if name not in item.omitted}


def _is(number: int | None, ref: ItemRef) -> tuple[ColumnElement[bool], ...]:
    ids = schema.native_ids
    kind = Kind(ref.kind).value
    return ids.c.server_id == number, ids.c.kind == kind, ids.c.native_id == ref.id
