"""The tables that syncs keep for themselves: their history, who may write, and how far an unfinished one got."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from soulsync_engine.mirror.schema import metadata

sync_runs: Final = Table(
    "sync_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("server_id", Integer, ForeignKey("servers.id"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("row_version", Integer, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(16), nullable=False),
    # The state of the server: when the sync began, and the one it went on from.
    Column("token", Text),
    Column("since", Text),
    Column("counts", Text),
    Column("error", Text),
    Column("started", BigInteger, nullable=False),
    Column("finished", BigInteger),
    # When a sweep last proved what is absent, as far as this sync knows.
    Column("swept", BigInteger),
    Index("sync_runs_of_server", "server_id"),
)

leases: Final = Table(
    "leases",
    metadata,
    Column("server_id", Integer, ForeignKey("servers.id"), primary_key=True),
    # Who holds it, as JSON: an own number, the machine, the process and when it started.
    Column("holder", Text, nullable=False),
    Column("acquired", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)


def _reading() -> list[Column[object]]:
    """What names one listing of an unfinished sync: `stage` is what it reads, `kind` of which items."""
    return [
        Column("server_id", Integer, ForeignKey("servers.id"), primary_key=True),
        Column("scope", Text, primary_key=True),
        Column("stage", String(8), primary_key=True),
        Column("kind", String(8), primary_key=True),
    ]


checkpoints: Final = Table(
    "checkpoints",
    metadata,
    *_reading(),
    Column("pages", Integer, nullable=False),
    # The page to go on with; NULL when the listing has ended.
    Column("cursor", Text),
    Column("total", BigInteger),
    Column("seen", BigInteger, nullable=False),
    Column("problems", BigInteger, nullable=False),
    Column("nameless", BigInteger, nullable=False),
    Column("proof", Text),
)

seen_pages: Final = Table(
    "seen_pages",
    metadata,
    *_reading(),
    Column("page", Integer, primary_key=True),
    # The numbers of the items on it.
    Column("uids", LargeBinary, nullable=False),
)

staged: Final = Table(
    "staged",
    metadata,
    Column("server_id", Integer, ForeignKey("servers.id"), primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("native_id", Text, primary_key=True),
    # The number it gets unless it turns out to be an item that has one.
    Column("uid", BigInteger, nullable=False),
    # The item, encoded; it is in no other table yet.
    Column("body", LargeBinary, nullable=False),
)

votes: Final = Table(
    "votes",
    metadata,
    Column("server_id", Integer, ForeignKey("servers.id"), primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("kind", String(8), primary_key=True),
    # What belonged to the one id belongs to the other now.
    Column("old_id", Text, primary_key=True),
    Column("new_id", Text, primary_key=True),
    Column("votes", Integer, nullable=False),
)
