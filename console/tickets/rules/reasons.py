"""Why a deadline is where it is, in sentences. Times are those of the calendar's zone."""

from collections.abc import Iterator, Sequence
from typing import Final

from console.tickets.rules.explain import Day, Part, explain
from console.tickets.rules.history import RESOLVED, Hold
from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import MINUTE
from console.tickets.rules.picture import Span, day_name, minute, wall

# More pieces than these nobody reads in a row; then days are told instead, and then what was unusual only.
PIECES: Final = 8
DAYS: Final = 7


def chain(holds: Sequence[Hold], hours: Hours, span: Span, target: int) -> str:
    """From the budget to the deadline, piece by piece: "60 business minutes from Mon 16 Nov 16:30: 30 min …"."""
    until = span.end if span.due is None else span.due
    days = explain(holds, hours, span.begin, until)
    pieces = list(_pieces(days, hours))
    if len(pieces) > PIECES:
        pieces = list(_days(days))
    head = f"{_minutes(target)} business minutes from {at(hours, span.begin)}"
    tail = f" → due {at(hours, span.due)}" if span.due is not None else ""
    if len(pieces) > PIECES + DAYS:
        return f"{head}{tail}."
    return f"{head}: {', '.join(pieces)}{tail}."


def unusual(holds: Sequence[Hold], hours: Hours, span: Span) -> list[str]:
    """What moved the deadline: each hold by its business part, each holiday, each day with hours of its own."""
    days = explain(holds, hours, span.begin, span.end)
    found = [text for hold in holds if (text := _hold(hold, hours, span))]
    found += [f"{day_name(day.day)} was a holiday, {day.holiday}: nothing counted." for day in days if day.holiday]
    found += [f"{day_name(day.day)} had hours of its own." for day in days if day.exception]
    return found


def without_holds(holds: Sequence[Hold], hours: Hours, span: Span, target: int) -> str:
    """When it would have been due had nothing been held; empty when that is no other time."""
    plain = hours.after(span.begin, target)
    stopped = any(hold.begin < (span.due or span.end) and (hold.end or span.end) > span.begin for hold in holds)
    if not stopped or plain is None or plain == span.due:
        return ""
    return f"Without the holds it would have been due {at(hours, plain)}."


def at(hours: Hours, instant: int) -> str:
    """Such as Mon 16 Nov 17:50, on the calendar's wall."""
    local = hours.local(instant)
    return f"{day_name(local.date())} {local:%H:%M}"


def _pieces(days: Sequence[Day], hours: Hours) -> Iterator[str]:
    last: Part | None = None
    for day in days:
        if not day.parts:
            yield f"{day_name(day.day)} {'holiday' if day.holiday else 'closed'}"
            last = None
        for index, part in enumerate(day.parts):
            if last is not None and part.begin > last.end:
                yield "closed overnight" if index == 0 else f"closed until {wall(minute(hours, part.begin, day.day))}"
            yield _piece(day, part, hours)
            last = part


def _piece(day: Day, part: Part, hours: Hours) -> str:
    opens, closes = wall(minute(hours, part.begin, day.day)), wall(minute(hours, part.end, day.day))
    held = f" on hold ({part.held})" if part.held else ""
    return f"{_minutes(part.length)} min{held} {day.day:%a} {opens} to {closes}"


def _days(days: Sequence[Day]) -> Iterator[str]:
    for day in days:
        if day.counted:
            yield f"{_minutes(day.counted)} min {day_name(day.day)}"


def _hold(hold: Hold, hours: Hours, span: Span) -> str:
    begin, end = max(hold.begin, span.begin), span.end if hold.end is None else min(hold.end, span.end)
    if begin >= end:
        return ""
    why = "Being resolved" if hold.why == RESOLVED else f"Status {hold.why}"
    until = f"from {at(hours, begin)} until now" if hold.end is None else f"from {at(hours, begin)} to {at(hours, end)}"
    return f"{why} {until} stopped the clock for {_minutes(hours.between(begin, end))} business minutes."


def _minutes(length: int) -> str:
    whole = length / MINUTE
    return f"{int(whole):,}" if whole == int(whole) else f"{whole:,.1f}"
