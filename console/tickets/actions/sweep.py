"""What time does to tickets: clocks come at risk, budgets are used up. Each is told once, whoever sweeps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from console.infra import events as hooks
from console.infra.db import db
from console.tickets.actions import alarms, breaches
from console.tickets.actions.breaches import Count
from console.tickets.actions.counting import columns
from console.tickets.models import SlaPolicy, Ticket
from console.tickets.rules import telling
from console.tickets.rules.instants import micros

ROOM: Final = "tickets"
BATCH: Final = 200


def sweep(*, at: datetime) -> int:
    """Tell of what came at risk or over by `at`, a batch of tickets at a time; returns how many tickets it looked at.

    Tickets that another sweep holds are left to it.
    """
    due = _due(at)
    if not due:
        return 0
    names = _policies(due)
    told = [
        alarms.failure(ticket, news, policy=names.get(ticket.policy_id or 0))
        for ticket in due
        for news in telling.news(ticket.facts, ticket.told, micros(at))
    ]
    for ticket in due:
        _look(ticket, at)
    db.session.flush()
    counted = [Count(t.id, t.facts, t.policy_version_id, t.calendar_version_id) for t in due]
    breaches.record_overruns(counted, at=at)
    hooks.touch(ROOM)
    # Last: what the session holds is old afterwards.
    alarms.raise_all(told, at=at)
    return len(due)


def _due(at: datetime) -> Sequence[Ticket]:
    rows = select(Ticket).where(Ticket.sweep_at <= at).order_by(Ticket.sweep_at).limit(BATCH)
    locked = rows.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return db.session.scalars(locked).all()


def _look(ticket: Ticket, at: datetime) -> None:
    told = telling.all_told(ticket.facts, micros(at))
    ticket.alarmed = ticket.alarmed or bool(told)
    for name, value in columns(ticket.facts, told, at=at).items():
        setattr(ticket, name, value)


def _policies(due: Sequence[Ticket]) -> dict[int, str]:
    ids = {ticket.policy_id for ticket in due}
    rows = db.session.execute(select(SlaPolicy.id, SlaPolicy.name).where(SlaPolicy.id.in_(ids)))
    return {policy_id: name for policy_id, name in rows}  # noqa: C416 - rows are no pairs to the type checker
