"""How Alembic runs the migrations: on the connection it is handed, inside the caller's transaction."""

from __future__ import annotations

from alembic import context

from soulsync_engine.mirror.schema import REVISION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
