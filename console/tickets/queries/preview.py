"""What an edit of a calendar or a policy would do to the open tickets, before it is saved."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, select

from console.infra.db import db
from console.tickets.models import Ticket
from console.tickets.queries import promises
from console.tickets.queries.promises import Book, Promise
from console.tickets.queries.tickets import Facts, events_of, facts_of, history_of
from console.tickets.rules import calendar, policy
from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import micros, when
from console.tickets.rules.policy import CLOCKS
from console.tickets.rules.standing import State, outlook, overall, unpack

BATCH: Final = 2_000
# What is listed by name, the most pressing first; all others are counted.
LISTED: Final = 100
_READ: Final = (
    Ticket.id, Ticket.source, Ticket.external_id, Ticket.subject, Ticket.organization, Ticket.priority, Ticket.tags,
    Ticket.assignee, Ticket.created_at, Ticket.initial_status, Ticket.initial_priority, Ticket.initial_assignee,
    Ticket.clocks,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A ticket that an edit would move: its nearest deadline and its state, before and after."""

    id: int
    source: str
    external_id: str
    subject: str
    assignee: str | None
    before_due_at: datetime | None
    after_due_at: datetime | None
    before_state: State
    after_state: State

    @property
    def breaks(self) -> bool:
        """Whether it would become breached."""
        return self.before_state is not State.BREACHED and self.after_state is State.BREACHED

    @property
    def rescued(self) -> bool:
        """Whether it would be breached no more."""
        return self.before_state is State.BREACHED and self.after_state is not State.BREACHED


@dataclass(slots=True)
class Preview:
    """How many open tickets were looked at and what would become of them; `changes` lists some."""

    tickets: int = 0
    moved: int = 0
    breached: int = 0
    rescued: int = 0
    changes: Sequence[Change] = ()

    def add(self, found: Sequence[Change], looked_at: int) -> None:
        """Count a batch and keep the most pressing."""
        self.tickets += looked_at
        self.moved += len(found)
        self.breached += sum(change.breaks for change in found)
        self.rescued += sum(change.rescued for change in found)
        self.changes = sorted([*self.changes, *found], key=_pressing)[:LISTED]


def open_tickets() -> int:
    """How many tickets an edit would count anew."""
    rows = select(func.count()).select_from(Ticket).where(Ticket.resolved_at.is_(None))
    return db.session.scalar(rows) or 0


def with_calendar(name: str, body: Mapping[str, Any]) -> Book:
    """The book of promises as it would be with a calendar saved like this."""
    hours = Hours(calendar.read(body))
    known = promises.book().promises
    return Book([replace(each, hours=hours) if each.calendar == name else each for each in known])


def with_policy(name: str, position: int | None, body: Mapping[str, Any]) -> Book:
    """The book of promises as it would be with a policy saved like this; its calendar is known to exist."""
    known = list(promises.book().promises)
    old = next((each for each in known if each.name == name), None)
    others = [each for each in known if each.name != name]
    last = max((each.position for each in others), default=0) + 1
    place = position if position is not None else old.position if old else last
    new = _promise(name, place, body)
    # Of equal positions the one changed last comes first.
    index = next((number for number, each in enumerate(others) if each.position >= place), len(others))
    return Book([*others[:index], new, *others[index:]])


def without_policy(name: str) -> Book:
    """The book of promises as it would be with a policy deleted."""
    return Book([each for each in promises.book().promises if each.name != name])


def preview(book: Book, *, now: datetime) -> Iterator[Preview]:
    """Look at the open tickets a batch at a time, changing nothing; yields the same preview after each batch."""
    found, after = Preview(), 0
    while rows := _batch(after):
        after = rows[-1].id
        known = events_of([row.id for row in rows])
        changes = [change for row in rows if (change := _change(row, known.get(row.id, []), book, now))]
        found.add(changes, len(rows))
        yield found
    if not found.tickets:
        yield found


def _batch(after: int) -> Sequence["Row[Any]"]:
    rows = select(*_READ).where(Ticket.resolved_at.is_(None), Ticket.id > after).order_by(Ticket.id).limit(BATCH)
    return db.session.execute(rows).all()


def _change(row: "Row[Any]", events: Sequence[Any], book: Book, now: datetime) -> Change | None:
    promise = book.of(row)
    before: Facts = _facts(row.clocks)
    after = facts_of(history_of(row, events, promise), promise)
    if [clock.due for clock in before] == [clock.due for clock in after]:
        return None
    at = micros(now)
    return Change(
        id=row.id,
        source=row.source,
        external_id=row.external_id,
        subject=row.subject,
        assignee=row.assignee,
        before_due_at=when(outlook(before).due),
        after_due_at=when(outlook(after).due),
        before_state=overall(before, at),
        after_state=overall(after, at),
    )


def _facts(found: Mapping[str, Any]) -> Facts:
    first, following, resolution = (unpack(found[name]) for name in CLOCKS)
    return first, following, resolution


def _pressing(change: Change) -> tuple[bool, bool, bool, float]:
    due = change.after_due_at
    return (not change.breaks, not change.rescued, due is None, due.timestamp() if due else 0.0)


def _promise(name: str, position: int, body: Mapping[str, Any]) -> Promise:
    used = promises.get_calendar(body["calendar"])
    version = promises.calendar_version(used)
    return Promise(
        policy_id=0,
        name=name,
        position=position,
        policy_version_id=0,
        policy_number=0,
        calendar=used.name,
        calendar_version_id=version.id,
        calendar_number=version.number,
        policy=policy.read(body),
        hours=promises.hours_of(version.id, version.digest),
    )
