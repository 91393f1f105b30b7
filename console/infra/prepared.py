"""Statements that PostgreSQL parses and plans once a connection.

For the few that are run with every request of a program: short ones cost more to plan than to carry out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import CursorResult

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
        # What a connection has prepared outlives rollbacks and goes with it, as this note does.
        if self.name not in connection.info:
            connection.exec_driver_sql(f"PREPARE {self.name} ({', '.join(self.types.values())}) AS {self.sql}")
            connection.info[self.name] = True
        return connection.exec_driver_sql(self._execute, values)

    @cached_property
    def _execute(self) -> str:
        return f"EXECUTE {self.name} ({', '.join(f'%({name})s' for name in self.types)})"
