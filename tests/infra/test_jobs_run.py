"""One attempt of a job, run in this process against the real database."""

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from console.infra import jobs, outbox
from console.infra.actor import Actor, Role
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.infra.events import JobSettled, job_settled
from console.infra.jobs import Job, JobAttempt, JobContext, JobLog, JobState, leases, run
from console.infra.transaction import unit
from console.queues.models import Schedule

OLU = Actor(kind="user", id=2, label="olu@example.org", role=Role.RESPONDER, request_id="req-17")


@jobs.job(name="tests.add")
def add(context: JobContext, left: int, right: int) -> dict[str, int]:
    context.log(f"adding {left} and {right}")
    return {"sum": left + right}


@jobs.job(name="tests.write", max_attempts=2, backoff=60)
def write(context: JobContext, name: str, fail: bool) -> None:  # noqa: FBT001
    """Writes into some table of ours, to see what is kept."""
    row = Schedule(name=name, rhythm="never", job="tests", first_seen_at=context_time())
    db.session.add(row)
    db.session.flush()
    if fail:
        raise RuntimeError(f"broken after writing {name}")


@jobs.job(name="tests.big")
def big(context: JobContext) -> dict[str, str]:
    return {"text": "x" * 100_000_000}


@jobs.job(name="tests.steps", max_attempts=1)
def steps(context: JobContext) -> None:
    context.progress(0.5, "half-way")
    context.ask_to_stop()
    context.check()


@jobs.job(name="tests.exits", max_attempts=1)
def exits(context: JobContext) -> None:
    raise SystemExit(3)


def context_time() -> Any:
    return db.session.scalar(select(leases.NOW))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[JobSettled]:
    """What the hook announces, beside what the app connects."""
    told: list[JobSettled] = []
    monkeypatch.setattr(job_settled, "_listeners", [told.append])
    return told


def ask(function: Any, *args: Any, **options: Any) -> uuid.UUID:
    with unit():
        return jobs.request(function, *args, by=OLU, **options).id


def look(job_id: uuid.UUID) -> Job:
    db.session.expire_all()
    return db.session.get_one(Job, job_id)


def make_due(job_id: uuid.UUID) -> None:
    with unit() as session:
        session.execute(update(Job).where(Job.id == job_id).values(run_at=leases.NOW))


def test_it_settles_a_success_with_its_result_lines_and_asker(committed: Flask) -> None:
    job_id = ask(add, 2, 3)
    assert run.perform(job_id, worker="w1") is True
    job = look(job_id)
    assert (job.state, job.result, job.attempt, job.worker) == (JobState.SUCCEEDED, {"sum": 5}, 1, "w1")
    assert (job.actor.label, job.request_id, job.progress) == ("olu@example.org", "req-17", 1.0)
    assert db.session.scalars(select(JobLog.line)).all() == ["adding 2 and 3"]


def test_it_runs_once_however_often_the_bell_rings(committed: Flask) -> None:
    job_id = ask(add, 2, 3)
    assert [run.perform(job_id, worker=w) for w in ("w1", "w2", "w3")] == [True, False, False]
    assert look(job_id).attempt == 1


def test_it_undoes_what_a_failed_attempt_wrote_and_tries_again_later(committed: Flask, heard: list[JobSettled]) -> None:
    job_id = ask(write, "kept", True)
    run.perform(job_id, worker="w1")
    job = look(job_id)
    assert (job.state, job.error_type) == (JobState.REQUESTED, "RuntimeError")
    assert 30 <= (job.run_at - (job.started_at or job.run_at)).total_seconds() <= 91
    assert "broken after writing kept" in (job.error or "")
    assert db.session.scalars(select(Schedule)).all() == []
    assert [(e.succeeded, e.will_retry, e.attempt) for e in heard] == [(False, True, 1)]
    assert db.session.scalars(select(outbox.Outbox.due_at).order_by(outbox.Outbox.due_at)).all()[-1] == job.run_at


def test_it_does_not_start_the_next_attempt_before_its_time(committed: Flask) -> None:
    job_id = ask(write, "kept", True)
    run.perform(job_id, worker="w1")
    assert run.perform(job_id, worker="w1") is False
    assert look(job_id).attempt == 1


def test_it_fails_for_good_at_the_cap_and_keeps_each_attempt(committed: Flask, heard: list[JobSettled]) -> None:
    job_id = ask(write, "kept", True)
    for worker in ("w1", "w2"):
        make_due(job_id)
        run.perform(job_id, worker=worker)
    assert look(job_id).state is JobState.FAILED
    assert [(e.will_retry, e.attempt, e.exception_type) for e in heard] == [
        (True, 1, "RuntimeError"),
        (False, 2, "RuntimeError"),
    ]
    attempts = db.session.scalars(select(JobAttempt).order_by(JobAttempt.attempt)).all()
    assert [(a.attempt, a.worker, a.outcome) for a in attempts] == [(1, "w1", "failed"), (2, "w2", "failed")]


def test_it_refuses_a_result_that_no_page_could_show(committed: Flask) -> None:
    job_id = ask(big)
    run.perform(job_id, worker="w1")
    job = look(job_id)
    assert job.result is None
    assert (job.error_type or "").endswith("ResultTooLarge")


def test_it_settles_a_job_that_exits(committed: Flask) -> None:
    job_id = ask(exits)
    run.perform(job_id, worker="w1")
    assert (look(job_id).state, look(job_id).error_type) == (JobState.FAILED, "SystemExit")


def test_it_settles_a_name_that_this_version_does_not_know(committed: Flask) -> None:
    job_id = ask(add, 1, 1)
    with unit() as session:
        session.execute(update(Job).where(Job.id == job_id).values(name="gone.away"))
    run.perform(job_id, worker="w1")
    job = look(job_id)
    assert (job.state, job.attempt) == (JobState.FAILED, 1)
    assert "gone.away" in (job.error or "")


def test_it_says_so_when_nobody_requested_the_job(committed: Flask) -> None:
    with pytest.raises(run.NoSuchRow, match="only what was requested"):
        run.perform(uuid.uuid4(), worker="w1")


def test_it_stops_a_job_that_listens(committed: Flask, heard: list[JobSettled]) -> None:
    job_id = ask(steps)
    run.perform(job_id, worker="w1")
    job = look(job_id)
    assert (job.state, job.message) == (JobState.CANCELLED, "half-way")
    assert heard == []


def test_it_counts_for_nothing_what_a_run_without_lease_does(committed: Flask) -> None:
    @jobs.job(name="tests.overtaken")
    def overtaken(context: JobContext) -> None:
        db.session.add(Schedule(name="late", rhythm="never", job="tests", first_seen_at=context_time()))
        run.settle_lost(context.job_id, "the test took its lease away")

    job_id = ask(overtaken)
    run.perform(job_id, worker="w1")
    assert db.session.scalars(select(Schedule)).all() == []
    assert look(job_id).state is JobState.REQUESTED


def test_it_keeps_the_failure_when_a_listener_breaks(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_event: JobSettled) -> None:
        raise LookupError("listener")

    monkeypatch.setattr(job_settled, "_listeners", [broken])
    job_id = ask(exits)
    run.perform(job_id, worker="w1")
    assert look(job_id).state is JobState.FAILED


def test_it_gives_a_slot_to_the_first_who_asks(committed: Flask) -> None:
    assert ask(add, 1, 1, slot="nightly-1") == ask(add, 2, 2, slot="nightly-1")
    assert len(db.session.scalars(select(Job)).all()) == 1


def test_it_refuses_functions_that_are_no_jobs(app: Flask) -> None:
    with pytest.raises(jobs.UnknownJob):
        jobs.request(print, by=OLU)


def test_it_cancels_a_waiting_job_at_once(app: Flask) -> None:
    job = jobs.request(add, 1, 1, by=OLU)
    assert jobs.cancel(job.id, by=OLU).state is JobState.CANCELLED
    with pytest.raises(Conflict):
        jobs.cancel(job.id, by=OLU)
    with pytest.raises(NotFound):
        jobs.cancel(uuid.uuid4(), by=OLU)


def test_it_retries_a_finished_failure_once(app: Flask) -> None:
    job = jobs.request(add, 1, 1, by=OLU)
    jobs.cancel(job.id, by=OLU)
    again = jobs.retry(job.id, by=OLU)
    assert (again.state, again.attempts_allowed, again.cancel_requested_at) == (JobState.REQUESTED, 3, None)
    with pytest.raises(Conflict, match="not run yet"):
        jobs.retry(job.id, by=OLU)
