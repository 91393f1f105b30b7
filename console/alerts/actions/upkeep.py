"""What time does to alerts: snoozes end, weeks begin, minutes are forgotten."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from console.alerts.actions import store, triage
from console.alerts.models import Alert, AlertCount, Grain
from console.infra.db import db

WEEKS_AHEAD = 3
KEEP_MINUTES = timedelta(hours=2)
BATCH = 500


def wake_due(*, at: datetime) -> int:
    """Write down that snoozes have run out, a batch at a time; returns how many.

    Rows that somebody else holds are passed over: they are seen to at the next call.
    """
    due = select(Alert).where(Alert.snoozed_until <= at).limit(BATCH)
    alerts = db.session.scalars(due.with_for_update(skip_locked=True, key_share=True)).all()
    for alert in alerts:
        triage.wake(alert, at=at)
    db.session.flush()
    return len(alerts)


def add_weeks(*, at: datetime) -> None:
    """Make the partitions of this week and the next ones."""
    for week in range(WEEKS_AHEAD + 1):
        store.ensure_week(at + timedelta(weeks=week))


def forget_minutes(*, at: datetime) -> None:
    """Drop the counters by the minute that no chart shows any more; those by the hour stay."""
    old = AlertCount.at < at - KEEP_MINUTES
    db.session.execute(delete(AlertCount).where(AlertCount.grain == Grain.MINUTE, old))
