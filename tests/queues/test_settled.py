"""Our jobs and their alerts: failures are told, a retry runs them, success resolves."""

import uuid

from flask import Flask
from sqlalchemy import select, update

from console.alerts import actions as alerts
from console.alerts.models import Alert, AlertHistory, Occurrence
from console.infra import clock, jobs
from console.infra.events import RetryAnswer
from console.infra.jobs import Job, JobContext, JobState, leases, run
from console.infra.transaction import unit
from console.queues.jobs import practice_failure
from tests.queues.conftest import OLU


@jobs.job(name="tests.flaky", max_attempts=2, backoff=60)
def flaky(context: JobContext) -> None:
    raise TimeoutError(f"attempt {context.attempt} of order 7")


def ask(function: object = practice_failure) -> uuid.UUID:
    with unit():
        return jobs.request(function, by=OLU).id  # type: ignore[arg-type]


def retry(*, dry_run: bool) -> RetryAnswer:
    with unit() as session:
        alert = session.scalars(select(Alert)).one()
        return alerts.retry(alert, dry_run=dry_run, by=OLU, at=clock.now())


def status() -> str:
    with unit() as session:
        return session.scalars(select(Alert)).one().status.word


def test_a_failure_is_an_occurrence_of_the_console(committed: Flask) -> None:
    job_id = ask()
    run.perform(job_id, worker="w1")
    with unit() as session:
        told = session.scalars(select(Occurrence)).one()
        assert (told.service, told.source, told.task) == ("console", "rq", "console.queues.jobs.practice_failure")
        assert (told.job_id, told.event_id, told.will_retry) == (str(job_id), f"{job_id}:1", False)
        assert "InvoiceTotalMismatch" in (told.exception_type or "")
        assert "infra/jobs/run.py" not in (told.traceback or "")


def test_each_attempt_is_told_and_only_the_last_is_final(committed: Flask) -> None:
    job_id = ask(flaky)
    for _ in range(2):
        with unit() as session:
            session.execute(update(Job).values(run_at=leases.NOW))
        run.perform(job_id, worker="w1")
    with unit() as session:
        told = session.execute(select(Occurrence.will_retry, Occurrence.retries).order_by(Occurrence.id)).all()
        assert [tuple(row) for row in told] == [(True, 0), (False, 1)]
        assert session.scalars(select(Alert)).one().count == 2


def test_a_retry_runs_the_job_and_its_success_resolves_the_alert(committed: Flask) -> None:
    job_id = ask()
    run.perform(job_id, worker="w1")
    assert retry(dry_run=True).jobs == 1
    assert status() == "open"
    assert retry(dry_run=False).jobs == 1
    again = retry(dry_run=False)
    assert (again.jobs, again.refused) == (0, ((str(job_id), "it has not run yet"),))
    run.perform(job_id, worker="w2")
    assert status() == "resolved"
    with unit() as session:
        assert session.get_one(Job, job_id).result == {"invoice": "2026-1184", "total_cents": 8890}
        events = list(session.scalars(select(AlertHistory.event).order_by(AlertHistory.id)))
    assert events == ["opened", "retried", "resolved"]


def test_the_alert_waits_for_every_retried_job(committed: Flask) -> None:
    both = [ask(), ask()]
    for job_id in both:
        run.perform(job_id, worker="w1")
    assert retry(dry_run=False).jobs == 2
    run.perform(both[0], worker="w1")
    assert status() == "open"
    run.perform(both[1], worker="w1")
    assert status() == "resolved"


def test_a_retry_that_fails_again_leaves_the_alert_open(committed: Flask) -> None:
    job_id = ask(flaky)
    with unit() as session:
        session.execute(update(Job).values(attempts_allowed=1))
    run.perform(job_id, worker="w1")
    retry(dry_run=False)
    run.perform(job_id, worker="w1")
    assert status() == "open"
    with unit() as session:
        assert session.get_one(Job, job_id).state is JobState.REQUESTED
