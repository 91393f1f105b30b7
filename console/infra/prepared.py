"""Statements that PostgreSQL parses and plans once a connection.

For the few that are run with every request of a program: short ones cost more to plan than to carry out. Behind a
pooler that lends a connection for a transaction only (`DATABASE_POOLED`), what one transaction prepares the next does
not find: there they are sent whole each time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import current_app
from sqlalchemy import CursorResult

from console.config import Settings
from console.infra.db import db


@dataclass(frozen=True)
class Prepared:
    """SQL whose parameters are written `$1`, `$2`, in the order of `types`: their names and PostgreSQL types."""

    name: str
    types: Mapping[str, str]
    sql: str

    def run(self, **values: Any) -> CursorResult[Any]:
        """Execute in the session's transaction, by the connection: the ORM's own way costs as much again."""
        connection = db.session.connection()
        if _pooled():
            return connection.exec_driver_sql(self._whole, values)
        # What a connection has prepared outlives rollbacks and goes with it, as this note does.
        if self.name not in connection.info:
            connection.exec_driver_sql(f"PREPARE {self.name} ({', '.join(self.types.values())}) AS {self._escaped}")
            connection.info[self.name] = True
        return connection.exec_driver_sql(self._execute, values)

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
