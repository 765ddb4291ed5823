"""The tables of what the mirror holds: items, their credits and ids, and the change feed.

All items share one number space (`uid`), so credits, search index and change feed name an item by one number.
Times are microseconds since 1970 in UTC. A removed item keeps its row, with `removed_at` set.

What syncs need for themselves is in `bookkeeping`. The search index is made of full-text tables that SQLAlchemy
cannot describe; see `search`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

REVISION: Final = "0002"
"""The newest revision. Revisions are numbers, so that a newer one can be told from a foreign one."""
REVISION_TABLE: Final = "soulsync_revision"

metadata: Final = MetaData()

# Rows go to the drivers as they are, and PostgreSQL's takes no number for a truth value.
_FLAG: Final = Boolean().with_variant(SmallInteger(), "postgresql")
# What servers say is of any size.
_COUNT: Final = Integer().with_variant(BigInteger(), "postgresql")
_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")

servers: Final = Table(
    "servers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

libraries: Final = Table(
    "libraries",
    metadata,
    Column("server_id", Integer, ForeignKey("servers.id"), primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("paths", Text),
    Column("removed_at", BigInteger),
    sqlite_with_rowid=False,
)


def _identity() -> list[Column[object]]:
    return [
        Column("uid", _NUMBER, primary_key=True, autoincrement=False),
        Column("server_id", Integer, ForeignKey("servers.id"), nullable=False),
        Column("native_id", Text, nullable=False),
        Column("removed_at", BigInteger),
        # Fields the server never sent, as a JSON list.
        Column("omitted", Text),
        # Set when the texts of the row are escaped, because they hold what a database text cannot.
        Column("escaped", _FLAG),
    ]


artists: Final = Table(
    "artists",
    metadata,
    *_identity(),
    Column("name", Text, nullable=False),
    Column("sort_name", Text),
    Column("genres", Text),
    Column("biography", Text),
    Column("musicbrainz_id", Text),
    Column("album_count", BigInteger),
    Column("track_count", BigInteger),
    Column("rating", _COUNT),
    Column("favorite", _FLAG),
    Column("library_id", Text),
    Column("added", BigInteger),
    Column("updated", BigInteger),
)

albums: Final = Table(
    "albums",
    metadata,
    *_identity(),
    Column("title", Text, nullable=False),
    Column("sort_title", Text),
    Column("year", _COUNT),
    Column("genres", Text),
    Column("compilation", _FLAG),
    Column("track_count", BigInteger),
    Column("disc_count", _COUNT),
    Column("duration_ms", BigInteger),
    Column("mb_recording", Text),
    Column("mb_track", Text),
    Column("mb_release", Text),
    Column("mb_release_group", Text),
    Column("mb_artists", Text),
    Column("mb_album_artists", Text),
    Column("rating", _COUNT),
    Column("favorite", _FLAG),
    Column("play_count", BigInteger),
    Column("library_id", Text),
    Column("added", BigInteger),
    Column("updated", BigInteger),
)

tracks: Final = Table(
    "tracks",
    metadata,
    *_identity(),
    Column("title", Text, nullable=False),
    Column("album", Text),
    # The server's own ids: tracks are stored before their albums, and the ledger knows the uid.
    Column("album_native_id", Text),
    Column("disc", _COUNT),
    Column("track_number", _COUNT),
    Column("duration_ms", BigInteger),
    Column("year", _COUNT),
    Column("genres", Text),
    Column("mb_recording", Text),
    Column("mb_track", Text),
    Column("mb_release", Text),
    Column("mb_release_group", Text),
    Column("mb_artists", Text),
    Column("mb_album_artists", Text),
    Column("isrcs", Text),
    Column("path", Text),
    Column("size", BigInteger),
    Column("bitrate", _COUNT),
    Column("codec", Text),
    Column("sample_rate", _COUNT),
    Column("rating", _COUNT),
    Column("favorite", _FLAG),
    Column("play_count", BigInteger),
    Column("last_played", BigInteger),
    Column("library_id", Text),
    Column("added", BigInteger),
    Column("updated", BigInteger),
)

item_credits: Final = Table(
    "credits",
    metadata,
    Column("uid", BigInteger, primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("artist_native_id", Text),
    sqlite_with_rowid=False,
)

native_ids: Final = Table(
    "native_ids",
    metadata,
    Column("server_id", Integer, ForeignKey("servers.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("uid", BigInteger, nullable=False),
    # Of what the server last sent under this id; here, so that comparing a page touches nothing else.
    Column("content_hash", BigInteger, nullable=False),
    Column("first_seen", Integer, ForeignKey("sync_runs.id"), nullable=False),
    # The sync that took it for gone, or found its item under another id; NULL while it is in use.
    Column("gone_since", Integer, ForeignKey("sync_runs.id")),
    # Since when, and in how many sweeps, it was absent while it is not yet taken for gone.
    Column("missing_since", BigInteger),
    Column("missing_sweeps", Integer),
    Index(
        "native_ids_former",
        "uid",
        sqlite_where=text("gone_since IS NOT NULL"),
        postgresql_where=text("gone_since IS NOT NULL"),
    ),
    Index(
        "native_ids_missing",
        "server_id",
        sqlite_where=text("missing_since IS NOT NULL"),
        postgresql_where=text("missing_since IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

changes: Final = Table(
    "changes",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("type", String(16), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("server_id", Integer, ForeignKey("servers.id"), nullable=False),
    # As they were then: a consumer may be far behind.
    Column("native_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    # Names separated by commas.
    Column("fields", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # The sync that found it; NULL for changes from before this was kept. No reference, since SQLite could not add one.
    Column("run_id", Integer),
)

field_writes: Final = Table(
    "field_writes",
    metadata,
    Column("uid", BigInteger, primary_key=True),
    Column("field", String(32), primary_key=True),
    # Fields that are not here were written by the sync that added the item.
    Column("run_id", Integer, ForeignKey("sync_runs.id"), nullable=False),
    sqlite_with_rowid=False,
)

counters: Final = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False, server_default=text("0")),
)
