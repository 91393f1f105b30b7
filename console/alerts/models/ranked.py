"""An IntEnum in a smallint column: it sorts by rank in the index and reads as the enum in Python."""

from enum import IntEnum
from typing import TypeVar

from sqlalchemy import SmallInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

E = TypeVar("E", bound=IntEnum)


class Ranked(TypeDecorator[E]):
    """`Ranked(Severity)`: smallint in the database, Severity outside."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The rank."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> E | None:  # noqa: ARG002
        """The enum."""
        return None if value is None else self.kind(value)
