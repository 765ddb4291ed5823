"""What makes a mirror one that can be relied on: leases, checkpoints, staged items, grace, and who wrote what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables that syncs keep for themselves, and add what the others lack."""
    op.add_column("native_ids", sa.Column("missing_since", sa.BigInteger()))
    op.add_column("native_ids", sa.Column("missing_sweeps", sa.Integer()))
    gone, missing = sa.text("gone_since IS NOT NULL"), sa.text("missing_since IS NOT NULL")
    op.create_index("native_ids_former", "native_ids", ["uid"], sqlite_where=gone, postgresql_where=gone)
    op.create_index(
        "native_ids_missing", "native_ids", ["server_id"], sqlite_where=missing, postgresql_where=missing
    )
    op.add_column("sync_runs", sa.Column("since", sa.Text()))
    op.add_column("sync_runs", sa.Column("swept", sa.BigInteger()))
    op.add_column("changes", sa.Column("run_id", sa.Integer()))
    op.execute("UPDATE sync_runs SET swept = finished WHERE state = 'complete'")
    op.create_table(
        "field_writes",
        sa.Column("uid", sa.BigInteger(), primary_key=True),
        sa.Column("field", sa.String(32), primary_key=True),
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("sync_runs.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leases",
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), primary_key=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("acquired", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "checkpoints",
        *_reading(),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("total", sa.BigInteger()),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("problems", sa.BigInteger(), nullable=False),
        sa.Column("nameless", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.Text()),
    )
    op.create_table(
        "seen_pages",
        *_reading(),
        sa.Column("page", sa.Integer(), primary_key=True),
        sa.Column("uids", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "staged",
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), primary_key=True),
        sa.Column("scope", sa.Text(), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("native_id", sa.Text(), primary_key=True),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "votes",
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), primary_key=True),
        sa.Column("scope", sa.Text(), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("old_id", sa.Text(), primary_key=True),
        sa.Column("new_id", sa.Text(), primary_key=True),
        sa.Column("votes", sa.Integer(), nullable=False),
    )


def _reading() -> list[sa.Column[object]]:
    return [
        sa.Column("server_id", sa.Integer(), sa.ForeignKey("servers.id"), primary_key=True),
        sa.Column("scope", sa.Text(), primary_key=True),
        sa.Column("stage", sa.String(8), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
    ]
