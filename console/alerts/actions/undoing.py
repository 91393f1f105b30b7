"""Taking a change of many alerts back: exactly those that nobody and nothing has touched since."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from console.alerts.actions import muting
from console.alerts.actions.bulk import STEP, locked, order_of, picture
from console.alerts.actions.history import write
from console.alerts.models import Alert, BulkChange, BulkEntry
from console.alerts.rules.states import UNDONE, Change, Event, Status, Verb
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict

TIMES = frozenset({"acknowledged_at", "snoozed_until", "resolved_at"})
WHY = "a change of many alerts was undone"


def begin_undo(change: BulkChange, *, at: datetime) -> None:
    """Mark a locked change as undone; raises Conflict when it is already, or still under way."""
    if change.undone_at is not None:
        raise Conflict("This was undone already.")
    if change.finished_at is None:
        raise Conflict("This is still under way. Stop its job, or undo it when it has ended.")
    change.undone_at = at
    db.session.flush()


def undo_step(change: BulkChange, *, by: Actor, at: datetime) -> bool:
    """Put the next alerts back; returns whether any are left. Safe to repeat after a crash."""
    mine = select(BulkEntry).where(BulkEntry.bulk_id == change.id).order_by(BulkEntry.alert_id).limit(STEP)
    entries = {entry.alert_id: entry for entry in db.session.scalars(mine)}
    back = []
    for alert in locked(list(entries)):
        entry = entries[alert.id]
        if entry.after is not None and picture(alert) == entry.after:
            _put_back(alert, entry.before, order_of(change).action, by=by, at=at)
            back.append(alert.id)
    change.undone += len(back)
    db.session.flush()
    # What came alive again lost its mark when it was resolved, and a silence may still hold.
    muting.mark(back, at=at)
    done = delete(BulkEntry).where(BulkEntry.bulk_id == change.id, BulkEntry.alert_id.in_(entries))
    db.session.execute(done, execution_options={"synchronize_session": False})
    db.session.flush()
    return len(entries) == STEP


def _put_back(alert: Alert, before: Mapping[str, Any], action: str, *, by: Actor, at: datetime) -> None:
    stood, had = alert.status, alert.assignee
    for name, value in before.items():
        setattr(alert, name, datetime.fromisoformat(value) if value and name in TIMES else value)
    alert.status = Status(before["status"])
    alert.before_snooze = None if before["before_snooze"] is None else Status(before["before_snooze"])
    alert.updated_at = at
    if alert.status is not stood:
        write(alert, Change(UNDONE[Verb(action)], stood.word, alert.status.word, WHY), by=by, at=at)
    if alert.assignee != had:
        event = Event.ASSIGNED if alert.assignee else Event.UNASSIGNED
        write(alert, Change(event, had, alert.assignee, WHY), by=by, at=at)
