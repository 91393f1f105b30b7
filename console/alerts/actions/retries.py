"""Running an alert's failed jobs again, and its end when they have all succeeded."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, any_, delete, func, literal, select, text, update

from console.alerts import queries
from console.alerts.actions import triage
from console.alerts.actions.history import write
from console.alerts.models import Alert, AlertRetry
from console.alerts.rules.states import Change, Event, Status
from console.infra.actor import SYSTEM, Actor
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.infra.events import RetryAnswer, RetryRequested, retry_requested

# As an array: an alert may have ten thousand jobs.
_AWAIT: Final = text("""
    INSERT INTO alert_retries (alert_id, job_id, requested_at)
    SELECT :alert_id, job_id, :at FROM unnest(CAST(:ids AS text[])) AS job_id
    ON CONFLICT (alert_id, job_id) DO UPDATE
    SET requested_at = excluded.requested_at, succeeded_at = NULL, failed_at = NULL, lost_at = NULL
""")
# How it ended is not known yet.
_UNKNOWN: Final = (AlertRetry.succeeded_at.is_(None), AlertRetry.failed_at.is_(None), AlertRetry.lost_at.is_(None))


def retry(alert: Alert, *, dry_run: bool, by: Actor, at: datetime) -> RetryAnswer:
    """Ask whoever runs the jobs to run those that failed for good again; a dry run only counts them.

    Raises Conflict where nothing may be run again, with the reason.
    """
    request = RetryRequested(alert_id=alert.id, source=alert.source, by=by, dry_run=dry_run)
    answers = retry_requested.announce(request)
    answer = RetryAnswer(
        sum(a.jobs for a in answers),
        tuple(r for a in answers for r in a.refused),
        next((a.forbidden for a in answers if a.forbidden), None),
    )
    if not dry_run and not answer.jobs and answer.forbidden:
        raise Conflict(answer.forbidden)
    if not dry_run and answer.jobs:
        alert.updated_at = at
        told = "1 job runs again" if answer.jobs == 1 else f"{answer.jobs:,} jobs run again"
        write(alert, Change(Event.RETRIED, None, None, told), by=by, at=at)
    return answer


def await_retries(alert_id: int, job_ids: Iterable[str], *, at: datetime) -> None:
    """Remember which jobs an alert waits for. For the rooms that run them, before they do."""
    ids = sorted(set(job_ids))
    if ids:
        db.session.execute(_AWAIT, {"alert_id": alert_id, "ids": ids, "at": at})


def resolve_by_retry(job_id: str, *, at: datetime) -> list[int]:
    """A retried job has succeeded: alerts for which it was the last one resolve themselves; returns their ids."""
    waiting = _awaiting().where(AlertRetry.job_id == job_id)
    found = sorted(db.session.scalars(waiting.with_only_columns(AlertRetry.alert_id)))
    return [alert_id for alert_id in found if settle_retries(alert_id, succeeded=[job_id], at=at)]


def fail_by_retry(job_id: str, *, at: datetime) -> None:
    """A retried job has failed again for good; with the last one its alerts say how many have."""
    waiting = _awaiting().where(AlertRetry.job_id == job_id)
    for alert_id in sorted(db.session.scalars(waiting.with_only_columns(AlertRetry.alert_id))):
        settle_retries(alert_id, failed=[job_id], at=at)


def settle_retries(
    alert_id: int,
    *,
    succeeded: Sequence[str] = (),
    failed: Sequence[str] = (),
    lost: Sequence[str] = (),
    dropped: Sequence[str] = (),
    at: datetime,
) -> bool:
    """Some retried jobs of an alert have ended, or (`dropped`) do not run again after all; True when it resolves.

    `lost` ones were stopped, or nobody can say how they ended. With the last one the alert resolves itself if all have
    succeeded and nothing failed since, and otherwise says in its history how many failed again. An alert that has gone
    is no matter.
    """
    try:
        # Locked first: of two jobs that end together, the second sees that the first has.
        alert = queries.get_locked(alert_id)
    except NotFound:
        return False
    for ids, ended in ((succeeded, "succeeded_at"), (failed, "failed_at"), (lost, "lost_at")):
        if ids:
            db.session.execute(update(AlertRetry).where(_of(alert_id, ids)).values({ended: at}))
    if dropped:
        db.session.execute(delete(AlertRetry).where(_of(alert_id, dropped)))
    resolved = _conclude(alert, at) if _all_ended(alert_id) else False
    db.session.flush()
    return resolved


def _of(alert_id: int, job_ids: Sequence[str]) -> ColumnElement[bool]:
    """Of an alert's retries those of some jobs that have not ended yet."""
    mine = and_(AlertRetry.alert_id == alert_id, AlertRetry.job_id == any_(literal(list(job_ids), ARRAY(Text))))
    return and_(mine, *_UNKNOWN)


def _awaiting() -> Select[AlertRetry]:
    return select(AlertRetry).where(*_UNKNOWN)


def _all_ended(alert_id: int) -> bool:
    return db.session.scalar(_awaiting().where(AlertRetry.alert_id == alert_id).limit(1)) is None


def _conclude(alert: Alert, at: datetime) -> bool:
    since = and_(AlertRetry.alert_id == alert.id, AlertRetry.requested_at >= alert.opened_at)
    counted = select(
        func.count(),
        func.count(AlertRetry.failed_at),
        func.count(AlertRetry.lost_at),
        func.min(AlertRetry.requested_at),
    )
    jobs, again, lost, asked = db.session.execute(counted.where(since)).one()
    if not jobs or alert.status <= Status.RESOLVED:
        return False
    if again or lost:
        write(alert, Change(Event.RETRIED, None, None, _told(jobs, again, lost)), by=SYSTEM, at=at)
        return False
    # A failure since the retry was asked for, of whatever job, is news that no retry has answered.
    if queries.failed_since(alert, asked):
        return False
    words = {1: "the retried job", 2: "both retried jobs"}
    why = f"{words.get(jobs, f'all {jobs:,} retried jobs')} succeeded"
    triage.resolve(alert, by=SYSTEM, at=at, why=why)
    return True


def _told(jobs: int, again: int, lost: int) -> str:
    if jobs == 1:
        return f"the retried job {'failed again' if again else 'was stopped or ended unseen'}"
    ways = ((jobs - again - lost, "succeeded"), (again, "failed again"), (lost, "were stopped or ended unseen"))
    return f"of {jobs:,} retried jobs {', '.join(f'{number:,} {way}' for number, way in ways if number)}"
