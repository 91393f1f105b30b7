"""Why a clock's deadline is where it is, by the versions it is counted under."""

from dataclasses import dataclass
from datetime import datetime

from console.tickets.models import Ticket
from console.tickets.queries import promises, tickets
from console.tickets.queries.promises import Promise
from console.tickets.rules.clocks import Clock
from console.tickets.rules.explain import Day, explain
from console.tickets.rules.history import Hold
from console.tickets.rules.instants import instant, micros
from console.tickets.rules.policy import CLOCKS


@dataclass(frozen=True, slots=True)
class Why:
    """One run of a clock, told from `begin` to `end`: its deadline, its end, or now while it is paused.

    `days` holds each local day with its open, held and counted time; `holds` all holds of the ticket.
    """

    promise: Promise
    clock: Clock
    begin: datetime
    end: datetime
    days: list[Day]
    holds: tuple[Hold, ...]


def why(ticket: Ticket, name: str, *, now: datetime) -> Why | None:
    """The explanation of a clock, named as in CLOCKS; None when it does not run and never did."""
    promise = promises.book().of(ticket) if ticket.resolved_at is None else tickets.kept_promise(ticket)
    if promise is None:
        return None
    history = tickets.history_of(ticket, tickets.events_of([ticket.id]).get(ticket.id, []), promise)
    clock = tickets.facts_of(history, promise)[CLOCKS.index(name)]
    if clock.begin is None:
        return None
    end = max(clock.begin, clock.due or clock.done or micros(now))
    days = explain(history.holds, promise.hours, clock.begin, end)
    return Why(promise, clock, instant(clock.begin), instant(end), days, history.holds)
