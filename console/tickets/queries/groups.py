"""The rows of the queue's page: all of its groups and the ticket that breaks next, in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import DateTime, Select, bindparam, literal, select, union_all
from sqlalchemy.sql.selectable import CompoundSelect

from console.infra.db import db
from console.tickets.models import Ticket
from console.tickets.queries.desk import KEPT, Part, part_of, ranged
from console.tickets.queries.lists import DATED, NOBODY, Filters, asked
from console.tickets.rules.clocks import Clock
from console.tickets.rules.policy import CLOCKS
from console.tickets.rules.standing import State, unpack


class Listed(NamedTuple):
    """What a row shows of a ticket, and what its clocks need."""

    id: int
    source: str
    external_id: str
    subject: str
    organization: str | None
    status: str | None
    priority: str | None
    assignee: str | None
    policy_version_id: int | None
    calendar_version_id: int | None
    clocks: dict[str, Any]
    next_due_at: datetime | None

    @property
    def facts(self) -> tuple[Clock, Clock, Clock]:
        """First response, next response and resolution."""
        first, following, resolution = (unpack(self.clocks[name]) for name in CLOCKS)
        return first, following, resolution


_SHOWN: Final = tuple(getattr(Ticket, name) for name in Listed._fields)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A part of one group, after or before a place if any."""

    state: State
    limit: int
    after: str = ""
    before: str = ""


def groups(wanted: Sequence[Wanted], filters: Filters, *, now: datetime) -> tuple[list[Part[Listed]], Listed | None]:
    """Parts of groups, and the ticket whose deadline comes next; raises Invalid for a bad cursor."""
    found: list[list[Listed]] = [[] for _ in range(len(wanted) + 1)]
    for place, *row in db.session.execute(_statement(tuple(wanted), filters.settled()), {"now": now}):
        found[place].append(Listed._make(row))
    *parts, following = found
    shown = [part_of(rows, each.limit, each.after, each.before) for each, rows in zip(wanted, parts, strict=True)]
    return shown, min(following, key=lambda ticket: (ticket.next_due_at, ticket.id), default=None)


@lru_cache(KEPT)
def _statement(wanted: tuple[Wanted, ...], filters: Filters) -> CompoundSelect[Any]:
    """Each part is a range of an index; of the next to break each state has its own, of which the first is taken."""
    parts = [
        _placed(place, ranged(each.state, filters, limit=each.limit, after=each.after, before=each.before))
        for place, each in enumerate(wanted)
    ]
    return union_all(*parts, *(_placed(len(wanted), _next(state, filters)) for state in DATED))


def _next(state: State, filters: Filters) -> Select[Ticket]:
    now = bindparam("now", type_=DateTime(timezone=True))
    rows = asked(filters).where(Ticket.state == state.value, Ticket.next_due_at >= now)
    if filters.due_before is not None:
        rows = rows.where(Ticket.next_due_at < filters.due_before)
    first = (Ticket.assignee,) if filters.assignee == NOBODY else ()
    return rows.order_by(*first, Ticket.next_due_at, Ticket.id).limit(1)


def _placed(place: int, rows: Select[Ticket]) -> Select[Any]:
    return select(rows.with_only_columns(literal(place).label("place"), *_SHOWN).subquery())
