"""Running an alert's failed jobs again, and its end when they have all succeeded."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from console.alerts import queries
from console.alerts.actions import triage
from console.alerts.actions.history import write
from console.alerts.models import Alert, AlertRetry
from console.alerts.rules.states import Change, Event, Status
from console.infra.actor import SYSTEM, Actor
from console.infra.db import db
from console.infra.events import RetryAnswer, RetryRequested, retry_requested


def retry(alert: Alert, *, dry_run: bool, by: Actor, at: datetime) -> RetryAnswer:
    """Ask whoever runs the jobs to run those that failed for good again; a dry run only counts them."""
    request = RetryRequested(alert_id=alert.id, source=alert.source, by=by, dry_run=dry_run)
    answers = retry_requested.announce(request)
    answer = RetryAnswer(sum(a.jobs for a in answers), tuple(r for a in answers for r in a.refused))
    if not dry_run and answer.jobs:
        alert.updated_at = at
        told = "1 job runs again" if answer.jobs == 1 else f"{answer.jobs:,} jobs run again"
        write(alert, Change(Event.RETRIED, None, None, told), by=by, at=at)
    return answer


def await_retries(alert_id: int, job_ids: Iterable[str], *, at: datetime) -> None:
    """Remember which jobs an alert waits for. For the rooms that run them, before they do."""
    rows = [{"alert_id": alert_id, "job_id": job_id, "requested_at": at} for job_id in sorted(set(job_ids))]
    if rows:
        statement = insert(AlertRetry).values(rows)
        again = {"requested_at": statement.excluded.requested_at, "succeeded_at": None}
        db.session.execute(statement.on_conflict_do_update(index_elements=["alert_id", "job_id"], set_=again))


def give_up_retries(alert_id: int, job_ids: Iterable[str]) -> None:
    """These jobs could not be run again after all: the alert waits for them no longer."""
    ids = sorted(set(job_ids))
    if ids:
        waits = AlertRetry.alert_id == alert_id, AlertRetry.job_id.in_(ids), AlertRetry.succeeded_at.is_(None)
        db.session.execute(delete(AlertRetry).where(*waits))


def resolve_by_retry(job_id: str, *, at: datetime) -> list[int]:
    """A retried job has succeeded: alerts for which it was the last one resolve themselves; returns their ids."""
    waiting = select(AlertRetry.alert_id).where(AlertRetry.job_id == job_id, AlertRetry.succeeded_at.is_(None))
    resolved = []
    for alert_id in sorted(db.session.scalars(waiting)):
        # Locked first: of two jobs that end together, the second sees that the first has.
        alert = queries.get_for_change(alert_id)
        mine = update(AlertRetry).where(AlertRetry.alert_id == alert_id, AlertRetry.job_id == job_id)
        db.session.execute(mine.values(succeeded_at=at))
        if not _waits(alert) and alert.status is not Status.RESOLVED:
            triage.resolve(alert, by=SYSTEM, at=at, why="every retried job succeeded")
            resolved.append(alert_id)
    db.session.flush()
    return resolved


def _waits(alert: Alert) -> bool:
    of_alert = AlertRetry.alert_id == alert.id
    left = select(AlertRetry.job_id).where(of_alert, AlertRetry.succeeded_at.is_(None)).limit(1)
    if db.session.scalar(left) is not None:
        return True
    # A failure since the retry was asked for, of whatever job, is news that no retry has answered.
    asked = db.session.scalar(select(func.min(AlertRetry.requested_at)).where(of_alert))
    return asked is not None and queries.failed_since(alert, asked)
