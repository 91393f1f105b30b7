"""What is merged into an alert, and where a merged alert leads."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, Select, func, select

from console.alerts.models import Alert, AlertMerge, Occurrence
from console.infra.db import db
from console.infra.errors import NotFound


def of(target_id: int) -> Sequence[AlertMerge]:
    """What is merged into an alert, in order of id."""
    rows = select(AlertMerge).where(AlertMerge.target_id == target_id).order_by(AlertMerge.alert_id)
    return db.session.scalars(rows).all()


def family(alert_id: int) -> list[int]:
    """The alert and all that is merged into it: those whose failures it shows."""
    rows = select(AlertMerge.alert_id).where(AlertMerge.target_id == alert_id).order_by(AlertMerge.alert_id)
    return [alert_id, *db.session.scalars(rows)]


def members(alert_id: int, merged: Sequence[tuple[AlertMerge, Alert]]) -> list[int]:
    """The same of what `shown` has found."""
    return [alert_id, *sorted(row.alert_id for row, _ in merged)]


def find(alert_id: int) -> AlertMerge | None:
    """Where a merged alert leads, or None for what stands on its own."""
    return db.session.get(AlertMerge, alert_id)


def shown(target_id: int) -> Sequence[tuple[AlertMerge, Alert]]:
    """What is merged into an alert with each one's own row, the one seen last first."""
    rows = select(AlertMerge, Alert).join(Alert, Alert.id == AlertMerge.alert_id)
    rows = rows.where(AlertMerge.target_id == target_id).order_by(Alert.last_seen.desc(), Alert.id.desc())
    return [(row[0], row[1]) for row in db.session.execute(rows)]


def one(target_id: int, alert_id: int) -> tuple[AlertMerge, Alert]:
    """One merge and the merged alert; raises NotFound when it is not merged into that target."""
    row = find(alert_id) if 0 < alert_id < 2**63 else None
    alert = db.session.get(Alert, alert_id) if row is not None and row.target_id == target_id else None
    if row is None or alert is None:
        raise NotFound(f"Alert {alert_id} is not merged into alert {target_id}.")
    return row, alert


def spans(target_id: int) -> Sequence[Row[int, datetime, datetime]]:
    """First and last failure of each alert that is merged into one."""
    rows = select(AlertMerge.alert_id, Alert.first_seen, Alert.last_seen).join(Alert, Alert.id == AlertMerge.alert_id)
    return db.session.execute(rows.where(AlertMerge.target_id == target_id)).all()


def own_span(target: Alert) -> tuple[datetime, datetime]:
    """First and last failure of an alert without those that are merged into it.

    What they were when something was first merged into it, and what its own failures since have made of that.
    """
    told = select(func.min(AlertMerge.target_first_seen), func.max(AlertMerge.target_last_seen))
    row = db.session.execute(told.where(AlertMerge.target_id == target.id)).one()
    first: datetime | None = row[0]
    if first is None:
        return target.first_seen, target.last_seen
    last: datetime = row[1]
    oldest, newest = (db.session.scalar(_end(target.id, last=is_last)) for is_last in (False, True))
    return min(first, oldest or first), max(last, newest or last)


def _end(alert_id: int, *, last: bool) -> Select[datetime]:
    at = Occurrence.occurred_at
    rows = select(at).where(Occurrence.alert_id == alert_id)
    return rows.order_by(at.desc() if last else at, Occurrence.id.desc() if last else Occurrence.id).limit(1)
