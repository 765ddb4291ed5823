"""Reading stored items back as models, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from soulsync_engine.mirror import schema
from soulsync_engine.mirror.encoding import Credit, understood
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.models import Item, Kind

CHUNK: Final = 500
"""How many rows one look-up by number takes."""

Loaded = tuple[int, Item, bool]
"""uid, item, whether it is removed."""


def server_names(connection: Connection) -> dict[int, str]:
    """The names of all servers, by number."""
    rows = connection.execute(select(schema.servers.c.id, schema.servers.c.name)).all()
    return {number: name for number, name in rows}  # noqa: C416


def server_number(connection: Connection, name: str) -> int | None:
    """The number of a server, None when the mirror has never seen it."""
    number: int | None = connection.scalar(select(schema.servers.c.id).where(schema.servers.c.name == name))
    return number


def load(connection: Connection, kind: Kind, uids: Collection[int]) -> dict[int, tuple[Item, bool]]:
    """The items of one kind with these numbers, and whether each is removed; unknown ones are left out."""
    table = MAPPERS[kind].table
    names = server_names(connection)
    loaded: dict[int, tuple[Item, bool]] = {}
    for chunk in chunks(list(uids), CHUNK):
        rows = connection.execute(select(table).where(table.c.uid.in_(chunk))).all()
        loaded.update((uid, (item, removed)) for uid, item, removed in decode(connection, kind, rows, names))
    return loaded


def decode(
    connection: Connection, kind: Kind, rows: Sequence[Row[Any]], names: Mapping[int, str]
) -> Iterator[Loaded]:
    """The items of stored rows, in their order. The credits are read with one statement for each chunk."""
    mapper = MAPPERS[kind]
    for chunk in chunks(rows, CHUNK):
        credited = {} if kind is Kind.ARTIST else _credits(connection, [row[0] for row in chunk])
        with understood():
            for row in chunk:
                item = mapper.to_item(names[row[1]], row, credited.get(row[0], ()))
                yield row[0], item, row[3] is not None


def chunks(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Consecutive parts of at most `size` values."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _credits(connection: Connection, uids: list[int]) -> dict[int, list[Credit]]:
    table = schema.item_credits
    rows = connection.execute(
        select(table).where(table.c.uid.in_(uids)).order_by(table.c.uid, table.c.role, table.c.position)
    ).all()
    found: dict[int, list[Credit]] = defaultdict(list)
    for uid, role, position, name, artist in rows:
        found[uid].append((role, position, name, artist))
    return found
