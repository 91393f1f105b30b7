"""Rows of a source become tickets: its words as they are, and as events what its rows only show by their state."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.tickets.actions import tickets
from console.tickets.actions.tickets import TicketWanted
from console.tickets.queries import sources as reads
from console.tickets.queries.sources import Known
from console.tickets.rules.history import Event, Kind
from console.tickets.rules.sources.rows import Row


@dataclass(frozen=True, slots=True)
class Taken:
    """How many rows were kept, and how many of their tickets were not known before."""

    rows: int = 0
    created: int = 0


def take(source: str, rows: Sequence[Row], *, at: datetime) -> Taken:
    """Keep the tickets of some rows, in their order; the same rows again change nothing."""
    created = 0
    for part in _apart(rows):
        known = reads.known(source, [row.external_id for row in part])
        wanted = [_wanted(source, row, known.get(row.external_id), at) for row in part]
        created += sum(one.new for one in tickets.put(wanted, at=at))
    return Taken(len(rows), created)


def _apart(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Portions in which no ticket stands twice: its second row must see what the first made of it."""
    part: dict[str, Row] = {}
    for row in rows:
        if row.external_id in part:
            yield list(part.values())
            part = {}
        part[row.external_id] = row
    if part:
        yield list(part.values())


def _wanted(source: str, row: Row, known: Known | None, at: datetime) -> TicketWanted:
    given: dict[str, Any] = dict(row.given)
    events = [*row.events, *_first_response(row), *_turns(row, known, at)]
    early = [event if event.at >= row.created_at else _at(event, row.created_at) for event in events]
    return TicketWanted(source, row.external_id, row.created_at, row.updated_at, given, early)


def _first_response(row: Row) -> Iterator[Event]:
    if row.first_responded_at is not None:
        at = row.first_responded_at
        yield Event(f"first_response:{at.isoformat()}", at, Kind.FIRST_RESPONSE)


def _turns(row: Row, known: Known | None, at: datetime) -> Iterator[Event]:
    """That it was resolved or reopened since it was last told of, for sources that tell how a ticket is only."""
    told = row.updated_at or at
    if row.closed is None or (known and known.updated_at and told < known.updated_at):
        return
    over = known is not None and known.resolved_at is not None
    if row.closed and not over:
        # Some helpdesks keep the first resolution's instant for ever: one before a reopening is not this one.
        stale = known is not None and known.reopened_at is not None and (row.resolved_at or told) <= known.reopened_at
        ended = told if stale else row.resolved_at or told
        yield Event(f"resolved:{ended.isoformat()}", ended, Kind.RESOLVED)
    elif over and not row.closed:
        yield Event(f"reopened:{told.isoformat()}", told, Kind.REOPENED)


def _at(event: Event, at: datetime) -> Event:
    return Event(event.id, at, event.kind, event.value, ours=event.ours)
