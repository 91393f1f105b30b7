"""What this room does with the news of its jobs: failures become alerts, retried alerts resolve, alerts are retried.

`app.py` connects `hear_settled` and `answer_retry` to their hooks; both run in the caller's transaction.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.alerts import actions as alerts
from console.alerts import queries as alert_queries
from console.alerts.rules.failure import Failure
from console.infra import clock, jobs
from console.infra.db import db
from console.infra.events import JobSettled, RetryAnswer, RetryRequested
from console.infra.queue import host_of
from console.queues import queries
from console.queues.jobs.orders import Survey, place, survey
from console.queues.rules.brokers import Kind
from console.queues.rules.orders import Action

SERVICE: Final = "console"
# Reasons told one by one; beyond it would be no answer to read.
REFUSALS: Final = 100
UNKNOWN: Final = "no watched broker of this service holds it among its failed jobs"


def hear_settled(event: JobSettled) -> None:
    """One of our jobs ended an attempt: a failure is an occurrence, a success may be what an alert waits for."""
    if not event.succeeded:
        alerts.ingest([_failure(event)], at=clock.now())
        if not event.will_retry and event.attempt > 1:
            alerts.fail_by_retry(str(event.job_id), at=clock.now())
    elif event.attempt > 1:
        alerts.resolve_by_retry(str(event.job_id), at=clock.now())


def answer_retry(asked: RetryRequested) -> RetryAnswer:
    """Run the failed jobs of an alert again, or only count them: our rows here, others' RQ jobs on their brokers."""
    if asked.source == "celery":
        return RetryAnswer(0)
    found = jobs_of(asked.alert_id)
    rows = jobs.retryable(found.rows)
    looked = survey(found.placed)
    ours = [row for row, obstacle in rows.items() if obstacle is None]
    refused = [(str(row), obstacle) for row, obstacle in rows.items() if obstacle]
    refused += [(job_id, why) for _, job_id, why in looked.refused] + [(job_id, UNKNOWN) for job_id in found.unknown]
    count = len(ours) + looked.count
    if not asked.dry_run and count:
        count = _run_again(asked, ours, looked)
    return RetryAnswer(count, tuple(refused[:REFUSALS]), looked.forbidden if not ours else None)


@dataclass(frozen=True, slots=True)
class JobsOf:
    """The failed jobs of an alert: rows of ours, others by the broker they were last seen failed on, and the rest."""

    rows: Sequence[uuid.UUID]
    placed: Mapping[str, Sequence[str]]
    unknown: Sequence[str]


def jobs_of(alert_id: int) -> JobsOf:
    """Where the jobs that an alert's failures name are. Only brokers of the alert's own service are looked at."""
    alert = alert_queries.get(alert_id)
    ids = alert_queries.failed_jobs(alert)
    rows = queries.rows_among(db.session(), [row for row in map(as_row, ids) if row is not None])
    foreign = [job_id for job_id in ids if as_row(job_id) not in rows]
    # What a service reports itself may lie on our Redis under any name, as it always could.
    brokers = [
        one.name
        for one in queries.watched(Kind.RQ)
        if one.builtin or (one.service, one.environment) == (alert.service, alert.environment)
    ]
    placed = queries.brokers_of_jobs(foreign, brokers) if foreign else {}
    known = {job_id for ids in placed.values() for job_id in ids}
    return JobsOf(sorted(rows), placed, [job_id for job_id in foreign if job_id not in known])


def as_row(job_id: str) -> uuid.UUID | None:
    """The id as one of our rows may have it; RQ's own ids look the same."""
    try:
        return uuid.UUID(job_id)
    except ValueError:
        return None


def _run_again(asked: RetryRequested, ours: Sequence[uuid.UUID], looked: Survey) -> int:
    taken: list[str] = []
    if looked.count:
        _, taken = place(Action.REQUEUE, looked.ready, by=asked.by, alert_id=asked.alert_id)
    alerts.await_retries(asked.alert_id, [*map(str, ours), *taken], at=clock.now())
    if ours:
        jobs.retry_many(ours, by=asked.by)
    return len(ours) + len(taken)


def _failure(event: JobSettled) -> Failure:
    return Failure(
        service=SERVICE,
        task=event.name,
        occurred_at=event.at,
        exception_type=event.exception_type,
        message=event.message,
        traceback=event.traceback,
        event_id=f"{event.job_id}:{event.attempt}",
        job_id=str(event.job_id),
        queue=event.queue,
        worker=event.worker,
        host=host_of(event.worker) if event.worker else None,
        retries=event.attempt - 1,
        max_retries=event.max_attempts - 1,
        will_retry=event.will_retry,
        args=list(event.args),
        source="rq",
    )
