"""The first tables: items, their credits and ids, sync runs, change feed and search index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNT = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
_FLAG = sa.Boolean().with_variant(sa.SmallInteger(), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "servers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
    )
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("token", sa.Text()),
        sa.Column("counts", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger()),
    )
    op.create_index("sync_runs_of_server", "sync_runs", ["server_id"])
    op.create_table(
        "libraries",
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), primary_key=True),
        sa.Column("native_id", sa.Text(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paths", sa.Text()),
        sa.Column("removed_at", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "artists",
        sa.Column(
            "uid", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.BigInteger()),
        sa.Column("omitted", sa.Text()),
        sa.Column("escaped", _FLAG),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text()),
        sa.Column("genres", sa.Text()),
        sa.Column("biography", sa.Text()),
        sa.Column("musicbrainz_id", sa.Text()),
        sa.Column("album_count", sa.BigInteger()),
        sa.Column("track_count", sa.BigInteger()),
        sa.Column("rating", _COUNT),
        sa.Column("favorite", _FLAG),
        sa.Column("library_id", sa.Text()),
        sa.Column("added", sa.BigInteger()),
        sa.Column("updated", sa.BigInteger()),
    )
    op.create_table(
        "albums",
        sa.Column(
            "uid", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.BigInteger()),
        sa.Column("omitted", sa.Text()),
        sa.Column("escaped", _FLAG),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sort_title", sa.Text()),
        sa.Column("year", _COUNT),
        sa.Column("genres", sa.Text()),
        sa.Column("compilation", _FLAG),
        sa.Column("track_count", sa.BigInteger()),
        sa.Column("disc_count", _COUNT),
        sa.Column("duration_ms", sa.BigInteger()),
        sa.Column("mb_recording", sa.Text()),
        sa.Column("mb_track", sa.Text()),
        sa.Column("mb_release", sa.Text()),
        sa.Column("mb_release_group", sa.Text()),
        sa.Column("mb_artists", sa.Text()),
        sa.Column("mb_album_artists", sa.Text()),
        sa.Column("rating", _COUNT),
        sa.Column("favorite", _FLAG),
        sa.Column("play_count", sa.BigInteger()),
        sa.Column("library_id", sa.Text()),
        sa.Column("added", sa.BigInteger()),
        sa.Column("updated", sa.BigInteger()),
    )
    op.create_table(
        "tracks",
        sa.Column(
            "uid", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.BigInteger()),
        sa.Column("omitted", sa.Text()),
        sa.Column("escaped", _FLAG),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("album", sa.Text()),
        sa.Column("album_native_id", sa.Text()),
        sa.Column("disc", _COUNT),
        sa.Column("track_number", _COUNT),
        sa.Column("duration_ms", sa.BigInteger()),
        sa.Column("year", _COUNT),
        sa.Column("genres", sa.Text()),
        sa.Column("mb_recording", sa.Text()),
        sa.Column("mb_track", sa.Text()),
        sa.Column("mb_release", sa.Text()),
        sa.Column("mb_release_group", sa.Text()),
        sa.Column("mb_artists", sa.Text()),
        sa.Column("mb_album_artists", sa.Text()),
        sa.Column("isrcs", sa.Text()),
        sa.Column("path", sa.Text()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("bitrate", _COUNT),
        sa.Column("codec", sa.Text()),
        sa.Column("sample_rate", _COUNT),
        sa.Column("rating", _COUNT),
        sa.Column("favorite", _FLAG),
        sa.Column("play_count", sa.BigInteger()),
        sa.Column("last_played", sa.BigInteger()),
        sa.Column("library_id", sa.Text()),
        sa.Column("added", sa.BigInteger()),
        sa.Column("updated", sa.BigInteger()),
    )
    op.create_table(
        "credits",
        sa.Column("uid", sa.BigInteger(), primary_key=True),
        sa.Column("role", sa.String(16), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("artist_native_id", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "native_ids",
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("native_id", sa.Text(), primary_key=True),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.Integer(), sa.ForeignKey("sync_runs.id"), nullable=False),
        sa.Column("gone_since", sa.Integer(), sa.ForeignKey("sync_runs.id")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "changes",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    _create_search_index()


def _create_search_index() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # The texts are normalised before they get here, so a token is whatever stands between two blanks.
        # Without an index of their own, beginnings of two or three letters take long to find in a large library.
        tokenize = "tokenize = \"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co Cn'\""
        options = f"{tokenize}, prefix = '2 3'"
        op.execute(f"CREATE VIRTUAL TABLE artists_search USING fts5 (name, {options})")
        op.execute(f"CREATE VIRTUAL TABLE albums_search USING fts5 (title, artists, {options})")
        op.execute(f"CREATE VIRTUAL TABLE tracks_search USING fts5 (title, artists, album, {options})")
        return
    for kind, columns in (
        ("artists", ("name",)),
        ("albums", ("title", "artists")),
        ("tracks", ("title", "artists", "album")),
    ):
        vectors = ", ".join(f"{column} tsvector NOT NULL" for column in columns)
        everything = " || ".join(columns)
        op.execute(f"CREATE TABLE {kind}_search (rowid BIGINT PRIMARY KEY, {vectors})")
        op.execute(f"CREATE INDEX {kind}_search_words ON {kind}_search USING gin (({everything}))")
