"""Why a deadline is where it is: the clock that is asked for, as a picture and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.tickets.queries.tickets import Counting, Sla
from console.tickets.rules import picture, reasons
from console.tickets.rules.clocks import Clock, Phase
from console.tickets.rules.history import Hold
from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import micros
from console.tickets.rules.picture import Picture, Span
from console.tickets.rules.policy import CLOCKS


@dataclass(frozen=True, slots=True)
class Why:
    """The clock `name` explained; `names` are those that can be. `chain` and `others` are sentences."""

    name: str
    names: Sequence[str]
    picture: Picture
    chain: str
    others: Sequence[str]
    zone: str


def of(counted: Counting, chosen: str, now: datetime) -> Why | None:
    """The explanation of a clock: the chosen one, else the one that presses most; None when none has begun."""
    promise = counted.sla.promise
    if promise is None:
        return None
    clocks = dict(zip(CLOCKS, counted.facts, strict=True))
    names = [name for name, clock in clocks.items() if clock.target is not None and clock.begin is not None]
    if not names:
        return None
    name = chosen if chosen in names else _usual(counted.sla, names)
    return _why(name, names, clocks[name], counted.history.holds, promise.hours, micros(now))


def _why(name: str, names: list[str], clock: Clock, holds: Sequence[Hold], hours: Hours, now: int) -> Why:
    assert clock.target is not None
    assert clock.begin is not None
    span = _span(clock, clock.begin, now)
    others = reasons.unusual(holds, hours, span)
    plain = reasons.without_holds(holds, hours, span, clock.target)
    return Why(
        name, names, picture.draw(holds, hours, span, now), reasons.chain(holds, hours, span, clock.target),
        [*others, plain] if plain else others, hours.calendar.timezone,
    )  # fmt: skip


def _span(clock: Clock, begin: int, now: int) -> Span:
    """What is shown of a run: to its end, or to its deadline or the present, whichever is later."""
    late = next((breach.due for breach in clock.breaches if breach.begin == begin), None)
    if clock.phase is Phase.DONE and clock.done is not None:
        return Span(begin, max(clock.done, begin + 1), late)
    if clock.due is None:
        return Span(begin, max(now, begin + 1), late)
    return Span(begin, max(clock.due, now), clock.due)


def _usual(sla: Sla, names: Sequence[str]) -> str:
    due = [(at, name) for name in names if (at := sla.clocks[name].due_at) is not None]
    return min(due)[1] if due else names[-1]
