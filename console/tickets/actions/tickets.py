"""Tickets as their sources tell of them: fields kept, events added, clocks counted, all in the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert

from console.infra import events as hooks
from console.infra.db import db
from console.tickets.actions import alarms, breaches, outcomes
from console.tickets.actions.breaches import Count
from console.tickets.actions.counting import count
from console.tickets.actions.outcomes import Judged
from console.tickets.models import Ticket, TicketEvent
from console.tickets.queries import promises
from console.tickets.queries import tickets as reads
from console.tickets.queries.promises import Book, Promise
from console.tickets.queries.tickets import Facts, Key
from console.tickets.rules import telling
from console.tickets.rules.history import Event, Kind
from console.tickets.rules.instants import micros
from console.tickets.rules.policy import CLOCKS

ROOM: Final = "tickets"
# What the source says of a ticket as it is; what is left out stays as it was.
PLAIN: Final = ("subject", "url", "requester", "organization", "group", "tags", "initial_status", "source_deadlines")
SAID: Final = {"priority": Kind.PRIORITY, "assignee": Kind.ASSIGNED}
NO_VERSIONS: Final = (None, None)


@dataclass(frozen=True, slots=True)
class TicketWanted:
    """A ticket as its source tells of it. `given` holds the fields that it named, `status` among them."""

    source: str
    external_id: str
    created_at: datetime
    updated_at: datetime | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()

    @property
    def key(self) -> Key:
        """What makes it the same ticket."""
        return (self.source, self.external_id)


@dataclass(frozen=True, slots=True)
class TicketKept:
    """A ticket that was kept; `new` when it was not known before."""

    ticket: Ticket
    new: bool


def put(wanted: Sequence[TicketWanted], *, at: datetime) -> list[TicketKept]:
    """Keep tickets received `at`; their clocks are counted when it returns. Safe to be sent again, late or twice."""
    book = reads.current_book()
    made, found = _found(wanted, at)
    ended = {
        ticket.id: (ticket.policy_version_id, ticket.calendar_version_id)
        for ticket in found.values()
        if ticket.resolved_at
    }
    changed = _add_events([(found[each.key].id, each.events) for each in wanted], ours=False, at=at)
    known = reads.events_of([ticket.id for ticket in found.values()])
    concluded: list[tuple[int, list[Event]]] = []
    for each in wanted:
        ticket = found[each.key]
        concluded.append((ticket.id, _fill(ticket, each, known[ticket.id], at=at)))
        known[ticket.id] += concluded[-1][1]
    # All together: one statement for each, with what it flushes, is most of the time that a batch takes.
    changed |= _add_events(concluded, ours=True, at=at)
    # What is over keeps what it was counted under, unless something is heard of it that was not known.
    touched = [
        ticket for key, ticket in found.items() if key in made or ticket.id in changed or ticket.resolved_at is None
    ]
    recount(touched, book, known, ended, at=at)
    return [TicketKept(found[each.key], new=each.key in made) for each in wanted]


def recount(
    tickets: Sequence[Ticket],
    book: Book,
    known: Mapping[int, list[Event]],
    ended: Mapping[int, tuple[int | None, int | None]],
    *,
    at: datetime,
) -> None:
    """Count the clocks of locked tickets from their events, with all that follows.

    `ended` names the versions of those that were resolved: their breaches are judged by these, whatever holds today.
    """
    before = promises.kept_promises(list(ended.values()))
    counted: list[Count] = []
    over: list[Judged] = []
    calm: list[Ticket] = []
    for ticket in tickets:
        events = known.get(ticket.id, [])
        _take_said(ticket, events)
        promise = book.of(ticket)
        facts, columns = count(ticket, events, promise, ticket.told, at=at)
        for name, value in {**columns, "changed_at": at}.items():
            setattr(ticket, name, value)
        judged = before.get(ended.get(ticket.id, NO_VERSIONS)) or promise
        over.append(Judged(ticket, events, judged))
        counted.append(_judged(ticket, events, judged, facts if judged is promise else None))
        if ticket.alarmed and not telling.pressing(facts, micros(at)):
            calm.append(ticket)
    db.session.flush()
    breaches.reconcile(counted, why=breaches.EVENTS, at=at)
    outcomes.keep(over)
    settle(calm, at=at)
    if tickets:
        hooks.touch(ROOM)


def _judged(ticket: Ticket, events: Sequence[Event], promise: Promise | None, facts: Facts | None) -> Count:
    found = reads.facts_of(reads.history_of(ticket, events, promise), promise) if facts is None else facts
    versions = (promise.policy_version_id, promise.calendar_version_id) if promise else NO_VERSIONS
    return Count(ticket.id, found, *versions)


def settle(tickets: Sequence[Ticket], *, at: datetime) -> None:
    """Resolve the alerts of tickets whose clocks press nobody any more."""
    for ticket in tickets:
        ticket.alarmed = False
    db.session.flush()
    over = [ticket for ticket in tickets if ticket.resolved_at is not None]
    alarms.resolve_all(over, at=at, why="the ticket was resolved")
    rest = [ticket for ticket in tickets if ticket.resolved_at is None]
    alarms.resolve_all(rest, at=at, why="no clock of the ticket is at risk or overdue any more")


def _found(wanted: Sequence[TicketWanted], at: datetime) -> tuple[set[Key], dict[Key, Ticket]]:
    """The keys of those that were not known, and all, locked."""
    keys = {each.key for each in wanted}
    while True:
        with db.session.begin_nested() as taking:
            made = _make_missing(wanted, at)
            found = reads.locked(keys)
            if len(found) == len(keys):
                return made, found
            # One was deleted meanwhile: all are let go, for who made it anew may be waiting for others of them.
            taking.rollback()


def _make_missing(wanted: Iterable[TicketWanted], at: datetime) -> set[Key]:
    """Insert the tickets that are not known; in the order of their keys, so that two senders never wait in a circle."""
    first: dict[Key, TicketWanted] = {}
    for each in wanted:
        first.setdefault(each.key, each)
    rows = [_row(first[key], at) for key in sorted(first)]
    made = insert(Ticket).on_conflict_do_nothing().returning(Ticket.source, Ticket.external_id)
    return {(source, external_id) for source, external_id in db.session.execute(made, rows)}


def _row(wanted: TicketWanted, at: datetime) -> dict[str, Any]:
    said = {name: wanted.given.get(name) for name in SAID}
    return {
        "source": wanted.source,
        "external_id": wanted.external_id,
        "subject": wanted.given["subject"],
        "tags": wanted.given.get("tags") or [],
        "initial_status": wanted.given.get("initial_status") or "new",
        **{f"initial_{name}": value for name, value in said.items()},
        **{f"said_{name}": value for name, value in said.items()},
        "created_at": wanted.created_at,
        "received_at": at,
        "changed_at": at,
        "clocks": {name: {"phase": "none"} for name in CLOCKS},
        "state": "none",
        "told": {},
        "alarmed": False,
    }


def _add_events(told: Iterable[tuple[int, Collection[Event]]], *, ours: bool, at: datetime) -> set[int]:
    """Add events that are not known yet; returns the tickets that got any."""
    rows = {
        (ticket_id, event.id): {
            "ticket_id": ticket_id,
            "ours": ours,
            "event_id": event.id,
            "at": event.at,
            "kind": event.kind.value,
            "value": event.value,
            "received_at": at,
        }
        for ticket_id, events in told
        for event in reversed(list(events))
    }
    if not rows:
        return set()
    add = insert(TicketEvent).on_conflict_do_nothing().returning(TicketEvent.ticket_id)
    return set(db.session.scalars(add, [rows[key] for key in sorted(rows)]))


def _fill(ticket: Ticket, wanted: TicketWanted, events: Sequence[Event], *, at: datetime) -> list[Event]:
    """Take over the fields, unless newer ones are known; returns what they tell that no event did."""
    known_at = ticket.source_updated_at
    if wanted.updated_at is not None and known_at is not None and wanted.updated_at < known_at:
        return _late(ticket, wanted, events)
    for name in PLAIN:
        if name in wanted.given:
            setattr(ticket, name, wanted.given[name])
    ticket.created_at = wanted.created_at
    ticket.source_updated_at = wanted.updated_at or known_at
    as_of = max(wanted.updated_at or at, wanted.created_at)
    found = [
        event for name, kind in SAID.items() if name in wanted.given
        for event in _said(ticket, name, kind, wanted.given[name], events, as_of)
    ]  # fmt: skip
    return [*found, *_status(ticket, wanted, events, as_of)]


def _late(ticket: Ticket, wanted: TicketWanted, events: Sequence[Event]) -> list[Event]:
    """An older word about a ticket: only the status it had then is still news."""
    assert wanted.updated_at is not None
    return _status(ticket, wanted, events, max(wanted.updated_at, ticket.created_at))


def _status(ticket: Ticket, wanted: TicketWanted, events: Sequence[Event], as_of: datetime) -> list[Event]:
    status = wanted.given.get("status")
    if status is None:
        return []
    before = reads.history_of(ticket, [event for event in events if event.at <= as_of], None).status
    return [] if status == before else [_concluded(Kind.STATUS, status, as_of)]


def _said(
    ticket: Ticket, name: str, kind: Kind, value: str | None, events: Sequence[Event], as_of: datetime
) -> list[Event]:
    """A field that its source changed since it told of it last counts as an event; one told again does not."""
    if getattr(ticket, f"said_{name}") == value:
        return []
    setattr(ticket, f"said_{name}", value)
    before = getattr(reads.history_of(ticket, [event for event in events if event.at <= as_of], None), name)
    return [] if before == value else [_concluded(kind, value, as_of)]


def _concluded(kind: Kind, value: str | None, at: datetime) -> Event:
    return Event(f"{kind.value}:{at.isoformat()}:{value or ''}", at, kind, value, ours=True)


def _take_said(ticket: Ticket, events: Sequence[Event]) -> None:
    history = reads.history_of(ticket, events, None)
    ticket.status, ticket.priority, ticket.assignee = history.status, history.priority, history.assignee
