"""Alembic's entry: the URL and connection come from `console.infra.migrations`."""

from alembic import context

from console.infra.migrations import target_metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=target_metadata(), compare_type=True, compare_server_default=False
)
with context.begin_transaction():
    context.run_migrations()
