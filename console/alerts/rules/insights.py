"""What the reports of noise and response count, and how often they are counted anew."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

# A report names so many alerts for each measure.
NAMED: Final = 20
# Counting may take this share of the time, and is done at least this often: a small console counts at every round, one
# with a million alerts every quarter of an hour.
SHARE: Final = 0.01
LONGEST: Final = timedelta(hours=1)
WEEKS: Final = 13


class Period(StrEnum):
    """How far a report of noise looks back; the value is the URL's word."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def span(self) -> timedelta:
        """Its length."""
        return {"24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}[self.value]

    @property
    def words(self) -> str:
        """As people read it."""
        return {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}[self.value]


class Measure(StrEnum):
    """By what alerts are ranked; `STANDING` are open now, the longest first, and belong to no period."""

    FAILURES = "failures"
    CHANGES = "changes"
    REOPENINGS = "reopenings"
    STANDING = "standing"


@dataclass(frozen=True, slots=True)
class Response:
    """How fast alerts were answered in a week: seconds, None where nothing was."""

    week: date
    acknowledged: int = 0
    acknowledge_mean: float | None = None
    acknowledge_median: float | None = None
    resolved: int = 0
    resolve_mean: float | None = None
    resolve_median: float | None = None
    stale: int = 0


def due(counted_at: datetime | None, took_ms: int, now: datetime) -> bool:
    """Whether it is time to count again what took so long the last time."""
    if counted_at is None:
        return True
    rest = timedelta(milliseconds=took_ms / SHARE)
    return now - counted_at >= min(rest, LONGEST)


def monday(at: datetime) -> date:
    """The Monday (UTC) of the week of an instant."""
    return at.date() - timedelta(days=at.weekday())


def weeks(now: datetime, number: int = WEEKS) -> list[date]:
    """The Mondays of the last `number` weeks, this one included, oldest first."""
    this = monday(now)
    return [this - timedelta(weeks=n) for n in reversed(range(number))]


def every_week(found: dict[date, Response], now: datetime, number: int = WEEKS) -> list[Response]:
    """One entry a week, oldest first; a week without anything says so."""
    return [found.get(week, Response(week)) for week in weeks(now, number)]


def share(part: int, whole: int) -> float | None:
    """A part of a whole from 0 to 1; None of nothing, which is not the same as none of something."""
    return part / whole if whole else None
