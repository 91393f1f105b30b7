"""The schema brought up to date under a lock, and the application role given just what it needs."""

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, make_url, text

from console.infra.db import Model

FOLDER = Path(__file__).parent.parent.parent / "migrations"
# Any number will do as long as nobody else in this database uses it.
LOCK = 4_127_001


class SchemaTooNew(RuntimeError):
    """The database was migrated by a newer console; this one must not touch it."""


def target_metadata() -> MetaData:
    """The tables of all rooms; the caller has imported them (app.py does)."""
    return Model.metadata


def migrate(owner_url: str, app_role: str | None = None, *, to: str = "head") -> None:
    """Upgrade as the owner, one process at a time, then grant to `app_role` (a role name) what the app may do.

    Raises SchemaTooNew when the database holds a revision that this code does not know.
    """
    engine = create_engine(owner_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            _refuse_newer(connection)
            command.upgrade(_config(connection), to)
            if app_role and app_role != make_url(owner_url).username:
                _grant(connection, app_role)
    finally:
        engine.dispose()


def downgrade(owner_url: str, to: str) -> None:
    """Take the schema back to a revision, "base" for nothing."""
    engine = create_engine(owner_url)
    try:
        with engine.begin() as connection:
            command.downgrade(_config(connection), to)
    finally:
        engine.dispose()


@functools.cache
def head() -> str:
    """The newest revision this code knows."""
    found = ScriptDirectory(str(FOLDER)).get_current_head()
    assert found is not None
    return found


def current(connection: Connection) -> str | None:
    """The revision the database is at."""
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def _refuse_newer(connection: Connection) -> None:
    at = current(connection)
    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if at is not None and at not in known:
        raise SchemaTooNew(
            f"The database is at revision {at}, which this version does not know. Run the newer console."
        )


def _grant(connection: Connection, role: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"))
    connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}"))
    for table in target_metadata().sorted_tables:
        if table.info.get("append_only"):
            connection.execute(text(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table.fullname} FROM {quoted}"))
