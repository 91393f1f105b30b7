"""Bells in Redis, and the sweeper that puts right what went wrong with them."""

import uuid
from datetime import datetime, timedelta
from typing import cast

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import ColumnElement, select, update

from console.infra import jobs, outbox
from console.infra.actor import SYSTEM
from console.infra.jobs import Job, JobAttempt, JobState, leases
from console.infra.jobs.timing import Timing
from console.infra.outbox import Outbox
from console.infra.queue import Doorbell, Sweeper, make_worker
from console.infra.queue.sweeper import MEMORY
from console.infra.transaction import unit
from console.queues.jobs import practice_failure

QUEUE = "rq:queue:console-default"


@pytest.fixture
def sweeper(committed: Flask, redis_conn: Redis) -> Sweeper:
    redis_conn.set(MEMORY, "1")
    return Sweeper(redis_conn, Timing(lease=30))


@pytest.fixture
def doorbell(redis_conn: Redis) -> Doorbell:
    return Doorbell(redis_conn)


def ask() -> uuid.UUID:
    with unit():
        return jobs.request(practice_failure, by=SYSTEM).id


def ring(doorbell: Doorbell) -> int:
    with unit() as session:
        return outbox.ring_due(session, doorbell.ring)


def standing(redis_conn: Redis) -> list[str]:
    return [item.decode() for item in redis_conn.lrange(QUEUE, 0, -1)]  # type: ignore[union-attr]


def change(job_id: uuid.UUID, **values: object) -> None:
    with unit() as session:
        session.execute(update(Job).where(Job.id == job_id).values(**values))


def bells() -> list[uuid.UUID]:
    with unit() as session:
        return list(session.scalars(select(Outbox.job_id)))


def set_due(at: ColumnElement[datetime]) -> None:
    with unit() as session:
        session.execute(update(Outbox).values(due_at=at))


def age(job_id: uuid.UUID, seconds: float) -> None:
    change(job_id, run_at=leases.NOW - timedelta(seconds=seconds))


def test_it_rings_once_however_often_it_is_asked(committed: Flask, doorbell: Doorbell, redis_conn: Redis) -> None:
    job_id = ask()
    ring(doorbell)
    with unit() as session:
        outbox.put(session, [job_id])
    ring(doorbell)
    assert (standing(redis_conn), bells()) == ([str(job_id)], [])


def test_a_burst_is_rung_together_and_each_row_once(committed: Flask, doorbell: Doorbell, redis_conn: Redis) -> None:
    asked = [ask() for _ in range(5)]
    with unit() as session:
        outbox.put(session, asked[:2])
    # The commands that Redis has heard, pipelines by their parts.
    before = calls(redis_conn)
    ring(doorbell)
    after = calls(redis_conn)
    assert sorted(standing(redis_conn)) == sorted(map(str, asked))
    assert after["exists"] - before.get("exists", 0) == 5
    assert after["exec"] - before.get("exec", 0) == 1
    assert bells() == []


def calls(redis_conn: Redis) -> dict[str, int]:
    told = redis_conn.info("commandstats")
    return {name.removeprefix("cmdstat_"): found["calls"] for name, found in told.items()}  # type: ignore[union-attr]


def test_it_waits_for_rq_to_close_its_books_and_then_rings_anew(
    committed: Flask, doorbell: Doorbell, redis_conn: Redis
) -> None:
    job_id = ask()
    ring(doorbell)
    redis_conn.delete(QUEUE)
    with unit() as session:
        outbox.put(session, [job_id])
    ring(doorbell)
    assert (standing(redis_conn), bells()) == ([], [job_id])
    set_due(leases.NOW + timedelta(hours=1))
    other = ask()
    ring(doorbell)
    assert (standing(redis_conn), bells()) == ([str(other)], [job_id])
    set_due(leases.NOW)
    ring(doorbell)
    assert (standing(redis_conn), bells()) == ([str(other), str(job_id)], [])


def test_it_settles_a_job_whose_worker_fell_silent(sweeper: Sweeper) -> None:
    lost, alive = ask(), ask()
    for job_id, ends in ((lost, -1), (alive, 30)):
        change(job_id, state=JobState.RUNNING, attempt=1, worker="w1", lease_until=leases.NOW + timedelta(seconds=ends))
    assert sweeper.settle_expired() == 1
    with unit() as session:
        assert session.get_one(Job, lost).state is JobState.FAILED
        assert session.get_one(Job, alive).state is JobState.RUNNING
        attempt = session.scalars(select(JobAttempt)).one()
        assert (attempt.job_id, attempt.outcome, attempt.worker) == (lost, "lost", "w1")
    assert sweeper.settle_expired() == 0


def test_it_calls_a_lost_job_stopped_when_somebody_had_asked_for_it(sweeper: Sweeper) -> None:
    job_id = ask()
    change(job_id, state=JobState.RUNNING, attempt=1, lease_until=leases.NOW, cancel_requested_at=leases.NOW)
    sweeper.settle_expired()
    with unit() as session:
        assert session.get_one(Job, job_id).state is JobState.CANCELLED


def test_it_rings_a_missed_bell_and_leaves_a_standing_one(
    sweeper: Sweeper, doorbell: Doorbell, redis_conn: Redis
) -> None:
    waiting, missed, fresh = ask(), ask(), ask()
    ring(doorbell)
    for job_id in (missed, fresh):
        redis_conn.lrem(QUEUE, 0, str(job_id))
    age(waiting, 60)
    age(missed, 60)
    assert sweeper.ring_missed() == 1
    assert bells() == [missed]
    assert sweeper.ring_missed() == 0


def test_it_rings_everything_when_redis_has_forgotten(sweeper: Sweeper, doorbell: Doorbell, redis_conn: Redis) -> None:
    known = [ask(), ask()]
    ring(doorbell)
    assert sweeper.ring_all_after_loss() == 0
    redis_conn.flushdb()
    assert sweeper.ring_all_after_loss() == 2
    assert sweeper.ring_all_after_loss() == 0
    ring(doorbell)
    assert sorted(standing(redis_conn)) == sorted(map(str, known))


def test_it_asks_rq_to_end_a_job_that_does_not_stop(sweeper: Sweeper) -> None:
    deaf, patient = ask(), ask()
    for job_id, ago in ((deaf, 60), (patient, 1)):
        asked = leases.NOW - timedelta(seconds=ago)
        change(job_id, state=JobState.RUNNING, attempt=1, lease_until=leases.NOW, cancel_requested_at=asked)
    assert sweeper.end_stubborn() == 1


@pytest.mark.parametrize("simple", [True, False])
def test_a_worker_runs_the_row_and_leaves_nothing_in_redis(
    committed: Flask, doorbell: Doorbell, redis_conn: Redis, redis_db: str, *, simple: bool
) -> None:
    job_id = ask()
    ring(doorbell)
    worker = make_worker(Redis.from_url(redis_db), ["default"], simple=simple)
    assert worker.work(burst=True)
    with unit() as session:
        job = session.get_one(Job, job_id)
        assert (job.state, job.attempt, job.worker) == (JobState.FAILED, 1, worker.name)
    assert not redis_conn.exists(
        f"rq:job:{job_id}", "rq:failed:console-default", "rq:queue:console-default:intermediate"
    )


def test_a_worker_is_remembered_for_as_long_as_its_job_may_take_and_beats_once_a_second(
    committed: Flask, redis_conn: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.infra.queue.workers.monotonic", lambda: 1_000.0)
    worker = make_worker(redis_conn, ["fast"], simple=True)
    worker.heartbeat()
    redis_conn.hdel(worker.key, "last_heartbeat")
    worker.heartbeat()
    assert not redis_conn.hexists(worker.key, "last_heartbeat")
    with redis_conn.pipeline() as pipe:
        worker.heartbeat(900, pipeline=pipe)
        pipe.execute()
    assert redis_conn.hexists(worker.key, "last_heartbeat")
    # Longer than the 105 seconds of an idle one, however slow this machine is.
    assert cast("int", redis_conn.ttl(worker.key)) > 600
