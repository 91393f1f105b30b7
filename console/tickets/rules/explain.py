"""Why a deadline is where it is: day by day, what was open, what counted, what was held, and the running total."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from console.tickets.rules.history import Hold
from console.tickets.rules.hours import DAY, Hours

# A clock that runs for longer is told of by its first days.
MOST_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Part:
    """Open time: counted, or held in the status (or "resolved") named by `held`. Instants are microseconds."""

    begin: int
    end: int
    held: str | None = None

    @property
    def length(self) -> int:
        """In microseconds."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Day:
    """A local day of the calendar. `begin` and `end` bound it in real time, within the time that is explained.

    `holiday` names the one that closes it, `exception` says that it has hours of its own; lengths are microseconds,
    `total` is what was counted until the day's end.
    """

    day: date
    begin: int
    end: int
    holiday: str | None
    exception: bool
    parts: tuple[Part, ...]
    counted: int
    total: int

    @property
    def held(self) -> int:
        """Open time that did not count."""
        return sum(part.length for part in self.parts if part.held)


def explain(holds: Sequence[Hold], hours: Hours, begin: int, end: int) -> list[Day]:
    """The days from `begin` to `end`, closed ones too."""
    found: list[Day] = []
    total = 0
    for day, opens, closes in _days(hours, begin, end):
        parts = tuple(_parts(holds, hours, opens, closes))
        counted = sum(part.length for part in parts if part.held is None)
        total += counted
        calendar = hours.calendar
        exception = day in calendar.exceptions
        holiday = None if exception else calendar.holidays.get(day)
        found.append(Day(day, opens, closes, holiday, exception, parts, counted, total))
        if len(found) == MOST_DAYS:
            break
    return found


def _days(hours: Hours, begin: int, end: int) -> Iterator[tuple[date, int, int]]:
    day = hours.local(begin).date()
    while begin < end:
        # A date that clocks skip begins where the next does, and is not there.
        midnight = hours.midnight(day + DAY)
        if midnight > begin:
            yield day, begin, min(midnight, end)
            begin = midnight
        day += DAY


def _parts(holds: Sequence[Hold], hours: Hours, begin: int, end: int) -> Iterator[Part]:
    for opens, closes in hours.segments(begin, end):
        at = opens
        for hold in holds:
            if hold.begin >= closes or (hold.end is not None and hold.end <= at):
                continue
            if hold.begin > at:
                yield Part(at, hold.begin)
            at, since = closes if hold.end is None else min(hold.end, closes), max(hold.begin, at)
            yield Part(since, at, hold.why)
        if at < closes:
            yield Part(at, closes)
