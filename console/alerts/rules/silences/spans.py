"""When a silence holds: from its start up to, and without, its end; once, or every week by the clocks of a zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)
# For what recurs without end: later than any clock, and still a date.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class SilenceState(StrEnum):
    """Where a silence stands. Between two weeks it is pending."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Span:
    """`starts_at` to `ends_at` is the first time; `weekly_in` names the zone of all that follow; `over_at` ends it."""

    starts_at: datetime
    ends_at: datetime
    over_at: datetime
    weekly_in: str | None = None

    def state(self, now: datetime) -> SilenceState:
        """The start belongs to it, the end does not: what ends now has expired."""
        if now >= self.over_at:
            return SilenceState.EXPIRED
        turn = self.turn(now)
        if turn is None:
            return SilenceState.EXPIRED
        return SilenceState.ACTIVE if turn[0] <= now else SilenceState.PENDING

    def turn(self, now: datetime) -> tuple[datetime, datetime] | None:
        """The time that runs at `now`, else the next one; None when all are over."""
        return next((time for time in self._around(now) if time[1] > now), None)

    def changes(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """When it last began or ended, up to `now`, and when it will next."""
        instants = sorted({instant for time in self._around(now) for instant in time})
        past = [instant for instant in instants if instant <= now]
        coming = [instant for instant in instants if instant > now]
        return past[-1] if past else None, coming[0] if coming else None

    def _around(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The times near `now`, in order, cut where all is over."""
        for start, end in self._times(now):
            # Clocks that jump over its start can leave nothing of it.
            if start < min(end, self.over_at):
                yield start, min(end, self.over_at)

    def _times(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        if self.weekly_in is None:
            yield self.starts_at, self.ends_at
            return
        near = max(0, (now - self.starts_at) // WEEK)
        for week in range(max(0, near - 1), near + 3):
            yield nth(self.starts_at, self.weekly_in, week), nth(self.ends_at, self.weekly_in, week)


def nth(at: datetime, zone: str, weeks: int) -> datetime:
    """The same weekday and time of day so many weeks on, in UTC.

    A local time that comes twice is the first; one that is skipped moves forward.
    """
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + weeks * WEEK
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if weeks else at


def over_at(starts_at: datetime, ends_at: datetime, weekly_in: str | None, until: datetime | None) -> datetime:
    """When the last of it ends: nothing begins at or after `until`, and what runs then ends."""
    if weekly_in is None:
        return ends_at
    if until is None:
        return NEVER
    last = max(0, (until - starts_at) // WEEK)
    ends = [
        min(nth(ends_at, weekly_in, week), until)
        for week in range(max(0, last - 1), last + 2)
        if nth(starts_at, weekly_in, week) < min(nth(ends_at, weekly_in, week), until)
    ]
    return max(ends, default=ends_at)
