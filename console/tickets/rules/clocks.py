"""The three clocks of a ticket: what was spent, what is due, what is over. Facts that hold until the next event.

Lengths and instants are microseconds. A clock's facts do not depend on the present: `standing.py` looks at them then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from console.tickets.rules.history import History, Hold
from console.tickets.rules.hours import Hours
from console.tickets.rules.policy import CLOCKS, Policy


class Phase(StrEnum):
    """How a clock stands: not there, running, held, or over."""

    NONE = "none"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Breach:
    """A budget that was overrun: the run began, its budget was used up at `due`; `done` and `late` once it is over."""

    begin: int
    due: int
    done: int | None
    late: int | None


class Clock(NamedTuple):
    """One clock. `spent` counts until `since`, from which it runs; `longest` is the longest finished wait.

    `due` and `risk` stand only while it runs; `breached` is the first overrun that events have already shown.
    """

    target: int | None
    phase: Phase
    begin: int | None = None
    spent: int = 0
    since: int | None = None
    due: int | None = None
    risk: int | None = None
    done: int | None = None
    breached: int | None = None
    longest: int | None = None
    breaches: tuple[Breach, ...] = ()


NOTHING = Clock(None, Phase.NONE)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend, and how much of it is spent when it is at risk."""

    target: int
    warn: int


def clocks(history: History, policy: Policy, hours: Hours) -> tuple[Clock, Clock, Clock]:
    """First response, next response and resolution, as the events leave them."""
    budgets = [_budget(policy, clock, history.priority) for clock in CLOCKS]
    first, following, resolution = (budgets[index] for index in range(3))
    return (
        NOTHING if first is None else run(history, hours, first, history.created, history.answered),
        NOTHING if following is None else _waits(history, hours, following),
        NOTHING if resolution is None else run(history, hours, resolution, history.created, None),
    )


def _budget(policy: Policy, clock: str, priority: str | None) -> Budget | None:
    target = policy.target(clock, priority)
    return None if target is None else Budget(target, policy.risk.warn(target))


def run(history: History, hours: Hours, budget: Budget, begin: int, end: int | None) -> Clock:
    """One run from `begin` to what ends it; the resolution ends it too."""
    if history.resolved is not None:
        end = history.resolved if end is None else min(end, history.resolved)
    spent, overrun = 0, False
    since: int | None = None
    due: int | None = None
    risk: int | None = None
    for opened, closed in pieces(begin, end, history.holds):
        more = None if closed is None else hours.between(opened, closed)
        risk = _reached(hours, opened, budget.warn - spent, more) if risk is None else risk
        due = _reached(hours, opened, budget.target - spent, more) if due is None else due
        if closed is None or more is None:
            since = opened
        else:
            spent += more
            overrun = overrun or (due is not None and due < closed)
    return _run(budget, begin, end, spent, since, due, risk, overrun=overrun)


def _reached(hours: Hours, opened: int, left: int, more: int | None) -> int | None:
    """When `left` is used up in a piece that holds `more` open time (None: has no end)."""
    return hours.after(opened, left) if more is None or left <= more else None


def _run(
    budget: Budget, begin: int, end: int | None, spent: int, since: int | None, due: int | None, risk: int | None,
    *, overrun: bool,
) -> Clock:  # fmt: skip
    phase = Phase.DONE if end is not None else Phase.PAUSED if since is None else Phase.RUNNING
    running = phase is Phase.RUNNING
    breaches: tuple[Breach, ...] = ()
    if overrun and due is not None:
        breaches = (Breach(begin, due, end, None if end is None else spent - budget.target),)
    return Clock(
        target=budget.target,
        phase=phase,
        begin=begin,
        spent=spent,
        since=since,
        due=due if running else None,
        risk=risk if running else None,
        done=end,
        breached=due if overrun else None,
        breaches=breaches,
    )


def pieces(begin: int, end: int | None, holds: Sequence[Hold]) -> Iterator[tuple[int, int | None]]:
    """The time from `begin` to `end` that is not held; the last piece is open (None) when nothing ends it."""
    at = begin
    for hold in holds:
        if end is not None and hold.begin >= end:
            break
        if hold.begin > at:
            yield at, hold.begin
        if hold.end is None:
            return
        at = max(at, hold.end)
    if end is None:
        yield at, None
    elif at < end:
        yield at, end


def _waits(history: History, hours: Hours, budget: Budget) -> Clock:
    """The waits of a customer as one clock: the one that goes on, and what the finished ones were."""
    limit = history.resolved
    begun = [wait for wait in history.waits if limit is None or wait.begin < limit]
    runs = [run(history, hours, budget, wait.begin, wait.end) for wait in begun]
    over = [found for found in runs if found.phase is Phase.DONE]
    if not runs:
        return Clock(budget.target, Phase.NONE)
    last = runs[-1]
    breaches = tuple(breach for found in runs for breach in found.breaches)
    return Clock(
        target=budget.target,
        phase=last.phase,
        begin=last.begin,
        spent=last.spent,
        since=last.since,
        due=last.due,
        risk=last.risk,
        done=last.done,
        breached=breaches[0].due if breaches else None,
        longest=max((found.spent for found in over), default=None),
        breaches=breaches,
    )
