"""What a page of the queue shows: groups by state, each by nearest deadline, with bounded counts; who has how much."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import ScalarSelect, Select, func, literal, select, union_all

from console.infra.db import db
from console.infra.paging import decode, encode
from console.tickets.models import Ticket
from console.tickets.queries.lists import NOBODY, Filters, asked
from console.tickets.rules.standing import State

CAP: Final = 1_000
# So many values are offered for a choice.
MANY: Final = 100
# What somebody must do something about comes first.
GROUPS: Final = (State.BREACHED, State.AT_RISK, State.OK, State.PAUSED)
# Of these no clock runs, so that none of them has a deadline.
DATELESS: Final = frozenset({State.PAUSED, State.MET, State.NONE})


# So many statements are kept: those of the filters that are asked for most.
KEPT: Final = 128


class Placed(Protocol):
    """What has a place in the order of a group."""

    @property
    def id(self) -> int: ...
    @property
    def next_due_at(self) -> datetime | None: ...


T = TypeVar("T")
P = TypeVar("P", bound=Placed)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A part of a group, and the cursors of what comes before and after it, if anything does."""

    items: Sequence[T]
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


def part(state: State, filters: Filters, *, limit: int, after: str = "", before: str = "") -> Part[Ticket]:
    """Open tickets in a state by nearest deadline, those without one newest first; raises Invalid for a bad cursor."""
    found = db.session.scalars(ranged(state, filters, limit=limit, after=after, before=before)).all()
    return part_of(found, limit, after, before)


def ranged(state: State, filters: Filters, *, limit: int, after: str = "", before: str = "") -> Select[Ticket]:
    """What `part` reads: one more than the limit, backwards before a place; raises Invalid for a bad cursor."""
    rows = _open(state, filters)
    if filters.assignee == NOBODY:
        # That nobody has them is no order to an index, either, unless it is asked for.
        rows = rows.order_by(Ticket.assignee.desc() if bool(before) != (state in DATELESS) else Ticket.assignee)
    if state in DATELESS:
        return _dateless(rows, after, before).limit(limit + 1)
    return _dated(rows.where(Ticket.next_due_at.is_not(None)), after, before).limit(limit + 1)


def part_of(found: Sequence[P], limit: int, after: str, before: str) -> Part[P]:
    """What was read as `ranged` says, in the order of the group."""
    if before:
        items = list(reversed(found[:limit]))
        return Part(items, _place(items[0]) if len(found) > limit else None, _place(items[-1]) if items else None)
    items = list(found[:limit])
    earlier = _place(items[0]) if after and items else None
    return Part(items, earlier, _place(items[-1]) if len(found) > limit else None)


def counts(states: Sequence[State], filters: Filters) -> dict[State, int]:
    """How many there are in each state, counted up to CAP + 1."""
    return dict(zip(states, db.session.execute(_counting(tuple(states), filters.settled())).one(), strict=True))


@lru_cache(KEPT)
def _counting(states: tuple[State, ...], filters: Filters) -> Select[Any]:
    counted: list[Any] = [_count(state, filters) for state in states]
    return select(*counted)


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


def _dated(rows: Select[Ticket], after: str, before: str) -> Select[Ticket]:
    if before:
        due, last = decode(before, datetime, int)
        rows = rows.where(Ticket.next_due_at <= due, (Ticket.next_due_at < due) | (Ticket.id < last))
        return rows.order_by(Ticket.next_due_at.desc(), Ticket.id.desc())
    if after:
        due, last = decode(after, datetime, int)
        rows = rows.where(Ticket.next_due_at >= due, (Ticket.next_due_at > due) | (Ticket.id > last))
    return rows.order_by(Ticket.next_due_at, Ticket.id)


def _dateless(rows: Select[Ticket], after: str, before: str) -> Select[Ticket]:
    # That none has a deadline is no order to an index unless it is asked for.
    rows = rows.where(Ticket.next_due_at.is_(None))
    if before:
        rows = rows.where(Ticket.id > decode(before, str, int)[1])
        return rows.order_by(Ticket.next_due_at, Ticket.id)
    if after:
        rows = rows.where(Ticket.id < decode(after, str, int)[1])
    return rows.order_by(Ticket.next_due_at.desc(), Ticket.id.desc())


def _place(ticket: Placed) -> str:
    return encode(ticket.next_due_at.isoformat() if ticket.next_due_at else "", ticket.id)
