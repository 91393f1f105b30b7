"""What time does to tickets: clocks come at risk, budgets are used up. Each is told once, whoever sweeps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import select, text

from console.infra import events as hooks
from console.infra.db import db
from console.tickets.actions import alarms, breaches
from console.tickets.actions.breaches import Count
from console.tickets.actions.counting import columns
from console.tickets.models import SlaPolicy, Ticket
from console.tickets.queries.tickets import Facts
from console.tickets.rules import telling
from console.tickets.rules.instants import micros

ROOM: Final = "tickets"
BATCH: Final = 500
_MOVED: Final = ("state", "next_due_at", "at_risk_at", "breach_at", "told", "sweep_at", "alarmed")
# All rows in one round trip: when an office opens, thousands of tickets may be late at once.
_WRITE: Final = text(f"""
    UPDATE tickets AS t SET {", ".join(f"{name} = r.{name}" for name in _MOVED)}
    FROM json_populate_recordset(NULL::tickets, CAST(:rows AS json)) AS r WHERE t.id = r.id
""")  # noqa: S608 - names of our own columns


def sweep(*, at: datetime) -> int:
    """Tell of what came at risk or over by `at`, a batch of tickets at a time; returns how many tickets it looked at.

    Tickets that another sweep holds are left to it.
    """
    due = _due(at)
    if not due:
        return 0
    names = _policies(due)
    found = [(ticket, ticket.facts) for ticket in due]
    told = [
        alarms.failure(ticket, news, policy=names.get(ticket.policy_id or 0))
        for ticket, facts in found
        for news in telling.news(facts, ticket.told, micros(at))
    ]
    counted = [Count(t.id, facts, t.policy_version_id, t.calendar_version_id) for t, facts in found]
    breaches.record_overruns(counted, at=at)
    rows = [_moved(ticket, facts, at) for ticket, facts in found]
    db.session.execute(_WRITE, {"rows": orjson.dumps(rows).decode()})
    hooks.touch(ROOM)
    # What the session holds of the tickets is old now, and of the alerts afterwards.
    db.session.expire_all()
    alarms.raise_all(told, at=at)
    return len(rows)


def _due(at: datetime) -> Sequence[Ticket]:
    rows = select(Ticket).where(Ticket.sweep_at <= at).order_by(Ticket.sweep_at).limit(BATCH)
    locked = rows.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return db.session.scalars(locked).all()


def _moved(ticket: Ticket, facts: Facts, at: datetime) -> dict[str, Any]:
    told = telling.all_told(facts, micros(at))
    follows = columns(facts, told, at=at)
    moved: dict[str, Any] = {name: follows[name] for name in _MOVED if name in follows}
    return {"id": ticket.id, "alarmed": ticket.alarmed or bool(told), **moved}


def _policies(due: Sequence[Ticket]) -> dict[int, str]:
    ids = {ticket.policy_id for ticket in due}
    rows = db.session.execute(select(SlaPolicy.id, SlaPolicy.name).where(SlaPolicy.id.in_(ids)))
    return {policy_id: name for policy_id, name in rows}  # noqa: C416 - rows are no pairs to the type checker
