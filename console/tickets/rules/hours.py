"""Business time on the real time line: a calendar expanded into UTC segments, searched by bisection.

A segment is open from its start and closed at its end (half-open). Months are expanded when they are first needed and
kept; a table is replaced as a whole, so that threads may share one `Hours`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from console.tickets.rules.calendar import Calendar, Intervals
from console.tickets.rules.instants import EPOCH, MICROSECOND, MINUTE, instant, micros

DAY: Final = timedelta(days=1)
# Local dates differ from those of UTC by a day at most, and Samoa skipped one.
SLACK: Final = timedelta(days=2)
EPOCH_DAY: Final = EPOCH.date()
# A deadline that lies beyond is none: a table must end somewhere.
LAST_YEAR: Final = 2400
LAST_MONTH: Final = LAST_YEAR * 12 + 11

Segment = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Table:
    """The segments of the months from `first` to `last`; `before[i]` is the open time of all segments before i.

    `begin` and `end` bound the instants of which all is known.
    """

    first: int
    last: int
    begin: int
    end: int
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    before: tuple[int, ...]
    total: int

    def position(self, at: int) -> int:
        """Open time from the table's start until `at`."""
        index = bisect_right(self.opens, at) - 1
        return 0 if index < 0 else self.before[index] + min(at, self.closes[index]) - self.opens[index]


class Hours:
    """The open time of one calendar version. Instants and lengths are microseconds."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._zone = ZoneInfo(calendar.timezone)
        self._table: _Table | None = None

    def between(self, begin: int, end: int) -> int:
        """Open time from `begin` to `end`; 0 when they are the wrong way round."""
        if end <= begin:
            return 0
        table = self._covering(begin, end)
        return table.position(end) - table.position(begin)

    def after(self, begin: int, length: int) -> int | None:
        """The earliest instant at which `length` of open time has passed since `begin`; None when it never comes."""
        if length <= 0:
            return begin
        table = self._covering(begin, begin)
        goal = table.position(begin) + length
        while goal > table.total:
            if table.last >= LAST_MONTH:
                return None
            table = self._months(table.first, min(LAST_MONTH, table.last + 1 + (table.last - table.first) // 2))
            goal = table.position(begin) + length
        index = bisect_left(table.before, goal) - 1
        return table.opens[index] + goal - table.before[index]

    def segments(self, begin: int, end: int) -> Iterator[Segment]:
        """The open segments within [begin, end), clipped to it."""
        table = self._covering(begin, end)
        for index in range(max(0, bisect_right(table.opens, begin) - 1), len(table.opens)):
            opens, closes = max(table.opens[index], begin), min(table.closes[index], end)
            if table.opens[index] >= end:
                return
            if opens < closes:
                yield opens, closes

    def local(self, at: int) -> datetime:
        """An instant in the calendar's zone."""
        return instant(at).astimezone(self._zone)

    def midnight(self, day: date) -> int:
        """The instant at which a local date begins."""
        return self._utc(day, 0)

    def _covering(self, begin: int, end: int) -> _Table:
        table = self._table
        if table is not None and table.begin <= begin and end <= table.end:
            return table
        first, last = _month(instant(begin) - SLACK), _month(instant(end) + SLACK)
        if table is not None:
            first, last = min(first, table.first), max(last, table.last)
        return self._months(first, last)

    def _months(self, first: int, last: int) -> _Table:
        table = self._table
        if table is not None and table.first == first and table.last < last:
            found = list(zip(table.opens, table.closes, strict=True))
            found = _joined(found, self._expand(table.last + 1, last))
        else:
            found = _joined([], self._expand(first, last))
        self._table = table = _table(first, last, found)
        return table

    def _expand(self, first: int, last: int) -> Iterator[Segment]:
        day, end = _first_day(first), _first_day(last + 1)
        offset = self._offset(day)
        while day < end:
            following = day + DAY
            after = self._offset(following)
            if intervals := self.calendar.hours_on(day):
                yield from self._plain(day, offset, intervals) if offset == after else self._jumping(day, intervals)
            day, offset = following, after

    def _offset(self, day: date) -> timedelta | None:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).utcoffset()

    def _plain(self, day: date, offset: timedelta | None, intervals: Intervals) -> Iterator[Segment]:
        """A day on which no clock is moved: nearly all of them, so nothing is looked up."""
        midnight = (day - EPOCH_DAY - (offset or timedelta())) // MICROSECOND
        for opens, closes in intervals:
            yield midnight + opens * MINUTE, midnight + closes * MINUTE

    def _jumping(self, day: date, intervals: Intervals) -> Iterator[Segment]:
        # What is pushed forward by a gap may come to lie behind what follows it on the wall.
        if self._happened(day):
            yield from sorted((self._utc(day, opens), self._utc(day, closes)) for opens, closes in intervals)

    def _utc(self, day: date, minutes: int) -> int:
        """A local time as an instant: the first of two, and moved forward by the gap where clocks skip it (fold=0)."""
        local = datetime(day.year, day.month, day.day, tzinfo=self._zone) + timedelta(minutes=minutes)
        return micros(local.astimezone(UTC))

    def _happened(self, day: date) -> bool:
        """Whether the date was there at all: Samoa went from 29 to 31 December 2011."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self._zone)
        return noon.astimezone(UTC).astimezone(self._zone).date() == day


def _month(at: datetime) -> int:
    return at.year * 12 + at.month - 1


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _joined(found: list[Segment], more: Iterator[Segment]) -> list[Segment]:
    """Segments that clocks going forward have pushed into each other count once; what is left of none goes."""
    for opens, closes in more:
        begin = max(opens, found[-1][1]) if found else opens
        if begin < closes:
            found.append((begin, closes))
    return found


def _table(first: int, last: int, found: list[Segment]) -> _Table:
    before: list[int] = []
    total = 0
    for opens, closes in found:
        before.append(total)
        total += closes - opens
    opened, closed = tuple(s[0] for s in found), tuple(s[1] for s in found)
    begin, end = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (_first_day(first), _first_day(last + 1)))
    known = micros(begin + SLACK), micros(end - SLACK)
    return _Table(first, last, *known, opened, closed, tuple(before), total)
