"""RQ as a source: each final failure in a failed registry is told once, whatever kind it is."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from redis import Redis
from rq import Queue, Retry
from rq.job import Job as RqJob
from sqlalchemy import select

from console.alerts import actions as alerts
from console.alerts.models import Alert, Occurrence
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.jobs import Job, JobState, run
from console.infra.transaction import unit
from console.queues.client import RqRegistries
from console.queues.jobs import Ends, Follower
from tests.faults import foreign
from tests.faults.processes import ROOT, eventually, kill_tree

pytestmark = pytest.mark.faults


@pytest.fixture
def theirs(committed: Flask, redis_conn: Redis) -> Queue:
    return Queue("billing", connection=redis_conn)


@pytest.fixture
def follow(redis_conn: Redis) -> Callable[[], int]:
    follower = Follower(RqRegistries(redis_conn))
    return follower.follow


def work(url: str, *, burst: bool = True) -> subprocess.Popen[bytes]:
    code = f"from tests.faults.foreign import work; work({url!r}, 'billing', burst={burst})"
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, start_new_session=True)


def finish(url: str) -> None:
    assert work(url).wait(60) == 0


def told() -> list[Occurrence]:
    with unit() as session:
        found = list(session.scalars(select(Occurrence).order_by(Occurrence.id)))
        session.expunge_all()
    return found


def test_it_tells_each_kind_of_final_failure_once(
    theirs: Queue, redis_db: str, follow: Callable[[], int], redis_conn: Redis
) -> None:
    theirs.enqueue(foreign.explode, 7)
    theirs.enqueue(foreign.explode, 8, retry=Retry(max=1))
    theirs.enqueue(foreign.sleep, 30, job_timeout=1)
    theirs.enqueue(foreign.die)
    finish(redis_db)
    lost = theirs.enqueue(foreign.sleep, 60)
    worker = work(redis_db, burst=False)
    eventually(lambda: lost.get_status() == "started" and lost.get_executions(), within=60)
    kill_tree(worker)
    # RQ waits for its heartbeat to run out; the test does not.
    (entry,) = cast("list[bytes]", redis_conn.zrange("rq:wip:billing", 0, -1))
    redis_conn.zadd("rq:wip:billing", {entry: time.time() - 1})

    follow()
    assert follow() == 0
    assert Follower(RqRegistries(redis_conn)).follow() == 0
    seen = {(o.task.rpartition(".")[2], o.exception_type, o.message) for o in told()}
    assert seen == {
        ("explode", "ValueError", "cannot bill order 7"),
        ("explode", "ValueError", "cannot bill order 8"),
        ("sleep", "rq.timeouts.JobTimeoutException", "Task exceeded maximum timeout value (1 seconds)"),
        ("die", "WorkHorseTerminated", "The work-horse was killed by signal 9"),
        ("sleep", "AbandonedJobError", "The worker vanished while it ran this job"),
    }
    assert len(told()) == 5
    assert {(o.source, o.queue, o.will_retry) for o in told()} == {("rq", "billing", False)}


def test_it_finds_failures_kept_for_a_shorter_or_for_no_time(
    theirs: Queue, redis_db: str, follow: Callable[[], int]
) -> None:
    theirs.enqueue(foreign.explode, 1)
    finish(redis_db)
    assert follow() == 1
    theirs.enqueue(foreign.explode, 2, failure_ttl=500)
    theirs.enqueue(foreign.explode, 3, failure_ttl=-1)
    finish(redis_db)
    assert eventually(lambda: follow() or len(told()) == 3, within=30)
    assert {o.args for o in told()} == {"1", "2", "3"}


def test_it_tells_a_second_failure_of_the_same_job(theirs: Queue, redis_db: str, follow: Callable[[], int]) -> None:
    job = theirs.enqueue(foreign.explode, 1)
    finish(redis_db)
    follow()
    time.sleep(1.1)
    job.requeue()
    finish(redis_db)
    follow()
    assert [o.job_id for o in told()] == [job.id, job.id]


def test_it_leaves_our_own_jobs_to_their_rows(committed: Flask, redis_conn: Redis, follow: Callable[[], int]) -> None:
    from tests.infra.test_jobs_run import ask, exits

    job_id = ask(exits)
    queue = Queue("console-default", connection=redis_conn)
    job = RqJob.create("x.y", id=str(job_id), connection=redis_conn, origin=queue.name)
    job.save()
    redis_conn.sadd("rq:queues", queue.key)
    queue.failed_job_registry.add(job, ttl=100, exc_string="told by its row")
    assert follow() == 0
    assert told() == []


def test_it_never_loads_a_payload(theirs: Queue, follow: Callable[[], int], redis_conn: Redis, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return (foreign.touch, (str(tmp_path / "sprung"),))

    job = theirs.enqueue(foreign.explode, Trap(), description="harmless(1)", meta={"trap": Trap()})
    theirs.remove(job)
    theirs.failed_job_registry.add(job, ttl=100, exc_string="ValueError")
    redis_conn.zadd("rq:wip:billing", {f"{job.id}:execution": 1})
    assert follow() == 1
    assert RqRegistries(redis_conn).requeue(job.id).done == "requeued"
    assert not (tmp_path / "sprung").exists()
    assert told()[0].task == "harmless"


def test_it_requeues_an_alerts_jobs_once_and_resolves_it_when_they_succeed(
    theirs: Queue, redis_db: str, follow: Callable[[], int], redis_conn: Redis, tmp_path: Path
) -> None:
    remedy = tmp_path / "remedy"
    job = theirs.enqueue(foreign.explode_unless, str(remedy))
    finish(redis_db)
    follow()
    with unit() as session:
        alert = session.scalars(select(Alert)).one()
        assert alerts.retry(alert, dry_run=True, by=SYSTEM, at=clock.now()).jobs == 1
        assert alerts.retry(alert, dry_run=False, by=SYSTEM, at=clock.now()).jobs == 1
    with unit() as session:
        row_id = session.scalars(select(Job.id)).one()
    remedy.touch()
    run.perform(row_id, worker="w1")
    with unit() as session:
        assert session.get_one(Job, row_id).result == {"requeued": 1}
        again = alerts.retry(session.scalars(select(Alert)).one(), dry_run=True, by=SYSTEM, at=clock.now())
        assert (again.jobs, again.refused) == (0, ((job.id, "it is queued now, not failed"),))
    finish(redis_db)
    Ends(RqRegistries(redis_conn), "console").look()
    with unit() as session:
        assert session.scalars(select(Alert)).one().status.word == "resolved"
        assert session.get_one(Job, row_id).state is JobState.SUCCEEDED
