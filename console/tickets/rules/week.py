"""A calendar as a picture: one row a day, its open hours as bars along 24 hours, and what they come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from console.tickets.rules.calendar import DAYS, FULL_DAY, Calendar, Intervals
from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import MINUTE

NAMES: Final = dict(
    zip(DAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True)
)
_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """Open from `x` for `width`, in percent of the day."""

    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """A day: its name, its bars, its hours in words, how many there are, and why it differs from its weekday.

    `kind` is "", "holiday", "exception" or "fault"; `length` reads like "9 h" and is real time, so that a night on
    which clocks move tells.
    """

    key: str
    name: str
    bars: tuple[Bar, ...]
    words: str
    length: str
    note: str = ""
    kind: str = ""
    today: bool = False


def week(days: Sequence[Intervals]) -> list[Row]:
    """The seven rows of weekly hours."""
    return [day_row(key, NAMES[key], intervals) for key, intervals in zip(DAYS, days, strict=True)]


def day_row(key: str, name: str, intervals: Intervals, note: str = "", kind: str = "") -> Row:
    """One day by its wall clock."""
    return Row(key, name, _bars(intervals), words(intervals), length(_minutes(intervals)), note, kind)


def coming(hours: Hours, today: date, days: int) -> list[Row]:
    """The days from `today` on, as they will be: holidays and exceptions counted, lengths in real time."""
    return [_dated(hours, today + timedelta(days=n), today=n == 0) for n in range(days)]


def weekly(days: Iterable[Intervals]) -> str:
    """How many hours a week has."""
    return length(sum(_minutes(intervals) for intervals in days))


def words(intervals: Intervals) -> str:
    """The hours of a day as one reads them."""
    return ", ".join(f"{_clock(opens)}\N{EN DASH}{_clock(closes)}" for opens, closes in intervals) or "closed"


def length(minutes: int) -> str:
    """Minutes as hours: "9 h", "7 h 30", "0 h"."""
    whole, rest = divmod(minutes, _HOUR)
    return f"{whole} h {rest:02d}" if rest else f"{whole} h"


def _dated(hours: Hours, day: date, *, today: bool) -> Row:
    calendar = hours.calendar
    intervals = calendar.hours_on(day)
    opened = sum(end - begin for begin, end in hours.segments(hours.midnight(day), hours.midnight(day + timedelta(1))))
    note, kind = _why(calendar, day)
    real = opened // MINUTE
    if real != _minutes(intervals):
        note = f"{note}; clocks change" if note else "clocks change"
    name = f"{day:%a} {day.day} {day:%b}"
    return Row(day.isoformat(), name, _bars(intervals), words(intervals), length(real), note, kind, today)


def _why(calendar: Calendar, day: date) -> tuple[str, str]:
    holiday = calendar.holidays.get(day)
    if day in calendar.exceptions:
        return (f"exception, over {holiday}" if holiday else "exception"), "exception"
    return (holiday or "holiday", "holiday") if holiday is not None else ("", "")


def _bars(intervals: Intervals) -> tuple[Bar, ...]:
    return tuple(
        Bar(round(100 * opens / FULL_DAY, 3), round(100 * (closes - opens) / FULL_DAY, 3), words(((opens, closes),)))
        for opens, closes in intervals
    )


def _minutes(intervals: Intervals) -> int:
    return sum(closes - opens for opens, closes in intervals)


def _clock(minutes: int) -> str:
    return f"{minutes // _HOUR:02d}:{minutes % _HOUR:02d}"
