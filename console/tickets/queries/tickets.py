"""Tickets by their source's key, with their events and how they stand now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Protocol

from sqlalchemy import select, text, tuple_

from console.infra.db import db
from console.infra.errors import NotFound
from console.tickets.models import Ticket
from console.tickets.models import TicketEvent as E
from console.tickets.queries import promises
from console.tickets.queries.promises import Book, Promise
from console.tickets.rules.clocks import NOTHING, Clock, clocks
from console.tickets.rules.history import Event, History, Kind, read
from console.tickets.rules.instants import micros, when
from console.tickets.rules.policy import CLOCKS
from console.tickets.rules.standing import Standing, State, outlook, overall, standing

Key = tuple[str, str]
Facts = tuple[Clock, Clock, Clock]
NO_CLOCKS: Facts = (NOTHING, NOTHING, NOTHING)
# Quicker than asking the enum for each of a hundred thousand rows.
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Sla:
    """How a ticket stands at an instant: the promise it is under, its clocks by name, the nearest deadline."""

    promise: Promise | None
    state: State
    clocks: dict[str, Standing]
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counting:
    """How a ticket stands, and what that was counted from: its events in order, what they say, its clocks."""

    sla: Sla
    events: Sequence[Event]
    history: History
    facts: Facts


def find(source: str, external_id: str) -> Ticket | None:
    """A ticket by its source's key, or None."""
    if "\0" in source + external_id:
        return None
    return db.session.scalar(select(Ticket).where(Ticket.source == source, Ticket.external_id == external_id))


def get(source: str, external_id: str) -> Ticket:
    """A ticket by its source's key; raises NotFound."""
    found = find(source, external_id)
    if found is None:
        raise NotFound(f"There is no ticket {external_id} of {source}.")
    return found


def get_by_id(ticket_id: int) -> Ticket:
    """A ticket by its number here; raises NotFound."""
    found = db.session.get(Ticket, ticket_id) if 0 < ticket_id < 2**63 else None
    if found is None:
        raise NotFound(f"There is no ticket {ticket_id}.")
    return found


def locked(keys: Collection[Key]) -> dict[Key, Ticket]:
    """Tickets by their sources' keys, locked in order of id."""
    rows = select(Ticket).where(tuple_(Ticket.source, Ticket.external_id).in_(sorted(keys))).order_by(Ticket.id)
    found = db.session.scalars(rows.with_for_update().execution_options(populate_existing=True)).all()
    return {(ticket.source, ticket.external_id): ticket for ticket in found}


def events_of(ticket_ids: Collection[int]) -> dict[int, list[Event]]:
    """The events of some tickets, by ticket, in no order."""
    found: dict[int, list[Event]] = defaultdict(list)
    rows = select(E.ticket_id, E.event_id, E.at, E.kind, E.value, E.ours).where(E.ticket_id.in_(list(ticket_ids)))
    for ticket_id, event_id, at, kind, value, ours in db.session.execute(rows):
        found[ticket_id].append(Event(event_id, at, _KINDS[kind], value, ours))
    return found


class Listed(Protocol):
    """What of a ticket a list needs to say how it stands: a model, or a row with these columns."""

    @property
    def policy_version_id(self) -> int | None: ...
    @property
    def calendar_version_id(self) -> int | None: ...
    @property
    def facts(self) -> Facts: ...


class Counted(Protocol):
    """What of a ticket its clocks need: a model, or a row with these columns."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def initial_status(self) -> str: ...
    @property
    def initial_priority(self) -> str | None: ...
    @property
    def initial_assignee(self) -> str | None: ...


def history_of(ticket: Counted, events: Iterable[Event], promise: Promise | None) -> History:
    """What a ticket's events say under a promise."""
    return read(
        ticket.created_at,
        events,
        promise.policy.pauses if promise else _never,
        status=ticket.initial_status,
        priority=ticket.initial_priority,
        assignee=ticket.initial_assignee,
    )


def _never(_status: str | None) -> bool:
    return False


def facts_of(history: History, promise: Promise | None) -> Facts:
    """The clocks under a promise."""
    return NO_CLOCKS if promise is None else clocks(history, promise.policy, promise.hours)


def sla_of(ticket: Ticket, *, now: datetime) -> Sla:
    """How a ticket stands, counted from its events."""
    return counted(ticket, now=now).sla


def counted(ticket: Ticket, *, now: datetime, book: Book | None = None) -> Counting:
    """A ticket counted from its events: under today's versions while it is open, then under those it had.

    A rebuild that still goes on does not show. `book` is the one that holds now, where that is known.
    """
    promise = (book or promises.book()).of(ticket) if ticket.resolved_at is None else kept_promise(ticket)
    events = sorted(events_of([ticket.id])[ticket.id], key=attrgetter("at", "ours", "id"))
    history = history_of(ticket, events, promise)
    facts = facts_of(history, promise)
    return Counting(_sla(facts, promise, now), events, history, facts)


def slas_of(tickets: Sequence[Ticket] | Sequence[Listed], *, now: datetime, book: Book | None = None) -> list[Sla]:
    """How the tickets of a list stand, by what was last counted for them; what `book` has is not asked for again."""
    kept = {p.versions: p for p in book.promises} if book else {}
    wanted = {(t.policy_version_id, t.calendar_version_id) for t in tickets}
    kept |= promises.kept_promises(sorted((a, b) for a, b in wanted if a and b and (a, b) not in kept))
    return [_sla(t.facts, kept.get((t.policy_version_id or 0, t.calendar_version_id or 0)), now) for t in tickets]


def kept_promise(ticket: Ticket) -> Promise | None:
    """The promise that a ticket was last counted under, in its versions of then."""
    key = (ticket.policy_version_id or 0, ticket.calendar_version_id or 0)
    return promises.kept_promises([key]).get(key)


def _sla(facts: Facts, promise: Promise | None, now: datetime) -> Sla:
    if promise is None:
        return Sla(None, State.NONE, dict.fromkeys(CLOCKS, Standing(State.NONE)), None)
    at = micros(now)
    shown = {name: standing(clock, promise.hours, at) for name, clock in zip(CLOCKS, facts, strict=True)}
    return Sla(promise, overall(facts, at), shown, when(outlook(facts).due))


def current_book() -> Book:
    """The promises that hold, read so that no edit of them is half-way: writers of tickets share a lock with edits."""
    db.session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": PROMISES_LOCK})
    return promises.book()


# Any number will do as long as nobody else in this database uses it.
PROMISES_LOCK = 4_127_015
