"""Storing which libraries a server has."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from soulsync_engine.mirror.encoding import names
from soulsync_engine.mirror.schema import libraries as table
from soulsync_engine.models import Library


def put_libraries(connection: Connection, server_number: int, libraries: Sequence[Library]) -> None:
    """Store the libraries that are new or differ; removes none."""
    stored = {
        row.native_id: row
        for row in connection.execute(select(table).where(table.c.server_id == server_number))
    }
    for position, library in enumerate(libraries):
        values = {
            "position": position,
            "name": library.name,
            "paths": names(library.paths),
            "removed_at": None,
        }
        row = stored.get(library.id)
        if row is None:
            connection.execute(insert(table).values(server_id=server_number, native_id=library.id, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            connection.execute(
                update(table)
                .where(table.c.server_id == server_number, table.c.native_id == library.id)
                .values(**values)
            )


def remove_other_libraries(
    connection: Connection, server_number: int, libraries: Sequence[Library], at: int
) -> None:
    """Mark the libraries that the server no longer has as removed."""
    connection.execute(
        update(table)
        .where(
            table.c.server_id == server_number,
            table.c.native_id.not_in([library.id for library in libraries]),
            table.c.removed_at.is_(None),
        )
        .values(removed_at=at)
    )
