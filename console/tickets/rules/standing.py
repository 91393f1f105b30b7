"""How clocks stand at an instant, and how a ticket stands that has them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from console.tickets.rules.clocks import Clock, Phase
from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import MINUTE, minutes_of, when


class State(StrEnum):
    """What a reader is told of a clock or a ticket."""

    OK = "ok"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    PAUSED = "paused"
    MET = "met"
    NONE = "none"


# Of a ticket's clocks the most pressing speaks for it. A held ticket is paused, whatever was before.
RANK: Final = (State.PAUSED, State.BREACHED, State.AT_RISK, State.OK, State.MET, State.NONE)
_RANKED: Final = {state: place for place, state in enumerate(RANK)}


@dataclass(frozen=True, slots=True)
class Standing:
    """One clock as a reader sees it. Minutes are business minutes; `left` is exact, in microseconds."""

    state: State
    target_minutes: float | None = None
    due_at: datetime | None = None
    at_risk_at: datetime | None = None
    elapsed_minutes: int | None = None
    remaining_minutes: float | None = None
    completed_at: datetime | None = None
    breached_at: datetime | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the list and the sweep need of a ticket's clocks; microseconds, None where there is none.

    `due` and `risk` are the nearest of running clocks, `breach` the first instant at which one was or will be overrun.
    """

    due: int | None
    risk: int | None
    breach: int | None


def standing(clock: Clock, hours: Hours, now: int) -> Standing:
    """The clock at an instant."""
    if clock.target is None or clock.phase is Phase.NONE:
        return Standing(State.NONE, _minutes(clock.target))
    spent = spent_by(clock, hours, now)
    shown = spent if clock.longest is None else clock.longest
    target, elapsed = _minutes(clock.target), minutes_of(shown)
    return Standing(
        state=state(clock, now),
        target_minutes=target,
        due_at=when(clock.due),
        at_risk_at=when(clock.risk),
        elapsed_minutes=elapsed,
        remaining_minutes=None if target is None else _plain(target - elapsed),
        completed_at=when(clock.done),
        breached_at=when(_breached(clock, now)),
        left=clock.target - spent,
    )


def spent_by(clock: Clock, hours: Hours, now: int) -> int:
    """Business time used up by an instant, of the wait that goes on where there are several."""
    return clock.spent if clock.since is None else clock.spent + hours.between(clock.since, now)


def state(clock: Clock, now: int) -> State:
    """How a clock stands at an instant. What is due at noon is met at noon and late after it."""
    if clock.phase is Phase.NONE or clock.target is None:
        return State.NONE
    if clock.phase is Phase.PAUSED:
        return State.PAUSED
    if _breached(clock, now) is not None:
        return State.BREACHED
    if clock.phase is Phase.DONE:
        return State.MET
    return State.AT_RISK if clock.risk is not None and clock.risk <= now else State.OK


def overall(clocks: Iterable[Clock], now: int) -> State:
    """How a ticket with these clocks stands."""
    return min((state(clock, now) for clock in clocks), key=_RANKED.__getitem__, default=State.NONE)


def outlook(clocks: Sequence[Clock]) -> Outlook:
    """The instants that matter next."""
    due = [clock.due for clock in clocks if clock.due is not None]
    risk = [clock.risk for clock in clocks if clock.risk is not None]
    broken = [clock.due if clock.breached is None else clock.breached for clock in clocks]
    breach = [at for at in broken if at is not None]
    return Outlook(min(due, default=None), min(risk, default=None), min(breach, default=None))


def pack(clock: Clock) -> dict[str, Any]:
    """A clock as JSON, without what is empty and without the breaches, which are rows of their own."""
    if clock.target is None:
        return {"phase": clock.phase.value}
    found: dict[str, Any] = {"phase": clock.phase.value, "target": clock.target, "spent": clock.spent}
    for name in _KEPT:
        if (value := getattr(clock, name)) is not None:
            found[name] = value
    return found


def unpack(found: Mapping[str, Any]) -> Clock:
    """The clock of a stored row."""
    return Clock(**{"target": None, **found, "phase": _PHASES[found["phase"]]})


# Quicker than asking the enum for each clock of a hundred thousand rows.
_PHASES: Final = {phase.value: phase for phase in Phase}
_KEPT: Final = ("begin", "since", "due", "risk", "done", "breached", "longest")


def _breached(clock: Clock, now: int) -> int | None:
    if clock.breached is not None:
        return clock.breached
    return clock.due if clock.due is not None and clock.due < now else None


def _minutes(length: int | None) -> float | None:
    return None if length is None else _plain(length / MINUTE)


def _plain(minutes: float) -> float:
    """Whole minutes as a whole number: 60 rather than 60.0."""
    rounded = round(minutes, 6)
    return int(rounded) if rounded == int(rounded) else rounded
