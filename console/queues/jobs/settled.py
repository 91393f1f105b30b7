"""What this room does with the news of its jobs: failures become alerts, retried alerts resolve, alerts are retried.

`app.py` connects `hear_settled` and `answer_retry` to their hooks; both run in the caller's transaction.
"""

import uuid
from collections.abc import Sequence
from typing import Final

from console.alerts import actions as alerts
from console.alerts import queries as alert_queries
from console.alerts.rules.failure import Failure
from console.infra import clock, jobs
from console.infra.events import JobSettled, RetryAnswer, RetryRequested
from console.infra.jobs import JobContext, job
from console.infra.queue import host_of
from console.infra.redis import connection
from console.infra.transaction import unit
from console.queues import queries
from console.queues.client import Registries, RqRegistries

SERVICE: Final = "console"
# Reasons told one by one; beyond it would be no answer to read.
REFUSALS: Final = 100


def hear_settled(event: JobSettled) -> None:
    """One of our jobs ended an attempt: a failure is an occurrence, a success may be what an alert waits for."""
    if not event.succeeded:
        alerts.ingest([_failure(event)], at=clock.now())
    elif event.attempt > 1:
        alerts.resolve_by_retry(str(event.job_id), at=clock.now())


def answer_retry(asked: RetryRequested) -> RetryAnswer:
    """Run the failed jobs of an alert again, or only count them: our rows here, others' RQ jobs in their registry."""
    if asked.source == "celery":
        return RetryAnswer(0)
    ids = alert_queries.failed_jobs(alert_queries.get(asked.alert_id))
    rows = jobs.retryable([row for row in map(as_row, ids) if row is not None])
    foreign = [job_id for job_id in ids if as_row(job_id) not in rows]
    states = RqRegistries(connection()).states(foreign) if foreign else {}
    ours = [row for row, obstacle in rows.items() if obstacle is None]
    theirs = [job_id for job_id in foreign if states[job_id] == "failed"]
    refused = [(str(row), obstacle) for row, obstacle in rows.items() if obstacle]
    refused += [(job_id, _why(states[job_id])) for job_id in foreign if states[job_id] != "failed"]
    if not asked.dry_run:
        _run_again(asked, ours, theirs)
    return RetryAnswer(len(ours) + len(theirs), tuple(refused[:REFUSALS]))


@job(name="console.queues.jobs.requeue_failed", queue="default", timeout=600, max_attempts=3)
def requeue_failed(context: JobContext, job_ids: list[str]) -> dict[str, int]:
    """Put failed RQ jobs of other services back into their queues, once each, and say which could not be."""
    registries = RqRegistries(connection())
    done = 0
    for number, job_id in enumerate(job_ids, 1):
        context.check()
        obstacle = registries.requeue(job_id)
        done += obstacle is None
        if obstacle:
            context.log(f"{job_id}: {obstacle}")
        context.progress(number / len(job_ids), f"{done:,} of {len(job_ids):,} requeued")
    return {"requeued": done, "refused": len(job_ids) - done}


def settle_retries(registries: Registries) -> None:
    """A duty of the scheduler: resolve alerts whose retried RQ jobs, which tell us nothing, have finished."""
    with unit() as session:
        awaited = queries.awaited_jobs()
        ours = queries.rows_among(session, [row for row in map(as_row, awaited) if row is not None])
    foreign = [job_id for job_id in awaited if as_row(job_id) not in ours]
    states = registries.states(foreign) if foreign else {}
    for job_id in (job_id for job_id, state in states.items() if state == "finished"):
        with unit():
            alerts.resolve_by_retry(job_id, at=clock.now())


def as_row(job_id: str) -> uuid.UUID | None:
    """The id as one of our rows may have it; RQ's own ids look the same."""
    try:
        return uuid.UUID(job_id)
    except ValueError:
        return None


def _run_again(asked: RetryRequested, ours: Sequence[uuid.UUID], theirs: Sequence[str]) -> None:
    alerts.await_retries(asked.alert_id, [*map(str, ours), *theirs], at=clock.now())
    if ours:
        jobs.retry_many(ours, by=asked.by)
    if theirs:
        # Redis knows no transaction of ours: they are requeued once this one has committed.
        jobs.request(requeue_failed, list(theirs), by=asked.by)


def _why(state: str | None) -> str:
    if state is None:
        return "the console's Redis holds no such job"
    return f"it is {state} now, not failed"


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
