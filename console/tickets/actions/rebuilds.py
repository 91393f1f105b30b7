"""Counting all open tickets anew after an edit: by keyset batches, a newer edit taking over from an older one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import Row, Text, cast, func, select, text, update

from console.infra import events as hooks
from console.infra.actor import Actor
from console.infra.db import db
from console.tickets.actions import breaches
from console.tickets.actions.breaches import Count
from console.tickets.actions.counting import count
from console.tickets.actions.tickets import settle
from console.tickets.models import Rebuild, Ticket
from console.tickets.queries import tickets as reads
from console.tickets.rules import telling
from console.tickets.rules.instants import micros
from console.tickets.rules.standing import State

ROOM: Final = "tickets"
BATCH: Final = 2_000
# So few open tickets are counted in the request that saves the edit.
AT_ONCE: Final = 300
PLAIN: Final = {
    "policy_id": "bigint", "policy_version_id": "bigint", "calendar_version_id": "bigint", "state": "text",
    "next_due_at": "timestamptz", "at_risk_at": "timestamptz", "breach_at": "timestamptz", "sweep_at": "timestamptz",
    "resolved_at": "timestamptz",
}  # fmt: skip
FOLLOWING: Final = {**PLAIN, "clocks": "jsonb", "told": "jsonb"}
# JSON is read as text: the driver's own reader takes several times as long as orjson.
_READ: Final = (
    Ticket.id, Ticket.source, Ticket.organization, Ticket.priority, Ticket.tags, Ticket.created_at,
    Ticket.initial_status, Ticket.initial_priority, Ticket.initial_assignee, Ticket.alarmed,
    *(cast(getattr(Ticket, name), Text).label(name) for name in ("clocks", "told")),
    *(getattr(Ticket, name) for name in PLAIN),
)  # fmt: skip
_plain: Final = itemgetter(*PLAIN)
_WRITE: Final = text(f"""
    UPDATE tickets AS t SET {", ".join(f"{name} = r.{name}" for name in FOLLOWING)}
    FROM json_to_recordset(CAST(:rows AS json))
        AS r (id bigint, {", ".join(f"{name} {kind}" for name, kind in FOLLOWING.items())})
    WHERE t.id = r.id
""")  # noqa: S608 - names of our own columns


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is; `more` is False at the end, or when a newer edit took over."""

    more: bool
    done: int
    total: int


def begin(why: str, *, by: Actor, at: datetime) -> Rebuild:
    """Ask for a rebuild, which makes older ones moot; few tickets are counted at once, `finished_at` says so."""
    older = update(Rebuild).where(Rebuild.finished_at.is_(None), Rebuild.superseded_at.is_(None))
    db.session.execute(older.values(superseded_at=at))
    total = db.session.scalar(select(func.count()).select_from(Ticket).where(Ticket.resolved_at.is_(None))) or 0
    found = Rebuild(why=why, asked_by=by.label, asked_at=at, total=total)
    found.after_id = found.done = found.moved = found.breached = found.rescued = 0
    db.session.add(found)
    db.session.flush()
    if total <= AT_ONCE:
        step(found.id, at=at)
    return found


def step(rebuild_id: int, *, at: datetime, limit: int = BATCH) -> Progress:
    """Count the next tickets anew, in the caller's transaction."""
    book = reads.current_book()
    newest = db.session.scalar(select(func.max(Rebuild.id)))
    rebuild = db.session.get_one(Rebuild, rebuild_id, populate_existing=True)
    if newest != rebuild_id:
        rebuild.superseded_at = rebuild.superseded_at or at
        return Progress(more=False, done=rebuild.done, total=rebuild.total)
    rows = _open(rebuild.after_id, limit)
    known = reads.events_of([row.id for row in rows])
    counted, changes = [], []
    for row in rows:
        told = orjson.loads(row.told)
        facts, columns = count(row, known.get(row.id, []), book.of(row), told, at=at)
        counted.append(Count(row.id, facts, columns["policy_version_id"], columns["calendar_version_id"]))
        if row[-len(PLAIN) :] != _plain(columns) or told != columns["told"] or _clocks_differ(row, columns):
            changes.append((row, columns))
    _write(changes)
    breaches.reconcile(counted, why=breaches.POLICY, at=at)
    _calm([row.id for row in rows if row.alarmed], counted, at)
    _tally(rebuild, rows, changes)
    rebuild.after_id = rows[-1].id if rows else rebuild.after_id
    rebuild.finished_at = None if len(rows) == limit else at
    db.session.flush()
    return Progress(more=len(rows) == limit, done=rebuild.done, total=max(rebuild.total, rebuild.done))


def _clocks_differ(row: "Row[Any]", columns: Mapping[str, Any]) -> bool:
    return bool(orjson.loads(row.clocks) != columns["clocks"])


def _open(after: int, limit: int) -> Sequence["Row[Any]"]:
    rows = select(*_READ).where(Ticket.resolved_at.is_(None), Ticket.id > after).order_by(Ticket.id).limit(limit)
    return db.session.execute(rows.with_for_update(of=Ticket)).all()


def _write(changes: Sequence[tuple["Row[Any]", Mapping[str, Any]]]) -> None:
    if changes:
        rows = [{"id": row.id, **columns} for row, columns in changes]
        db.session.execute(_WRITE, {"rows": orjson.dumps(rows).decode()})
        # What the session holds of these is old now.
        db.session.expire_all()
        hooks.touch(ROOM)


def _calm(alarmed: Sequence[int], counted: Sequence[Count], at: datetime) -> None:
    pressing = {each.ticket_id for each in counted if telling.pressing(each.facts, micros(at))}
    over = [ticket_id for ticket_id in alarmed if ticket_id not in pressing]
    if over:
        settle(db.session.scalars(select(Ticket).where(Ticket.id.in_(over))).all(), at=at)


def _tally(
    rebuild: Rebuild, rows: Sequence["Row[Any]"], changes: Sequence[tuple["Row[Any]", Mapping[str, Any]]]
) -> None:
    broken = State.BREACHED.value
    rebuild.done += len(rows)
    rebuild.moved += sum(row.next_due_at != columns["next_due_at"] for row, columns in changes)
    rebuild.breached += sum(row.state != broken == columns["state"] for row, columns in changes)
    rebuild.rescued += sum(row.state == broken != columns["state"] for row, columns in changes)
