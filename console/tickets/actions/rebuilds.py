"""Counting all open tickets anew after an edit: by keyset batches, a newer edit taking over from an older one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Row, Text, case, cast, func, select, text, update

from console.infra import events as hooks
from console.infra.actor import Actor
from console.infra.db import db
from console.tickets.actions import breaches
from console.tickets.actions.breaches import Count
from console.tickets.actions.counting import count
from console.tickets.actions.tickets import settle
from console.tickets.models import Rebuild, Ticket
from console.tickets.models.rebuild import LAST
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
    if total > AT_ONCE:
        found.middle_id = found.after_middle_id = _middle(total)
    db.session.add(found)
    db.session.flush()
    if total <= AT_ONCE:
        step(found.id, at=at)
    return found


def lanes(rebuild_id: int) -> int:
    """At how many places a rebuild goes on at once, each with its own tickets: one counts while another writes."""
    return 1 if db.session.get_one(Rebuild, rebuild_id).middle_id is None else 2


def step(rebuild_id: int, *, at: datetime, limit: int = BATCH, lane: int = 0) -> Progress:
    """Count the next tickets of a lane anew, in the caller's transaction."""
    book = reads.current_book()
    newest = db.session.scalar(select(func.max(Rebuild.id)))
    rebuild = db.session.get_one(Rebuild, rebuild_id, populate_existing=True)
    if newest != rebuild_id:
        rebuild.superseded_at = rebuild.superseded_at or at
        return Progress(more=False, done=rebuild.done, total=rebuild.total)
    rows = _open(rebuild, lane, limit)
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
    over = len(rows) < limit
    _advance(rebuild_id, {**_tally(rows, changes), **_place(rebuild, lane, rows, at, over=over)})
    return Progress(more=not over, done=rebuild.done, total=max(rebuild.total, rebuild.done))


def _middle(total: int) -> int:
    """The ticket behind which the second half of the open ones begins."""
    rows = select(Ticket.id).where(Ticket.resolved_at.is_(None)).order_by(Ticket.id)
    return db.session.scalar(rows.offset(total // 2).limit(1)) or 0


def _clocks_differ(row: "Row[Any]", columns: Mapping[str, Any]) -> bool:
    return bool(orjson.loads(row.clocks) != columns["clocks"])


def _open(rebuild: Rebuild, lane: int, limit: int) -> Sequence["Row[Any]"]:
    after = rebuild.after_middle_id if lane else rebuild.after_id
    rows = select(*_READ).where(Ticket.resolved_at.is_(None), Ticket.id > after).order_by(Ticket.id).limit(limit)
    if lane == 0 and rebuild.middle_id is not None:
        rows = rows.where(Ticket.id <= rebuild.middle_id)
    return db.session.execute(rows.with_for_update(of=Ticket)).all()


def _place(rebuild: Rebuild, lane: int, rows: Sequence["Row[Any]"], at: datetime, *, over: bool) -> dict[str, Any]:
    """How far a lane is; the one that ends last ends the rebuild."""
    name = "after_middle_id" if lane else "after_id"
    if not over:
        return {name: rows[-1].id}
    if rebuild.middle_id is None:
        return {name: rows[-1].id if rows else rebuild.after_id, "finished_at": at}
    other = Rebuild.after_id >= Rebuild.middle_id if lane else Rebuild.after_middle_id == LAST
    return {name: LAST if lane else rebuild.middle_id, "finished_at": case((other, at), else_=None)}


def _advance(rebuild_id: int, values: Mapping[str, Any]) -> None:
    """By a statement of its own: what the other lane has added meanwhile must stay, and be seen."""
    counted = update(Rebuild).where(Rebuild.id == rebuild_id).values(values)
    db.session.execute(counted.execution_options(synchronize_session=False))
    db.session.expire_all()


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
    rows: Sequence["Row[Any]"], changes: Sequence[tuple["Row[Any]", Mapping[str, Any]]]
) -> dict[str, ColumnElement[int]]:
    broken = State.BREACHED.value
    return {
        "done": Rebuild.done + len(rows),
        "moved": Rebuild.moved + sum(row.next_due_at != columns["next_due_at"] for row, columns in changes),
        "breached": Rebuild.breached + sum(row.state != broken == columns["state"] for row, columns in changes),
        "rescued": Rebuild.rescued + sum(row.state == broken != columns["state"] for row, columns in changes),
    }
