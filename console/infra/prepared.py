"""Statements that PostgreSQL parses and plans once a connection.

For the few that are run with every request of a program: short ones cost more to plan than to carry out. Behind a
pooler that lends a connection for a transaction only (`DATABASE_POOLED`), what one transaction prepares the next does
not find: there they are sent whole each time.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import psycopg2
from flask import current_app
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import Connection

from console.config import Settings
from console.infra.db import db


@dataclass(frozen=True)
class Prepared:
    """SQL whose parameters are written `$1`, `$2`, in the order of `types`: their names and PostgreSQL types."""

    name: str
    types: Mapping[str, str]
    sql: str

    def run(self, **values: Any) -> Sequence[Any]:
        """Execute in the session's transaction; returns its rows as named tuples, of plain values of the driver.

        By a cursor of the driver, for all that SQLAlchemy puts around one costs as much again; its errors are
        SQLAlchemy's, which knows which of them mean that the connection is lost.
        """
        connection = db.session.connection()
        cursor = connection.connection.cursor(cursor_factory=NamedTupleCursor)
        with self._heard(connection, cursor, values):
            try:
                self._send(cursor, connection.info, values)
                return cursor.fetchall() if cursor.description else ()
            except psycopg2.Error as error:
                connection._handle_dbapi_exception(error, self.sql, values, cursor, None)  # noqa: SLF001
            finally:
                cursor.close()

    @contextmanager
    def _heard(self, connection: Connection, cursor: Any, values: Mapping[str, Any]) -> Iterator[None]:
        """Who listens to all statements, as Sentry does, hears of these too, and of the end of each, good or bad."""
        # Listeners keep what they began on the context, and ask it for the dialect.
        told = (connection, cursor, self.sql, values, SimpleNamespace(dialect=connection.dialect), False)
        for hear in connection.dispatch.before_cursor_execute:
            hear(*told)
        try:
            yield
        finally:
            for hear in connection.dispatch.after_cursor_execute:
                hear(*told)

    def _send(self, cursor: Any, noted: dict[Any, Any], values: Mapping[str, Any]) -> None:
        if _pooled():
            cursor.execute(self._whole, values)
            return
        # What a connection has prepared outlives rollbacks and goes with it, as this note does.
        if self.name not in noted:
            cursor.execute(f"PREPARE {self.name} ({', '.join(self.types.values())}) AS {self._escaped}", {})
            noted[self.name] = True
        cursor.execute(self._execute, values)

    @cached_property
    def _execute(self) -> str:
        return f"EXECUTE {self.name} ({', '.join(f'%({name})s' for name in self.types)})"

    @property
    def _escaped(self) -> str:
        # The driver takes a lone percent sign for a parameter.
        return self.sql.replace("%", "%%")

    @cached_property
    def _whole(self) -> str:
        given = list(self.types.items())

        def cast(found: re.Match[str]) -> str:
            name, kind = given[int(found[1]) - 1]
            return f"CAST(%({name})s AS {kind})"

        return re.sub(r"\$(\d+)", cast, self._escaped)


def _pooled() -> bool:
    settings: Settings = current_app.extensions["console.settings"]
    return settings.database_pooled
