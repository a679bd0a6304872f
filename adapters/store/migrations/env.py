"""Alembic's entry: runs the migrations on the connection that `adapters.store.migrate` opened."""

from __future__ import annotations

from alembic import context

from adapters.store.migrate import VERSION_TABLE
from adapters.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
