"""Whether an office is open, and when that changes: what a deadline in business time hangs on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import instant, micros

# Longer than any closure that somebody would wait for.
FAR: Final = timedelta(days=30)
SOON: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Office:
    """A calendar now. It changes at `until` (None: not within a month) and then again at `then`."""

    name: str
    open: bool
    until: datetime | None
    then: datetime | None

    def closes_soon(self, now: datetime) -> bool:
        """Whether it is open and closes within two hours."""
        return self.open and self.until is not None and self.until - now <= SOON


def of(name: str, hours: Hours, now: datetime) -> Office:
    """The calendar of that name at an instant. Hours that touch are one."""
    at, spans = micros(now), list[list[int]]()
    for begin, end in hours.segments(at, micros(now + FAR)):
        if spans and spans[-1][1] == begin:
            spans[-1][1] = end
        elif len(spans) > 1:
            break
        else:
            spans.append([begin, end])
    if not spans:
        return Office(name, open=False, until=None, then=None)
    if spans[0][0] > at:
        return Office(name, open=False, until=instant(spans[0][0]), then=instant(spans[0][1]))
    until, far = spans[0][1], micros(now + FAR)
    after = instant(spans[1][0]) if len(spans) > 1 else None
    return Office(name, open=True, until=None if until >= far else instant(until), then=after)
