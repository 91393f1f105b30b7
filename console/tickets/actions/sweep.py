"""What time does to tickets: clocks come at risk, budgets are used up. Each is told once, whoever sweeps."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, Text, cast, select, text

from console.infra import events as hooks
from console.infra.db import db
from console.tickets.actions import alarms, breaches
from console.tickets.actions.breaches import Count
from console.tickets.actions.counting import facts_in, passing
from console.tickets.models import SlaPolicy, Ticket
from console.tickets.queries.tickets import Facts
from console.tickets.rules import telling
from console.tickets.rules.instants import micros

ROOM: Final = "tickets"
BATCH: Final = 500
# What is told of a ticket and decides what is; JSON as text: the driver's own reader takes several times as long.
_READ: Final[tuple[Any, ...]] = (
    Ticket.id, Ticket.source, Ticket.external_id, Ticket.subject, Ticket.url, Ticket.organization, Ticket.group,
    Ticket.priority, Ticket.assignee, Ticket.alarmed,
    Ticket.policy_id, Ticket.policy_version_id, Ticket.calendar_version_id,
    *(cast(getattr(Ticket, name), Text).label(name) for name in ("clocks", "told")),
)  # fmt: skip
_MOVED: Final = {"state": "text", "told": "jsonb", "sweep_at": "timestamptz", "alarmed": "boolean"}
# All rows in one round trip: when an office opens, thousands of tickets may be late at once.
_WRITE: Final = text(f"""
    UPDATE tickets AS t SET {", ".join(f"{name} = r.{name}" for name in _MOVED)}
    FROM json_to_recordset(CAST(:rows AS json))
        AS r (id bigint, {", ".join(f"{name} {kind}" for name, kind in _MOVED.items())})
    WHERE t.id = r.id
""")  # noqa: S608 - names of our own columns


def sweep(*, at: datetime, limit: int = BATCH) -> int:
    """Tell of what came at risk or over by `at`, at most so many tickets; returns how many it looked at.

    Tickets that another sweep holds are left to it.
    """
    due = _due(at, limit)
    if not due:
        return 0
    names = _policies({ticket.policy_id for ticket in due})
    found = [(ticket, facts_in(orjson.loads(ticket.clocks))) for ticket in due]
    told = [
        alarms.failure(ticket, news, policy=names.get(ticket.policy_id))
        for ticket, facts in found
        for news in telling.news(facts, orjson.loads(ticket.told), micros(at))
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


def _due(at: datetime, limit: int) -> Sequence[Row[Any]]:
    rows = select(*_READ).where(Ticket.sweep_at <= at).order_by(Ticket.sweep_at).limit(limit)
    return db.session.execute(rows.with_for_update(of=Ticket, skip_locked=True)).all()


def _moved(ticket: Row[Any], facts: Facts, at: datetime) -> dict[str, Any]:
    told = telling.all_told(facts, micros(at))
    return {"id": ticket.id, "alarmed": ticket.alarmed or bool(told), **passing(facts, told, at=at)}


def _policies(ids: Collection[int | None]) -> dict[int | None, str]:
    rows = db.session.execute(select(SlaPolicy.id, SlaPolicy.name).where(SlaPolicy.id.in_(ids)))
    return {policy_id: name for policy_id, name in rows}  # noqa: C416 - rows are no pairs to the type checker
