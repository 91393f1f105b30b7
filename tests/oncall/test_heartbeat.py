"""The outward heartbeat: sent while all is well, silent when it is not."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select, update

from console.infra import jobs as engine
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.jobs import Job, run
from console.infra.jobs.leases import NOW
from console.infra.queue import QUEUES, make_worker
from console.infra.transaction import unit
from console.oncall import queries
from console.oncall.jobs import deliver, outward_heartbeat
from console.worker.schedules import SCHEDULES, Timetable
from tests.conftest import Clock
from tests.oncall.making import allow_loopback
from tests.oncall.peers import HookServer


@pytest.fixture
def console(room: Flask, hooks: HookServer, redis_conn: Redis, clock: Clock) -> Iterator[Flask]:
    """A console whose queues all have a worker, at the true time: workers stamp their own."""
    with unit() as session:
        clock.set(session.execute(select(NOW)).scalar_one())
    allow_loopback(room, outward_heartbeat_url=hooks.url)
    worker = make_worker(redis_conn, QUEUES, simple=True)
    worker.register_birth()  # type: ignore[no-untyped-call]
    yield room
    worker.register_death()  # type: ignore[no-untyped-call]


def beat() -> Job:
    with unit():
        job_id = engine.request(outward_heartbeat, by=SYSTEM).id
    run.perform(job_id, worker="test")
    db.session.expire_all()
    return db.session.get_one(Job, job_id)


def why() -> str | None:
    found = queries.beat()
    assert found
    return found.error


def test_it_is_sent_while_all_is_well(console: Flask, hooks: HookServer, clock: Clock) -> None:
    assert beat().result == {"pinged": True, "why": ""}
    assert [hook.path for hook in hooks.hooks] == ["/hook"]
    found = queries.beat()
    assert found
    assert (found.heard_at, found.error) == (clock.at, None)


def test_it_is_silent_without_a_worker_on_every_queue(console: Flask, hooks: HookServer, redis_conn: Redis) -> None:
    redis_conn.flushdb()
    beat()
    assert (hooks.hooks, why()) == ([], "No worker listens on fast, default, long.")


def test_it_is_silent_while_a_worker_has_not_been_heard_of(console: Flask, hooks: HookServer, clock: Clock) -> None:
    clock.advance(seconds=91)
    beat()
    assert hooks.hooks == []
    assert "No worker listens" in (why() or "")


def test_it_is_silent_while_jobs_do_not_begin(console: Flask, hooks: HookServer, clock: Clock) -> None:
    with unit() as session:
        late = engine.request(deliver, 1, by=SYSTEM)
        old = clock.at - timedelta(minutes=5)
        session.execute(update(Job).where(Job.id == late.id).values(run_at=old))
    beat()
    assert (hooks.hooks, why()) == ([], "1 short jobs have not begun in time: the workers are behind.")


def test_what_was_not_heard_is_said(console: Flask, hooks: HookServer) -> None:
    hooks.status = 404
    beat()
    assert why() == "It answered 404."


def test_it_obeys_the_guard(console: Flask, hooks: HookServer) -> None:
    allow_loopback(console, outward_heartbeat_url=hooks.url, probe_allowed_networks=())
    beat()
    assert hooks.hooks == []
    assert "private address" in (why() or "")


def test_it_is_asked_for_only_where_it_is_set(console: Flask, clock: Clock) -> None:
    (line,) = [schedule for schedule in SCHEDULES if schedule.name == "outward-heartbeat"]
    timetable = Timetable((line,))
    timetable.tick()
    clock.advance(seconds=61)
    timetable.tick()
    assert len(db.session.scalars(select(Job)).all()) == 1
    allow_loopback(console, outward_heartbeat_url="")
    clock.advance(seconds=61)
    timetable.tick()
    db.session.expire_all()
    assert len(db.session.scalars(select(Job)).all()) == 1
