"""What of a ticket's clocks is news: which of them came at risk or over since it was last told.

What was told is kept by clock as [since, level]: the instant from which the clock ran then, so that a clock that was
paused and goes on is told again. Instants are microseconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.tickets.rules.clocks import Clock, Phase
from console.tickets.rules.policy import CLOCKS

CALM: Final = 0
AT_RISK: Final = 1
BREACHED: Final = 2

Told = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class News:
    """A clock that came at risk or over at an instant."""

    clock: str
    level: int
    at: int
    since: int


def level(clock: Clock, now: int) -> int:
    """How pressing a running clock is; a clock that does not run presses nobody."""
    if clock.phase is not Phase.RUNNING:
        return CALM
    if clock.due is not None and clock.due < now:
        return BREACHED
    return AT_RISK if clock.risk is not None and clock.risk <= now else CALM


def pressing(clocks: Iterable[Clock], now: int) -> bool:
    """Whether any clock is at risk or over."""
    return any(level(clock, now) for clock in clocks)


def news(clocks: Sequence[Clock], told: Told, now: int) -> list[News]:
    """What is to be told now."""
    found: list[News] = []
    for name, clock in zip(CLOCKS, clocks, strict=True):
        current = level(clock, now)
        if current > _told(told, name, clock):
            at = clock.due if current == BREACHED else clock.risk
            found.append(News(name, current, now if at is None else at, clock.since or 0))
    return found


def remember(clocks: Sequence[Clock], told: Told, now: int) -> dict[str, list[int]]:
    """What was told and is still so."""
    known = {name: min(_told(told, name, clock), level(clock, now)) for name, clock in _named(clocks)}
    return {name: [clock.since or 0, known[name]] for name, clock in _named(clocks) if known[name]}


def all_told(clocks: Sequence[Clock], now: int) -> dict[str, list[int]]:
    """What is told once `news` has been."""
    return {name: [clock.since or 0, level(clock, now)] for name, clock in _named(clocks) if level(clock, now)}


def next_look(clocks: Sequence[Clock], told: Told) -> int | None:
    """When something will be news; None when nothing will unless events come."""
    found: list[int] = []
    for name, clock in _named(clocks):
        if clock.phase is Phase.RUNNING:
            known = _told(told, name, clock)
            if clock.risk is not None and known < AT_RISK:
                found.append(clock.risk)
            if clock.due is not None and known < BREACHED:
                # Late is what comes after the deadline.
                found.append(clock.due + 1)
    return min(found, default=None)


def _named(clocks: Sequence[Clock]) -> Iterable[tuple[str, Clock]]:
    return zip(CLOCKS, clocks, strict=True)


def _told(told: Told, name: str, clock: Clock) -> int:
    since, known = told.get(name, (None, CALM))
    return known if since == clock.since and known is not None else CALM
