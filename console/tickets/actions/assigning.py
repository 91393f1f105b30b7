"""Tickets given to somebody from the console: an event like those that sources tell of, with an audit entry each.

The helpdesk is not told. What its source says later wins only if it says something new: an assignee that it told
before is no news, so an upsert that repeats it does not take the ticket back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from console.audit.actions import record
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Fault, Invalid
from console.tickets.actions import tickets
from console.tickets.models import Ticket, TicketEvent
from console.tickets.queries import tickets as reads
from console.tickets.queries.promises import Book
from console.tickets.rules.history import Event, Kind

# More at once is a mistake more often than a wish.
MOST: Final = 200
NAME_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Assigned:
    """How many tickets changed hands; `left` were resolved, gone, or had that owner already."""

    changed: int
    left: int


def assign(ids: Sequence[int], assignee: str | None, *, by: Actor, at: datetime) -> Assigned:
    """Give open tickets to somebody (None: to nobody). Raises Invalid for too many or a name that is none."""
    wanted = sorted(set(ids))
    if not wanted or len(wanted) > MOST:
        raise Invalid(f"Choose 1 to {MOST} tickets.", errors=[Fault("/ids", f"1 to {MOST} numbers of tickets.")])
    name = name_of(assignee, "/assignee")
    # Before the rows are locked, as everybody does it: edits of promises wait for rows with the book in their hands.
    book = reads.current_book()
    changed = give([(ticket, name) for ticket in locked(wanted)], book, by=by, at=at)
    return Assigned(changed, len(wanted) - changed)


def locked(ids: Sequence[int]) -> Sequence[Ticket]:
    """The tickets with these numbers, by number; nobody else changes them until the transaction ends."""
    rows = select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id).with_for_update()
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def give(names: Sequence[tuple[Ticket, str | None]], book: Book, *, by: Actor, at: datetime) -> int:
    """Give each locked ticket to its name; returns how many were open and had another owner."""
    moving = [(ticket, name) for ticket, name in names if ticket.resolved_at is None and ticket.assignee != name]
    ids = [ticket.id for ticket, _ in moving]
    known = reads.events_of(ids)
    for ticket, name in moving:
        _note(ticket, name, by=by, at=_after(known.get(ticket.id, []), at))
    db.session.flush()
    tickets.recount([ticket for ticket, _ in moving], book, reads.events_of(ids), {}, at=at)
    return len(moving)


def _after(events: Iterable[Event], at: datetime) -> datetime:
    """When it counts from: now, and after all that is known; sources may be ahead of us by minutes."""
    told = [event.at for event in events if event.kind is Kind.ASSIGNED]
    return max([at, *(each + timedelta(microseconds=1) for each in told)])


def _note(ticket: Ticket, name: str | None, *, by: Actor, at: datetime) -> None:
    told = {"ticket_id": ticket.id, "ours": True, "event_id": f"assigned:{at.isoformat()}:{name or ''}"}
    db.session.merge(TicketEvent(**told, at=at, kind=Kind.ASSIGNED.value, value=name, received_at=at))
    label = f"{ticket.source} {ticket.external_id}"
    details = {"from": ticket.assignee, "to": name}
    record("ticket.assigned", by=by, object=("ticket", ticket.id, label), details=details)


def name_of(given: str | None, pointer: str) -> str | None:
    """A name as it is stored, None for nobody; raises Invalid, pointing at the field, for what is none."""
    name = (given or "").strip()
    if len(name) > NAME_MOST or not name.isprintable():
        raise Invalid("This is no name.", errors=[Fault(pointer, f"At most {NAME_MOST} printable characters.")])
    return name or None
