"""Alembic's entry: the URL and connection come from `console.infra.migrations`."""

import re

from alembic import context

from console.infra.migrations import target_metadata

# What migrations make and models cannot say: weekly partitions, indexes of expressions or of only some servers.
UNMODELLED = re.compile(r"occurrences_\d{4}w\d{2}.*|ix_alert_details_(text|task)")


def modelled(_: object, name: str | None, kind: str, reflected: bool, __: object) -> bool:  # noqa: FBT001
    """Whether models and database are to agree on this table or index."""
    return not (reflected and kind in {"table", "index"} and UNMODELLED.fullmatch(name or ""))


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=target_metadata(),
    compare_type=True,
    compare_server_default=False,
    include_object=modelled,
)
with context.begin_transaction():
    context.run_migrations()
