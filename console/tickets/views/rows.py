"""A ticket as a row: its most pressing clock, what is left of it, and how much of the budget is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from markupsafe import Markup

from console.tickets.queries import tickets as reads
from console.tickets.queries.promises import Book
from console.tickets.queries.tickets import Sla
from console.tickets.rules.countdown import Countdown, business, countdown
from console.tickets.rules.instants import micros
from console.tickets.rules.standing import Standing, State
from console.tickets.views.blueprint import bp

CLOCK_NAMES = {"first_response": "First response", "next_response": "Next response", "resolution": "Resolution"}
TONES = {State.BREACHED: "critical", State.AT_RISK: "warning", State.PAUSED: "quiet"}
_LEFT = Markup('<span class="time-left"%s data-left="%s" data-from="%s" data-open="%s">%s</span>')

T = TypeVar("T")
L = TypeVar("L", bound=reads.Listed)


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """`clock` names the one that speaks for the ticket: the nearest to its deadline, of held ones that with least left.

    It and all that follows from it are None when no clock goes on.
    """

    ticket: T
    sla: Sla
    clock: str | None = None
    standing: Standing | None = None
    left: Countdown | None = None

    @property
    def tone(self) -> str:
        """The colour of the bar."""
        return TONES.get(self.standing.state, "") if self.standing else "quiet"

    @property
    def used(self) -> float:
        """How much of the budget is used, 0 to 1."""
        target = (self.standing and self.standing.target_minutes) or 0
        left = (self.standing and self.standing.left) or 0
        return min(1.0, max(0.0, 1 - left / (target * 60_000_000))) if target else 1.0

    @property
    def spent_minutes(self) -> int:
        """Whole business minutes used of the wait that goes on."""
        return (self.standing and spent_minutes(self.standing)) or 0

    @property
    def late_before(self) -> list[str]:
        """The clocks that are over and were late, when another one speaks for the ticket."""
        clocks = self.sla.clocks.items()
        return [CLOCK_NAMES[n].lower() for n, s in clocks if s.state is State.BREACHED and n != self.clock]


@bp.app_template_global()
def spent_minutes(clock: Standing) -> int | None:
    """Whole business minutes used of the wait that goes on, else of the one that counts; None before any."""
    if clock.left is None or clock.target_minutes is None or clock.completed_at is not None:
        return clock.elapsed_minutes
    return int((clock.target_minutes * 60_000_000 - clock.left) // 60_000_000)


@bp.app_template_filter()
def minutes(value: float) -> str:
    """Business minutes, with their fraction where there is one: "1,440", "7.5"."""
    return f"{value:,.12g}"


@bp.app_template_global()
def time_left(left: Countdown) -> Markup:
    """Business time that goes on by itself on the page (static/js/countdown.js)."""
    return _LEFT % ("", left.left, left.at, left.segments, left.words)


@bp.app_template_global()
def time_over(left: Countdown) -> Markup:
    """By how much business time a deadline is over; goes on as `time_left` does."""
    return _LEFT % (Markup(" data-over"), left.left, left.at, left.segments, business(-left.left))


def rows_of(tickets: Sequence[L], *, now: datetime, book: Book | None = None) -> list[Row[L]]:
    """Tickets as rows, in their order, by what was last counted for them; `book` as `slas_of` has it."""
    slas = reads.slas_of(tickets, now=now, book=book)
    return [row_of(ticket, sla, now=now) for ticket, sla in zip(tickets, slas, strict=True)]


def row_of(ticket: T, sla: Sla, *, now: datetime) -> Row[T]:
    """A ticket that stands like this."""
    name = _speaker(sla)
    if name is None or sla.promise is None:
        return Row(ticket, sla)
    found = sla.clocks[name]
    left = countdown(found.left or 0, sla.promise.hours, micros(now), running=found.state is not State.PAUSED)
    return Row(ticket, sla, CLOCK_NAMES[name], found, left)


def _speaker(sla: Sla) -> str | None:
    due = [(found.due_at, name) for name, found in sla.clocks.items() if found.due_at is not None]
    if due:
        return min(due)[1]
    held = [(found.left or 0, name) for name, found in sla.clocks.items() if found.state is State.PAUSED]
    return min(held)[1] if held else None
