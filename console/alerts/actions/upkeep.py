"""What time does to alerts: snoozes end, weeks begin and are dropped, minutes are forgotten."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, text, tuple_

from console.alerts.actions import store, triage
from console.alerts.models import Alert, AlertCount, FailureEvent, Grain
from console.alerts.rules.insights import monday
from console.infra.db import db

WEEKS_AHEAD = 3
KEEP_MINUTES = timedelta(hours=2)
BATCH = 500
# Ids of failures are forgotten by so many, each batch committed: none is locked for long.
EVENTS = 5_000
_DROP = text("SELECT drop_occurrence_partition(:before)")


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


def oldest_kept(weeks: int, *, at: datetime) -> datetime:
    """Where the first week begins that is kept, when so many whole ones are beside the one of `at`."""
    return datetime.combine(monday(at), time(), UTC) - timedelta(weeks=weeks)


def forget_events(*, before: datetime) -> int:
    """Forget a batch of the ids of failures received before an instant; returns how many.

    They go before the failures that they name: who sends one again is then told it is news, never that it is unknown.
    """
    old = select(FailureEvent.service, FailureEvent.event_id).where(FailureEvent.received_at < before)
    batch = old.limit(EVENTS).with_for_update(skip_locked=True).cte("batch")
    here = tuple_(FailureEvent.service, FailureEvent.event_id)
    forgotten = delete(FailureEvent).where(here.in_(select(batch)))
    return cast("CursorResult[Any]", db.session.execute(forgotten)).rowcount


def drop_week(*, before: datetime) -> bool | None:
    """Drop the oldest week of failures that ended by an instant: whether it could be had at once, None without one.

    The caller commits at once: until then nobody reads or stores a failure.
    """
    return db.session.connection().execute(_DROP, {"before": before}).scalar_one()  # type: ignore[no-any-return]
