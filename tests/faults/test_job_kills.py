"""Workers, schedulers and Redis killed at random points: each job has its effect once, and none is lost."""

import os
import random
import shutil
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from console.config import Settings
from console.infra import jobs
from console.infra.actor import SYSTEM
from console.infra.embedded import ensure_redis, stop_redis
from console.infra.jobs import Job, JobState, run
from console.infra.queue import PREFIX
from console.infra.transaction import unit
from console.worker.schedules import Schedule, Timetable
from tests.conftest import Clock, Database
from tests.faults import foreign, processes
from tests.faults.processes import Processes, eventually, kill_tree

pytestmark = pytest.mark.faults


@pytest.fixture
def ledger(committed: Flask, database: Database) -> Iterator[None]:
    """A table without any constraint: a second effect of a job would show."""
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE ledger (entry integer NOT NULL)"))
        connection.execute(text("GRANT INSERT, SELECT ON ledger TO PUBLIC"))
    yield
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE ledger"))
    engine.dispose()


@pytest.fixture
def running(committed: Flask, settings: Settings) -> Iterator[Processes]:
    with Processes(settings) as started:
        yield started


def ask_all(count: int) -> None:
    for entry in range(count):
        with unit():
            jobs.request(processes.ledger, entry, by=SYSTEM)


def unsettled(session: Session) -> int:
    return session.scalar(select(func.count()).where(Job.state.in_([JobState.REQUESTED, JobState.RUNNING]))) or 0


def left() -> int:
    with unit() as session:
        return unsettled(session)


def assert_each_once(count: int) -> None:
    with unit() as session:
        entries = sorted(session.scalars(text("SELECT entry FROM ledger")))
        states = set(session.scalars(select(Job.state)))
    assert entries == list(range(count))
    assert states == {JobState.SUCCEEDED}


@pytest.mark.parametrize(("count", "kills"), [(60, 4), pytest.param(1_000, 20, marks=pytest.mark.heavy)])
def test_workers_killed_at_random_lose_and_double_nothing(
    ledger: None, running: Processes, count: int, kills: int
) -> None:
    dice = random.Random(count)  # noqa: S311 - kills, not secrets
    running.start("scheduler")
    workers = [running.start("worker") for _ in range(2)]
    ask_all(count)
    for _ in range(kills):
        time.sleep(dice.uniform(0.6, 1.6))
        kill_tree(workers.pop(0))
        workers.append(running.start("worker"))
    eventually(lambda: left() == 0, within=120, every=0.5)
    assert_each_once(count)


def test_two_schedulers_of_which_one_dies_ring_each_bell(ledger: None, running: Processes) -> None:
    first = running.start("scheduler")
    running.start("scheduler")
    running.start("worker")
    ask_all(20)
    kill_tree(first)
    ask_all_from(20, 40)
    eventually(lambda: left() == 0, within=60, every=0.3)
    assert_each_once(40)


def ask_all_from(start: int, end: int) -> None:
    for entry in range(start, end):
        with unit():
            jobs.request(processes.ledger, entry, by=SYSTEM)


def test_redis_killed_and_back_empty_loses_nothing(
    ledger: None, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("redis")
    own = settings.model_copy(update={"redis_url": ensure_redis(folder)})
    try:
        with Processes(own) as running:
            running.start("scheduler")
            running.start("worker")
            ask_all(10)
            eventually(lambda: left() <= 5, within=60)
            kill_and_empty(own.redis_url, folder)
            ask_all_from(10, 30)
            time.sleep(1)
            assert ensure_redis(folder) == own.redis_url
            eventually(lambda: left() == 0, within=90, every=0.3)
        assert_each_once(30)
    finally:
        stop_redis(folder)


def kill_and_empty(url: str, folder: Path) -> None:
    connection = Redis.from_url(url)
    info = cast("dict[str, Any]", connection.info("server"))
    connection.close()
    os.kill(info["process_id"], signal.SIGKILL)
    for left_over in folder.rglob("*"):
        if left_over.is_dir() and "append" in left_over.name:
            shutil.rmtree(left_over)
        elif left_over.suffix in {".aof", ".rdb"}:
            left_over.unlink()


def test_a_database_that_drops_every_connection_loses_nothing(
    ledger: None, running: Processes, database: Database
) -> None:
    running.start("scheduler")
    running.start("worker")
    ask_all(40)
    engine = create_engine(database.owner_url)
    drop = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename <> current_user"
    )
    eventually(lambda: left() < 40, within=60)
    dropped = 0
    for _ in range(4):
        with engine.begin() as connection:
            dropped += connection.scalar(drop) or 0
        time.sleep(0.5)
    engine.dispose()
    assert dropped
    eventually(lambda: left() == 0, within=90, every=0.3)
    assert_each_once(40)


def test_two_timetables_take_a_slot_once(committed: Flask, clock: Clock) -> None:
    schedules = (Schedule("often", processes.noop, every=60), Schedule("nightly", processes.noop, cron="30 3 * * *"))
    tables = [Timetable(schedules) for _ in range(2)]
    for table in tables:
        table.tick()
    clock.advance(seconds=61)
    for table in [*tables, Timetable(schedules)]:
        table.tick()
    clock.advance(hours=30)
    for table in tables:
        table.tick()
    with unit() as session:
        slots = list(session.scalars(select(Job.slot).order_by(Job.slot)))
    assert slots == ["nightly-20261122T0330", "often-20261121T1201", "often-20261122T1801"]


def test_a_job_delivered_to_two_workers_at_once_has_one_effect(ledger: None, running: Processes) -> None:
    with unit():
        job_id = jobs.request(processes.ledger, 0, by=SYSTEM).id
    assert sorted([run.perform(job_id, worker="a"), run.perform(job_id, worker="b")]) == [False, True]
    assert_each_once(1)


def test_what_others_push_into_our_queue_is_refused(
    running: Processes, redis_conn: Redis, tmp_path: Path, settings: Settings
) -> None:
    from rq import Callback, Queue

    trap = str(tmp_path / "sprung")
    pickled = Queue(f"{PREFIX}default", connection=redis_conn)
    by_json = Queue(f"{PREFIX}long", connection=redis_conn, serializer="json")
    call = Callback("tests.faults.foreign.touch")
    pushed = [
        pickled.enqueue(foreign.touch, trap, on_failure=call, on_success=call),
        by_json.enqueue("os.system", f"touch {trap}"),
        by_json.enqueue("os.system", f"touch {trap}", job_id=str(uuid.uuid4())),
    ]
    running.start("worker")
    eventually(lambda: all(job.get_status() == "failed" for job in pushed), within=60)
    assert not Path(trap).exists()
    result = by_json.fetch_job(pushed[1].id)
    assert result is not None
    latest = result.latest_result()
    assert latest is not None
    assert "was not requested through the console and was not executed" in (latest.exc_string or "")


@pytest.mark.parametrize(
    ("kind", "function", "how"),
    [
        ("worker", processes.polite, "Stopped on request"),
        ("worker", processes.deaf, "its process was ended"),
        ("simple", processes.deaf_short, "fell silent"),
    ],
)
def test_it_stops_a_running_job_that_listens_and_one_that_does_not(
    running: Processes, kind: str, function: Any, how: str
) -> None:
    running.start("scheduler")
    running.start(kind)
    with unit():
        job_id = jobs.request(function, by=SYSTEM).id
    eventually(lambda: state_of(job_id) is JobState.RUNNING, within=60)
    eventually(lambda: job_of(job_id).progress is not None, within=30)
    with unit():
        jobs.cancel(job_id, by=SYSTEM)
    eventually(lambda: state_of(job_id) is JobState.CANCELLED, within=60)
    assert how in (job_of(job_id).error or "")


def job_of(job_id: uuid.UUID) -> Job:
    with unit() as session:
        job = session.get_one(Job, job_id)
        session.expunge(job)
    return job


def state_of(job_id: uuid.UUID) -> JobState:
    return job_of(job_id).state
