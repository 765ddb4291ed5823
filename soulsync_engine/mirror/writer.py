"""One transaction that writes: its cursor, its moment, and the numbers it uses up."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from soulsync_engine.mirror import schema
from soulsync_engine.mirror.database import driver_cursor
from soulsync_engine.mirror.encoding import microseconds
from soulsync_engine.mirror.search import is_current, position_at


class Writer:
    """A transaction of a store. `uid` and `seq` are the last numbers that were given out."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.cursor = driver_cursor(connection)
        self.now = microseconds(datetime.now(UTC))
        counters = schema.counters
        rows = connection.execute(select(counters.c.name, counters.c.value)).all()
        self._stored: dict[str, int] = {name: value for name, value in rows}  # noqa: C416
        self.uid = self._stored.get("uid", 0)
        self.seq = self._stored.get("seq", 0)
        # An index that has fallen behind is brought up by `refresh_index`, from the change feed.
        self.indexes = is_current(self._stored)

    def keep_counters(self) -> None:
        """Write the numbers that were used up. Readers see them together with the rows that bear them."""
        counters = {"uid": self.uid, "seq": self.seq}
        if self.indexes and self.seq:
            counters |= position_at(self.seq)
        for name, value in counters.items():
            if name not in self._stored:
                if value:
                    self.connection.execute(insert(schema.counters).values(name=name, value=value))
            elif value != self._stored[name]:
                table = schema.counters
                self.connection.execute(update(table).where(table.c.name == name).values(value=value))
