"""How a change of an alert is written down: a history row, the audit of what people did, word to whoever listens."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from console.alerts.models import Alert, AlertHistory
from console.alerts.rules.states import Change, Event
from console.audit.actions import record
from console.infra import events
from console.infra.actor import SYSTEM, Actor
from console.infra.db import db

ROOM = "alerts"


def write(alert: Alert, change: Change, *, by: Actor, at: datetime) -> None:
    """Add the history row and announce it; what a person or a token did is audited as well."""
    db.session.add(row(alert.id, change, by=by, at=at))
    if by.kind != "system":
        details = {"from": change.before, "to": change.after, "why": change.why}
        record(f"alert.{change.event}", by=by, object=("alert", str(alert.id), alert.title), details=details)
    announce(alert.id, change.event, by=by)


def row(alert_id: int, change: Change, *, by: Actor, at: datetime) -> AlertHistory:
    """A change as a history row."""
    return AlertHistory(
        alert_id=alert_id,
        at=at,
        by=by.label,
        by_kind=by.kind,
        event=change.event.value,
        before=change.before,
        after=change.after,
        why=change.why,
    )


def line(alert_id: int, change: Change, at: datetime) -> dict[str, Any]:
    """A change of the console's own as the row that `store.add_history` takes."""
    return {
        "alert_id": alert_id,
        "at": at,
        "by": SYSTEM.label,
        "by_kind": SYSTEM.kind,
        "event": change.event.value,
        "before": change.before,
        "after": change.after,
        "why": change.why,
    }


def announce(alert_id: int, event: Event, *, by: Actor) -> None:
    """Tell the rooms above, and let live pages know."""
    announce_all([(alert_id, event)], by=by)


def announce_all(changed: Iterable[tuple[int, Event]], *, by: Actor) -> None:
    """The same for what changed at one moment, which listeners may then write at once."""
    if payload := [events.AlertChanged(alert_id, event.value, by) for alert_id, event in changed]:
        events.touch(ROOM)
        events.alert_changed.announce(payload)
