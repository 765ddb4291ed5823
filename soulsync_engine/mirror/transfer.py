"""Taking what only a mirror knows, the uids and which ids they have had, from one mirror to another.

Each line is a JSON object. The first says what follows; the others are items, also removed ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select, update

from soulsync_engine.errors import ConflictError, MirrorImportError
from soulsync_engine.mirror import schema
from soulsync_engine.mirror.batch import Batch
from soulsync_engine.mirror.bookkeeping import sync_runs
from soulsync_engine.mirror.database import Database
from soulsync_engine.mirror.loading import CHUNK, chunks, decode, server_names
from soulsync_engine.mirror.records import ChangeType, SyncMode, SyncState
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.runs import begin_run, enter_server
from soulsync_engine.mirror.search import entry_of
from soulsync_engine.mirror.writer import Writer
from soulsync_engine.models import EVERYTHING, Album, Artist, Item, Kind, Track

FORMAT: Final = "soulsync-mirror"
VERSION: Final = 1

_MODELS: Final[dict[Kind, type[Item]]] = {Kind.TRACK: Track, Kind.ALBUM: Album, Kind.ARTIST: Artist}


class _Head(msgspec.Struct):
    format: str
    version: int


class _Line(msgspec.Struct, kw_only=True):
    """An item; `item` is its model, `former` are the ids it had before, `removed` says that it is a tombstone."""

    uid: int
    kind: Kind
    removed: bool
    former: tuple[str, ...]
    item: dict[str, Any]


def export(database: Database) -> Iterator[str]:
    """All of it, read page by page."""
    exported = datetime.now(UTC).isoformat(timespec="seconds")
    yield json.dumps({"format": FORMAT, "version": VERSION, "exported": exported})
    for kind, mapper in MAPPERS.items():
        query, last = select(mapper.table).order_by(mapper.table.c.uid).limit(CHUNK), 0
        while True:
            with database.reading() as connection:
                rows = connection.execute(query.where(mapper.table.c.uid > last)).all()
                if not rows:
                    break
                former = _former_ids(connection, kind, [row[0] for row in rows])
                items = list(decode(connection, kind, rows, server_names(connection)))
            for uid, item, removed in items:
                ids = tuple(id for id in former.get(uid, ()) if id != item.ref.id)
                line = _Line(uid=uid, kind=kind, removed=removed, former=ids, item=msgspec.to_builtins(item))
                # ASCII, since file names that are no valid text come as lone surrogates.
                yield json.dumps(msgspec.to_builtins(line))
            last = rows[-1][0]


def import_(database: Database, lines: Iterable[str]) -> int:
    """Take over an export into an empty mirror, all of it or nothing."""
    numbered = enumerate(lines, start=1)
    _check_head(next(numbered, (1, "")))
    items = 0
    with database.writing() as connection:
        if connection.execute(select(schema.native_ids.c.uid).limit(1)).first() is not None:
            raise ConflictError(
                "The mirror is not empty, so an export cannot be taken over.",
                next_step="Import into a new mirror.",
            )
        writer = Writer(connection)
        runs: dict[str, tuple[int, int]] = {}
        by_kind = (_read(number, text) for number, text in numbered if text.strip())
        while part := list(islice(by_kind, CHUNK)):
            for kind in MAPPERS:
                _take_over(database, writer, runs, kind, [entry for entry in part if entry[0].kind is kind])
            items += len(part)
        for _, run in runs.values():
            connection.execute(
                update(sync_runs)
                .where(sync_runs.c.id == run)
                .values(state=SyncState.INCOMPLETE.value, finished=writer.now)
            )
        writer.keep_counters()
    return items


def _check_head(first: tuple[int, str]) -> None:
    try:
        head = msgspec.json.decode(first[1], type=_Head)
    except msgspec.DecodeError as error:
        raise MirrorImportError(
            f"This is no export of a mirror: its first line is not the one expected ({error}).",
            next_step="Make one with: soulsync mirror export",
        ) from error
    if head.format != FORMAT or head.version > VERSION:
        raise MirrorImportError(
            f"This export is of the format {head.format!r}, version {head.version}, and cannot be read "
            f"({FORMAT!r}, version {VERSION} can).",
            next_step="Upgrade soulsync-engine.",
        )


def _read(number: int, text: str) -> tuple[_Line, Item]:
    try:
        line = msgspec.convert(json.loads(text), _Line)
        return line, msgspec.convert(line.item, _MODELS[line.kind])
    except (ValueError, KeyError) as error:
        raise MirrorImportError(
            f"Line {number} of the export cannot be read: {error}. Nothing was taken over.",
            next_step="Take a whole export; this one may have been cut short or edited.",
        ) from error


def _take_over(
    database: Database,
    writer: Writer,
    runs: dict[str, tuple[int, int]],
    kind: Kind,
    entries: Sequence[tuple[_Line, Item]],
) -> None:
    mapper, batch = MAPPERS[kind], Batch()
    for line, item in entries:
        number, run = _run_of(writer.connection, runs, item.ref.server)
        row = mapper.to_row(item, takes_nul=database.takes_nul)
        omitted, escaped, values, credited, _ = row
        removed_at = writer.now if line.removed else None
        batch.items.append((line.uid, number, item.ref.id, removed_at, omitted, escaped, *values))
        batch.credit(line.uid, credited)
        writer.uid = max(writer.uid, line.uid)
        for id in (item.ref.id, *line.former):
            batch.ids.append((number, kind.value, id, line.uid, 0, run))
        gone = [*line.former, *([item.ref.id] if line.removed else [])]
        batch.id_updates.extend((0, run, None, None, number, kind.value, id) for id in gone)
        if line.removed:
            continue
        # Missing until somebody sees it, under this id or another one.
        batch.id_misses.append((writer.now, 0, number, kind.value, item.ref.id))
        writer.seq += 1
        batch.changes.append(
            (
                writer.seq,
                ChangeType.ADDED.value,
                kind.value,
                line.uid,
                number,
                item.ref.id,
                mapper.title(item),
                "",
                writer.now,
                run,
            )
        )
        if writer.indexes:
            batch.entries.append(entry_of(line.uid, kind, *mapper.texts(row)))
    batch.write(database, writer.cursor, mapper)


def _run_of(connection: Connection, runs: dict[str, tuple[int, int]], server: str) -> tuple[int, int]:
    if server not in runs:
        number = enter_server(connection, server)
        run, _ = begin_run(
            connection, number, EVERYTHING, SyncMode.FULL, "taken over from an export", token=None, since=None
        )
        runs[server] = number, run
    return runs[server]


def _former_ids(connection: Connection, kind: Kind, uids: Sequence[int]) -> dict[int, list[str]]:
    ids = schema.native_ids
    found: dict[int, list[str]] = {}
    for chunk in chunks(uids, CHUNK):
        rows = connection.execute(
            select(ids.c.uid, ids.c.native_id)
            .where(ids.c.uid.in_(chunk), ids.c.gone_since.is_not(None), ids.c.kind == kind.value)
            .order_by(ids.c.gone_since.desc(), ids.c.native_id)
        )
        for uid, native_id in rows:
            found.setdefault(uid, []).append(native_id)
    return found
