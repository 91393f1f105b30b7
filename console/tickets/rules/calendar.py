"""A business calendar as people write it: weekly hours in a time zone, holidays, and dates with hours of their own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL_DAY: Final = 24 * 60
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")

# Minutes from midnight; half-open.
Interval = tuple[int, int]
Intervals = tuple[Interval, ...]
Fault = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of a calendar. `week` starts on Monday; exceptions have hours of their own and beat holidays."""

    timezone: str
    week: tuple[Intervals, ...]
    holidays: Mapping[date, str]
    exceptions: Mapping[date, Intervals]

    def hours_on(self, day: date) -> Intervals:
        """The open intervals of a local date, in order."""
        found = self.exceptions.get(day)
        if found is not None:
            return found
        return () if day in self.holidays else self.week[day.weekday()]


def read(body: Mapping[str, Any]) -> Calendar:
    """The calendar of a stored version: a body in which `faults` found nothing."""
    hours = body["hours"]
    return Calendar(
        timezone=body["timezone"],
        week=tuple(_intervals(hours.get(day, ())) for day in DAYS),
        holidays={date.fromisoformat(h["date"]): h["name"] for h in body["holidays"] if h.get("enabled", True)},
        exceptions={date.fromisoformat(day): _intervals(given) for day, given in body["exceptions"].items()},
    )


def faults(body: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a calendar, as (JSON pointer, sentence); its shape is already right."""
    found: list[Fault] = []
    if body["timezone"] not in _zones():
        found.append(("/timezone", f"“{body['timezone']}” is no time zone such as Europe/Berlin."))
    for day, given in body["hours"].items():
        found += _interval_faults(f"/hours/{day}", given)
    for day, given in body["exceptions"].items():
        found += _interval_faults(f"/exceptions/{day}", given)
    if not any(body["hours"].values()):
        found.append(("/hours", "It is never open: give at least one day of the week an interval."))
    return found


def _interval_faults(at: str, given: Sequence[Sequence[str]]) -> list[Fault]:
    found: list[Fault] = []
    known: list[Interval] = []
    for number, (opens, closes) in enumerate(given):
        where = f"{at}/{number}"
        if bad := [text for text in (opens, closes) if not _TIME.fullmatch(text)]:
            found.append((where, f"“{bad[0]}” is no time of day from 00:00 to 24:00."))
            continue
        interval = _minutes(opens), _minutes(closes)
        if interval[0] >= interval[1]:
            found.append((where, f"{opens} to {closes} is no time: an interval ends on its own day, after it began."))
        elif any(interval[0] < end and begin < interval[1] for begin, end in known):
            found.append((where, f"{opens} to {closes} overlaps another interval of this day."))
        else:
            known.append(interval)
    return found


def _intervals(given: Sequence[Sequence[str]]) -> Intervals:
    return tuple(sorted((_minutes(opens), _minutes(closes)) for opens, closes in given))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
