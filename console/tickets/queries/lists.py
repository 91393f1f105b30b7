"""The queue: tickets by their nearest deadline, those without one last. Every question is a range of an index."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, select, union_all

from console.infra import clock
from console.infra.db import db
from console.infra.paging import Page, decode, encode
from console.tickets.models import SlaPolicy, Ticket
from console.tickets.rules.standing import State

LIMIT: Final = 50
NOBODY: Final = "none"
NARROWING: Final = ("assignee", "priority", "organization", "policy", "source")
# In these a clock runs, so that there is a deadline.
DATED: Final = (State.BREACHED, State.AT_RISK, State.OK)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue shows; None leaves a question open. `assignee` "none" asks for tickets that nobody has.

    `due_within` looks ahead from whenever the list is made.
    """

    state: State | None = None
    assignee: str | None = None
    priority: str | None = None
    organization: str | None = None
    policy: str | None = None
    source: str | None = None
    due_before: datetime | None = None
    due_within: timedelta | None = None

    @property
    def due_by(self) -> datetime | None:
        """The instant before which a deadline must lie, at this moment; None where none is asked for."""
        ahead = clock.now() + self.due_within if self.due_within is not None else None
        return min((each for each in (self.due_before, ahead) if each is not None), default=None)

    def settled(self) -> "Filters":
        """The same as of this moment: what is made of it may be kept."""
        return replace(self, due_before=self.due_by, due_within=None)


def queue(filters: Filters, *, limit: int = LIMIT, cursor: str | None = None) -> Page[Ticket]:
    """A page of tickets by nearest deadline; raises Invalid for a bad cursor."""
    due, after = decode(cursor, str, int) if cursor else ("-", 0)
    rows: list[Ticket] = []
    if due:
        rows = list(_dated(filters, None if due == "-" else _instant(cursor or ""), after, limit + 1))
    if len(rows) <= limit and filters.due_by is None:
        rows += _dateless(filters, 0 if due else after, limit + 1 - len(rows))
    items = rows[:limit]
    more = encode(*_place(items[-1])) if len(rows) > limit else None
    return Page(items, more)


def _dated(filters: Filters, due: datetime | None, after: int, limit: int) -> Sequence[Ticket]:
    rows = asked(filters).where(Ticket.next_due_at.is_not(None)).order_by(Ticket.next_due_at, Ticket.id)
    if (due_by := filters.due_by) is not None:
        rows = rows.where(Ticket.next_due_at < due_by)
    if due is not None:
        # The first condition alone is a range of the index; the second only decides among equals.
        rows = rows.where(Ticket.next_due_at >= due, (Ticket.next_due_at > due) | (Ticket.id > after))
    return _first(filters, rows, DATED, limit)


def _dateless(filters: Filters, after: int, limit: int) -> Sequence[Ticket]:
    # None has a deadline: to order by it as well is what an index can do.
    rows = asked(filters).where(Ticket.next_due_at.is_(None), Ticket.id > after).order_by(Ticket.next_due_at, Ticket.id)
    return _first(filters, rows, tuple(State), limit)


def _first(filters: Filters, rows: Select[Ticket], states: Sequence[State], limit: int) -> Sequence[Ticket]:
    """The first of some rows in order of deadline.

    Whose they are, and the like, is told by indexes that go on with the state: the first of each state are looked up,
    and of these the first are taken.
    """
    rows = rows.limit(limit)
    if filters.state is not None or not any(getattr(filters, name) is not None for name in NARROWING):
        return db.session.scalars(rows).all()
    few = rows.with_only_columns(Ticket.id)
    parts = [few.where(Ticket.state == state.value).subquery() for state in states]
    ids = union_all(*(select(part.c.id) for part in parts))
    found = select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.next_due_at, Ticket.id)
    return db.session.scalars(found.limit(limit)).all()


def asked(filters: Filters) -> Select[Ticket]:
    """Tickets that these filters let through, in no order; `due_by` is left to the caller."""
    rows = select(Ticket)
    if filters.state is not None:
        rows = rows.where(Ticket.state == filters.state.value)
    if filters.assignee is not None:
        nobody = filters.assignee == NOBODY
        rows = rows.where(Ticket.assignee.is_(None) if nobody else Ticket.assignee == filters.assignee)
    for name in ("priority", "organization", "source"):
        if (wanted := getattr(filters, name)) is not None:
            rows = rows.where(getattr(Ticket, name) == wanted)
    if filters.policy is not None:
        known = select(SlaPolicy.id).where(SlaPolicy.name == filters.policy).scalar_subquery()
        rows = rows.where(Ticket.policy_id == known)
    return rows


def _instant(cursor: str) -> datetime:
    found: datetime = decode(cursor, datetime, int)[0]
    return found


def _place(ticket: Ticket) -> tuple[str, int]:
    return (ticket.next_due_at.isoformat() if ticket.next_due_at else "", ticket.id)
