"""Keyset pages: a page of rows and the opaque cursor of the next, never an OFFSET."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import orjson

from console.infra.errors import Fault, Invalid

T = TypeVar("T")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows in the list's order; `next_cursor` is None on the last page."""

    items: Sequence[T]
    next_cursor: str | None


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], Sequence[Any]]) -> Page[T]:
    """A page from a query that asked for `limit + 1` rows; `key` gives what a row is sorted by."""
    items = rows[:limit]
    return Page(items, encode(*key(items[-1])) if len(rows) > limit else None)


def encode(*values: int | str) -> str:
    """An opaque cursor of the values that the last row of a page is sorted by."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def decode(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The values of a cursor, as `kinds`; raises Invalid for what we did not make."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return tuple(_as(kind, value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError, OverflowError) as error:
        fault = Fault("/cursor", "Use the next_cursor of the page before, as it came.")
        raise Invalid("This cursor is not one of ours.", errors=[fault]) from error


def _as(kind: type, value: Any) -> Any:
    if kind is datetime:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError(value)
        return at.astimezone(UTC)
    # bigint is the widest that the database takes; bool is an int to Python.
    if type(value) is not kind or (isinstance(value, int) and not -(2**63) <= value < 2**63):
        raise ValueError(value)
    return value
