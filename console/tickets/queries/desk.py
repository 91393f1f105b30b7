"""What a page of the queue shows: groups by state, each by nearest deadline, with bounded counts; who has how much."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ScalarSelect, Select, func, literal, select, union_all

from console.infra.db import db
from console.infra.paging import decode, encode
from console.tickets.models import Ticket
from console.tickets.queries.lists import Filters, asked
from console.tickets.rules.standing import State

CAP: Final = 1_000
# So many values are offered for a choice.
MANY: Final = 100
# What somebody must do something about comes first.
GROUPS: Final = (State.BREACHED, State.AT_RISK, State.OK, State.PAUSED)
# Of these no clock runs, so that none of them has a deadline.
DATELESS: Final = frozenset({State.PAUSED, State.MET, State.NONE})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a group, and the cursors of what comes before and after it, if anything does."""

    items: Sequence[Ticket]
    earlier: str | None
    later: str | None


@dataclass(slots=True)
class Load:
    """What one owner has open, by state; None is nobody."""

    owner: str | None
    states: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """All that is open."""
        return sum(self.states.values())

    @property
    def breached(self) -> int:
        """Those with a broken promise."""
        return self.states.get(State.BREACHED, 0)

    @property
    def at_risk(self) -> int:
        """Those at risk."""
        return self.states.get(State.AT_RISK, 0)

    @property
    def paused(self) -> int:
        """Those that stand still."""
        return self.states.get(State.PAUSED, 0)

    @property
    def room(self) -> tuple[int, int]:
        """By which people are ordered who could take something: those with the least first."""
        return (self.breached + self.at_risk, self.open - self.paused)


def part(state: State, filters: Filters, *, limit: int, after: str = "", before: str = "") -> Part:
    """Open tickets in a state by nearest deadline, those without one newest first; raises Invalid for a bad cursor."""
    if state in DATELESS:
        return _dateless(_open(state, filters), limit, after, before)
    return _dated(_open(state, filters).where(Ticket.next_due_at.is_not(None)), limit, after, before)


def counts(states: Sequence[State], filters: Filters) -> dict[State, int]:
    """How many there are in each state, counted up to CAP + 1."""
    found = db.session.execute(select(*(_count(state, filters) for state in states))).one()
    return dict(zip(states, found, strict=True))


def _count(state: State, filters: Filters) -> ScalarSelect[int]:
    rows = _open(state, filters).with_only_columns(Ticket.id)
    if state not in DATELESS:
        rows = rows.where(Ticket.next_due_at.is_not(None))
    return select(func.count()).select_from(rows.limit(CAP + 1).subquery()).scalar_subquery()


def loads() -> list[Load]:
    """Who has how much that is open, the most pressed first."""
    rows = select(Ticket.assignee, Ticket.state, func.count()).where(Ticket.resolved_at.is_(None))
    found: dict[str | None, Load] = {}
    for owner, state, number in db.session.execute(rows.group_by(Ticket.assignee, Ticket.state)):
        found.setdefault(owner, Load(owner)).states[state] = number
    return sorted(found.values(), key=lambda load: (load.room, load.open), reverse=True)


def of_ids(ids: Sequence[int]) -> Sequence[Ticket]:
    """The tickets with these numbers that are there."""
    return db.session.scalars(select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id)).all()


def seen(names: Sequence[str]) -> dict[str, list[str]]:
    """Values that tickets have, by column, for choosing among: the first hundred of each.

    Each column begins an index, in which one value is looked up after the other.
    """
    found: dict[str, list[str]] = {name: [] for name in names}
    for name, value in db.session.execute(union_all(*(_values(name) for name in names))):
        found[name].append(value)
    return {name: sorted(values) for name, values in found.items()}


def _values(name: str) -> Select[Any]:
    column = getattr(Ticket, name)
    least = select(func.min(column).label("value"), literal(1).label("place"))
    known = least.cte(f"seen_{name}", recursive=True)
    following = select(func.min(column)).where(column > known.c.value).scalar_subquery()
    known = known.union_all(
        select(following, known.c.place + 1).where(known.c.value.is_not(None), known.c.place < MANY)
    )
    return select(literal(name), known.c.value).where(known.c.value.is_not(None))


def _open(state: State, filters: Filters) -> Select[Ticket]:
    rows = asked(filters).where(Ticket.state == state.value)
    if (due_by := filters.due_by) is not None:
        rows = rows.where(Ticket.next_due_at < due_by)
    return rows


def _dated(rows: Select[Ticket], limit: int, after: str, before: str) -> Part:
    if before:
        due, last = decode(before, datetime, int)
        rows = rows.where(Ticket.next_due_at <= due, (Ticket.next_due_at < due) | (Ticket.id < last))
        found = db.session.scalars(rows.order_by(Ticket.next_due_at.desc(), Ticket.id.desc()).limit(limit + 1)).all()
        return _back(found, limit)
    if after:
        due, last = decode(after, datetime, int)
        rows = rows.where(Ticket.next_due_at >= due, (Ticket.next_due_at > due) | (Ticket.id > last))
    found = db.session.scalars(rows.order_by(Ticket.next_due_at, Ticket.id).limit(limit + 1)).all()
    return _on(found, limit, came=bool(after))


def _dateless(rows: Select[Ticket], limit: int, after: str, before: str) -> Part:
    # That none has a deadline is no order to an index unless it is asked for.
    rows = rows.where(Ticket.next_due_at.is_(None))
    if before:
        rows = rows.where(Ticket.id > decode(before, str, int)[1])
        found = db.session.scalars(rows.order_by(Ticket.next_due_at, Ticket.id).limit(limit + 1)).all()
        return _back(found, limit)
    if after:
        rows = rows.where(Ticket.id < decode(after, str, int)[1])
    found = db.session.scalars(rows.order_by(Ticket.next_due_at.desc(), Ticket.id.desc()).limit(limit + 1)).all()
    return _on(found, limit, came=bool(after))


def _on(found: Sequence[Ticket], limit: int, *, came: bool) -> Part:
    items = found[:limit]
    earlier = _place(items[0]) if came and items else None
    return Part(items, earlier, _place(items[-1]) if len(found) > limit else None)


def _back(found: Sequence[Ticket], limit: int) -> Part:
    items = list(reversed(found[:limit]))
    return Part(items, _place(items[0]) if len(found) > limit else None, _place(items[-1]) if items else None)


def _place(ticket: Ticket) -> str:
    return encode(ticket.next_due_at.isoformat() if ticket.next_due_at else "", ticket.id)
