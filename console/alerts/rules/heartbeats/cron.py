"""Cron expressions in a time zone, right on the days when clocks change.

The meaning is Debian's cron(8): a job at a fixed time that the clock jumps over runs as soon as the jump is over, and
one whose time comes twice runs the first time only; a job whose minute or hour begins with `*` follows the wall clock
through both. A day matches when both day fields do, or either, if neither begins with `*`.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
MAX_LENGTH = 200
FIELDS = 5
# 29 February on one weekday comes round every 28 years, and once every 40 around a century's end.
HORIZON = timedelta(days=41 * 366)
LAST = "l"
LAST_DAY = 0  # stands for `L` among the days of the month
SUNDAY = 7
MINUTE = timedelta(minutes=1)


class BadCron(ValueError):
    """An expression that cannot be read, or that never comes; the text says why."""


@dataclass(frozen=True, slots=True)
class Field:
    """The name and the range of one field, and the words that stand for its first values."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


MINUTES, HOURS = Field("minute", 0, 59), Field("hour", 0, 23)
MONTH_DAYS, YEAR_MONTHS = Field("day of the month", 1, 31), Field("month", 1, 12, MONTHS)
WEEK_DAYS = Field("day of the week", 0, 7, DAYS)


@dataclass(frozen=True, slots=True)
class Cron:
    """One expression, read. `wall` marks a minute or hour that begins with `*`; `either` that one day field is enough.

    Weekdays are those of the calendar: 0 is Sunday.
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    wall: bool
    either: bool

    def on(self, day: date) -> bool:
        """Whether the job runs on this day."""
        if day.month not in self.months:
            return False
        last = LAST_DAY in self.days and day.day == calendar.monthrange(day.year, day.month)[1]
        by_month = last or day.day in self.days
        by_week = day.isoweekday() % SUNDAY in self.weekdays
        return by_month or by_week if self.either else by_month and by_week

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first time after `moment` (aware), in UTC; raises BadCron when there is none within 40 years."""
        times = self._by_the_wall(moment, zone) if self.wall else self._at_fixed_times(moment, zone)
        for at in times:
            return at
        raise BadCron(f"'{self.text}' never comes.")

    def _by_the_wall(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        at = moment.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
        end = at + HORIZON
        while at < end:
            local = at.astimezone(zone)
            if not self.on(local.date()):
                # An hour early: a day can begin twice.
                at = max(at + MINUTE, midnight(self._next_day(local.date()), zone) - timedelta(hours=1))
            elif local.hour in self.hours and local.minute in self.minutes:
                yield at
                at += MINUTE
            else:
                at += MINUTE

    def _next_day(self, day: date) -> date:
        following = day + timedelta(days=1)
        while not self.on(following) and following - day < HORIZON:
            following += timedelta(days=1)
        return following

    def _at_fixed_times(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        day = moment.astimezone(zone).date() - timedelta(days=1)
        end = day + HORIZON
        while day < end:
            if self.on(day):
                times = (instant(day, time(h, m), zone) for h in sorted(self.hours) for m in sorted(self.minutes))
                # Sorted again, since a jump of the clock may carry one time past the next.
                yield from (at for at in sorted(times) if at > moment)
            day += timedelta(days=1)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the wall clock first shows this time, in UTC; when it never does, the end of the jump that skips it."""
    local = datetime.combine(day, at, tzinfo=zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    return _end_of_jump(local, zone)


def _end_of_jump(local: datetime, zone: ZoneInfo) -> datetime:
    """Within the jump, fold 1 reads the clock after it and so gives an instant before it, and fold 0 one after it."""
    before, after = local.replace(fold=1).astimezone(UTC), local.replace(fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > MINUTE:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(second=0, microsecond=0)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins, in UTC."""
    return instant(day, time(0), zone)


@lru_cache(maxsize=4096)
def parse(text: str) -> Cron:
    """Five fields with `* , - /`, names, `L` for a month's last day, or `@daily` and its like; raises BadCron."""
    if len(text) > MAX_LENGTH:
        raise BadCron(f"A cron expression has at most {MAX_LENGTH} characters.")
    words = NICKNAMES.get(text.strip().lower(), text.strip().lower()).split()
    if len(words) != FIELDS:
        raise BadCron(f"A cron expression has five fields, such as 30 2 * * *; this has {len(words)}.")
    minute, hour, day, month, weekday = words
    found = Cron(
        text=" ".join(text.split()),
        minutes=_values(minute, MINUTES),
        hours=_values(hour, HOURS),
        days=_values(day, MONTH_DAYS),
        months=_values(month, YEAR_MONTHS),
        weekdays=frozenset(value % SUNDAY for value in _values(weekday, WEEK_DAYS)),
        wall=minute.startswith("*") or hour.startswith("*"),
        either=not day.startswith("*") and not weekday.startswith("*"),
    )
    found.after(datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    return found


def _values(text: str, field: Field) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _range(part, field))


def _range(part: str, field: Field) -> list[int]:
    if part == LAST and field is MONTH_DAYS:
        return [LAST_DAY]
    span, slash, step = part.partition("/")
    low, dash, high = span.partition("-")
    if span == "*":
        first, last = field.low, field.high
    else:
        first = _value(low, field)
        # "5/15" is short for "5-59/15".
        last = _value(high, field) if dash else field.high if slash else first
    width = _step(step, field) if slash else 1
    if first > last:
        raise BadCron(f"The {field.name} '{part}' runs backwards.")
    return list(range(first, last + 1, width))


def _value(word: str, field: Field) -> int:
    if word in field.words:
        return field.words.index(word) + (1 if field is YEAR_MONTHS else 0)
    if not (word.isascii() and word.isdigit() and len(word) <= 2 and field.low <= int(word) <= field.high):  # noqa: PLR2004
        raise BadCron(f"The {field.name} '{word}' is not one of {field.low} to {field.high}.")
    return int(word)


def _step(word: str, field: Field) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 2 and int(word) > 0):  # noqa: PLR2004
        raise BadCron(f"The {field.name} step '/{word}' is not a number above 0.")
    return int(word)
