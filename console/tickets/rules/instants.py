"""Instants as whole microseconds since 1970 UTC: the clocks' arithmetic is exact and knows no time zone."""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
MINUTE: Final = 60_000_000


def micros(at: datetime) -> int:
    """An aware instant as microseconds."""
    return (at - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    """Microseconds as an aware instant in UTC."""
    return EPOCH + at * MICROSECOND


def when(at: int | None) -> datetime | None:
    """The same for what may be missing."""
    return None if at is None else instant(at)


def budget(minutes: float) -> int:
    """Minutes, fractions allowed, as microseconds."""
    return round(minutes * MINUTE)


def minutes_of(length: int) -> int:
    """Whole minutes of a length that is not negative."""
    return length // MINUTE
