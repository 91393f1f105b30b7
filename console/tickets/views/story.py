"""What happened to a ticket, newest first: its events, and the promises that were broken between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.tickets.models import Ticket
from console.tickets.queries.one import Broken
from console.tickets.queries.tickets import Sla
from console.tickets.rules.history import Event, Kind
from console.tickets.views.rows import CLOCK_NAMES

WORDS = {
    Kind.AGENT_REPLY: "An agent replied",
    Kind.FIRST_RESPONSE: "First response",
    Kind.RESOLVED: "Resolved; its clocks end",
    Kind.REOPENED: "Reopened; its clocks go on",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line; `mark` colours its point, `by_us` says that no event of the source told of it."""

    at: datetime
    text: str
    value: str = ""
    mark: str = ""
    by_us: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """Lines, newest first, and how many earlier ones are left out."""

    lines: Sequence[Told]
    earlier: int


def of(ticket: Ticket, events: Sequence[Event], broken: Sequence[Broken], sla: Sla, *, most: int | None) -> Story:
    """The story of events that come in their order, or its last `most` lines: only those are put into words."""
    breaches = list(_breaches(broken))
    opening = Told(ticket.created_at, f"{ticket.requester or 'Somebody'} opened it")
    # What is among the last lines of all is among the last of its kind.
    told = events if most is None else events[-most:]
    lines = sorted([opening, *(_told(event, ticket, sla) for event in told), *breaches], key=lambda line: line.at)[::-1]
    return Story(lines[:most], max(0, 1 + len(events) + len(breaches) - len(lines[:most])))


def _told(event: Event, ticket: Ticket, sla: Sla) -> Told:
    match event.kind:
        case Kind.CUSTOMER_MESSAGE:
            return Told(event.at, f"{ticket.requester or 'The customer'} wrote")
        case Kind.STATUS:
            stops = sla.promise is not None and sla.promise.policy.pauses(event.value)
            text = "Status, the clock stops:" if stops else "Status:"
            return Told(event.at, text, event.value or "", "warning" if stops else "", event.ours)
        case Kind.PRIORITY:
            return Told(event.at, "Priority:", event.value or "none", by_us=event.ours)
        case Kind.ASSIGNED:
            return Told(event.at, "Assigned to", event.value or "nobody", by_us=event.ours)
    return Told(event.at, WORDS[event.kind], mark="ok" if event.kind is Kind.RESOLVED else "")


def _breaches(broken: Sequence[Broken]) -> Iterator[Told]:
    for each in broken:
        if each.breach.overturned_at is None:
            yield Told(each.breach.due_at, f"{CLOCK_NAMES[each.breach.clock]} breached", mark="critical")
