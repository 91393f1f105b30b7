"""What is shared out: the open tickets of a list, or some that were chosen, and who has how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Select, select, union_all

from console.infra.db import db
from console.tickets.models import Ticket
from console.tickets.queries import desk
from console.tickets.queries.desk import GROUPS
from console.tickets.queries.lists import Filters
from console.tickets.rules.sharing import Piece
from console.tickets.rules.standing import State

# More at once is a new order of the whole house: it takes too long for a page, and nobody can look it through.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which tickets: those with these numbers, or, with None, all that the queue shows under these filters."""

    ids: Sequence[int] | None = None
    filters: Filters = field(default_factory=Filters)


def open_ids(chosen: Chosen) -> list[int]:
    """The numbers of those that are open, at most MOST + 1."""
    if chosen.ids is not None:
        rows = select(Ticket.id).where(Ticket.id.in_(set(chosen.ids)), Ticket.resolved_at.is_(None))
        return list(db.session.scalars(rows.order_by(Ticket.id).limit(MOST + 1)))
    wanted = chosen.filters
    states = [state for state in GROUPS if wanted.state in (None, state)]
    parts = [_still(state, replace(wanted, state=None)) for state in states]
    return sorted(db.session.scalars(union_all(*parts).limit(MOST + 1))) if parts else []


def pieces(tickets: Sequence[Ticket]) -> list[Piece]:
    """Tickets as the rule takes them."""
    return [Piece(one.id, one.assignee, State(one.state), one.next_due_at) for one in tickets]


def of_ids(ids: Sequence[int]) -> list[Ticket]:
    """The tickets with these numbers that are there, by number."""
    return list(db.session.scalars(select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id)))


def loads() -> Mapping[str, Mapping[State, int]]:
    """Who has how much that is open, by state."""
    return {
        load.owner: {State(name): number for name, number in load.states.items()}
        for load in desk.loads()
        if load.owner is not None
    }


def _still(state: State, filters: Filters) -> Select[int]:
    """The numbers of a group as the queue's page reads it, of those that are open."""
    rows = desk.ranged(state, filters, limit=MOST).where(Ticket.resolved_at.is_(None))
    return select(rows.with_only_columns(Ticket.id).subquery().c.id)
