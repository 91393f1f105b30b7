"""Holiday files (iCalendar, RFC 5545): the all-day events of some years, repeated as they say.

Files are strangers' text: only the lines of all-day events reach the library, without what is nested in them, and every
repetition gets an end, so that neither depth nor endlessness costs anything.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final, cast

import icalendar
from dateutil.rrule import rrule, rrulestr

from console.infra.errors import Fault, Invalid

MOST_BYTES: Final = 2_000_000
MOST_EVENTS: Final = 5_000
MOST_DAYS: Final = 3_000
# Seconds for all repetitions together; one alone takes less than two, however it is made.
PATIENCE: Final = 5.0
# An event, and how far back one may begin to repeat.
LONGEST: Final = timedelta(days=366)
EARLIEST: Final = 1900
# What a rule of whole days may say. Of others some never come true, and looking for them until 9999 takes long.
_ALWAYS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
PARTS: Final = {
    "DAILY": _ALWAYS,
    "WEEKLY": _ALWAYS | {"BYDAY"},
    "MONTHLY": _ALWAYS | {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": _ALWAYS | {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH", "BYYEARDAY", "BYWEEKNO"},
}
RULE_MOST: Final = 400
_DAY: Final = re.compile(r"DTSTART(?:;[^:]*)?:\d{8}\s*$", re.IGNORECASE)
# Some senders name a zone for a whole day, which RFC 5545 forbids and the library takes for an instant.
_DAYS: Final = re.compile(
    r"(DTSTART|DTEND|RDATE|EXDATE|RECURRENCE-ID)(?:;[^:]*)?:(\d{8}(?:,\d{8})*)\s*$", re.IGNORECASE
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
NAME_MOST: Final = 200
# Google's feeds list days that nobody has off, and say so.
OBSERVED: Final = re.compile(r"\bobservance\b|daylight saving|\btime change\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the file; one that is observed only is not `enabled`."""

    date: date
    name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Series:
    """An all-day event: its first day, for how long, and on which other days it comes again."""

    uid: str
    first: date
    length: timedelta
    rule: rrule | None
    count: int | None
    extra: tuple[date, ...]
    without: frozenset[date]
    instead_of: date | None
    name: str
    enabled: bool

    def starts(self) -> Iterator[date]:
        """The first days of all occurrences."""
        yield self.first
        yield from self.extra
        if self.rule is not None:
            for at in islice(self.rule, self.count):
                yield at.date()


@dataclass(frozen=True, slots=True)
class HolidayFile:
    """The days of the years that were asked for, and how many events were left out: timed, cancelled or unreadable."""

    days: tuple[Day, ...]
    left_out: int


def read(raw: bytes, years: range) -> HolidayFile:
    """The holidays of a file. Raises Invalid, with a pointer to the file, for what is none or too much."""
    if len(raw) > MOST_BYTES:
        raise _refused(f"The file is larger than {MOST_BYTES // 1_000_000} MB.")
    text = _text(raw)
    if "BEGIN:VCALENDAR" not in text[:1_000].upper():
        raise _refused("This is no calendar file (.ics): it does not begin with BEGIN:VCALENDAR.")
    events = list(islice(_events(text), MOST_EVENTS + 1))
    if len(events) > MOST_EVENTS:
        raise _refused(f"It holds more than {MOST_EVENTS:,} events.")
    whole = [
        [_DAYS.sub(r"\1;VALUE=DATE:\2", line) for line in lines]
        for lines in events
        if any(_DAY.match(line) for line in lines)
    ]
    begin, end = date(years[0], 1, 1), date(years[-1], 12, 31)
    known = [one for event in _parsed(whole).walk("VEVENT") if (one := _series(event, end)) is not None]
    found = _expanded(known, begin, end)
    return HolidayFile(tuple(found[day] for day in sorted(found)), len(events) - len(known))


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, errors=[Fault("/file", sentence)])


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _events(text: str) -> Iterator[list[str]]:
    """The lines of each event, unfolded, without what is nested in it."""
    event: list[str] | None = None
    depth = 0
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        word = line.strip().upper()
        if event is None:
            event, depth = ([], 0) if word == "BEGIN:VEVENT" else (None, 0)
        elif word.startswith("BEGIN:"):
            depth += 1
        elif word.startswith("END:") and depth:
            depth -= 1
        elif word.startswith("END:"):
            yield event
            event = None
        elif not depth:
            event.append(line)


def _parsed(events: list[list[str]]) -> icalendar.Calendar:
    lines = [line for event in events for line in ("BEGIN:VEVENT", *event, "END:VEVENT")]
    try:
        return icalendar.Calendar.from_ical("\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", "")))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise _refused("The file cannot be read as a calendar.") from error


def _series(event: icalendar.Component, end: date) -> Series | None:
    """An all-day event that one can count with; None for any other."""
    try:
        first = _day(event["DTSTART"])
        until = _day(event["DTEND"]) if "DTEND" in event else first + _lasting(event)
        rule, count = _rule(event["RRULE"], first, end) if "RRULE" in event else (None, None)
        found = Series(
            uid=str(event.get("UID", "")),
            first=first,
            length=min(max(until - first, timedelta(1)), LONGEST),
            rule=rule,
            count=count,
            extra=tuple(_dates(event, "RDATE")),
            without=frozenset(_dates(event, "EXDATE")),
            instead_of=_day(event["RECURRENCE-ID"]) if "RECURRENCE-ID" in event else None,
            name=_CONTROL.sub(" ", str(event.get("SUMMARY", ""))).strip()[:NAME_MOST],
            enabled=OBSERVED.search(f"{event.get('SUMMARY', '')} {event.get('DESCRIPTION', '')}") is None,
        )
    except (ValueError, AttributeError, KeyError, TypeError, OverflowError):
        return None
    return None if str(event.get("STATUS", "")).upper() == "CANCELLED" else found


def _lasting(event: Any) -> timedelta:
    return cast("timedelta", event["DURATION"].dt) if "DURATION" in event else timedelta(1)


def _day(value: Any) -> date:
    found = value.dt
    if not isinstance(found, date) or isinstance(found, datetime):
        raise TypeError("no whole day")
    return found


def _dates(event: icalendar.Component, name: str) -> Iterator[date]:
    given = event.get(name, [])
    for each in given if isinstance(given, list) else [given]:
        yield from (_day(day) for day in each.dts)


def _rule(given: Any, first: date, end: date) -> tuple[rrule, int | None]:
    """A rule that ends with `end`, and how often it comes true at most; raises ValueError for one that is not sane.

    A count is kept apart: it may never be reached.
    """
    made = icalendar.vRecur(given)
    count, until = made.pop("COUNT", [None])[0], made.get("UNTIL", [end])[0]
    made["UNTIL"] = [min(until.date() if isinstance(until, datetime) else until, end)]
    text = str(made.to_ical().decode())  # type: ignore[no-untyped-call]
    every = made.get("INTERVAL", [1])[0]
    if not set(made) <= PARTS[made["FREQ"][0]] or every < 1 or len(text) > RULE_MOST or first.year < EARLIEST:
        raise ValueError("no rule of whole days")
    return rrulestr(text, dtstart=datetime(first.year, first.month, first.day)), count  # noqa: DTZ001 - a date


def _expanded(known: list[Series], begin: date, end: date) -> dict[date, Day]:
    replaced = {(one.uid, one.instead_of) for one in known if one.instead_of is not None}
    days: dict[date, Day] = {}
    until = time.monotonic() + PATIENCE
    for one in known:
        if time.monotonic() > until:
            raise _refused("Its events repeat too often to be counted.")
        for first in one.starts():
            if first not in one.without and (one.instead_of or (one.uid, first) not in replaced):
                for day in _span(first, one.length, begin, end):
                    days.setdefault(day, Day(day, one.name, one.enabled))
    if len(days) > MOST_DAYS:
        raise _refused(f"It names more than {MOST_DAYS:,} days of these years.")
    return days


def _span(first: date, length: timedelta, begin: date, end: date) -> Iterator[date]:
    """The days of one occurrence within the years; its end is exclusive."""
    last = min(first + length - timedelta(1), end) if first <= end else begin - timedelta(1)
    day = max(first, begin)
    while day <= last:
        yield day
        day += timedelta(1)
