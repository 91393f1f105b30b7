"""Nothing is lost or doubled when our side ends, begins again, meets another of its kind or loses PostgreSQL."""

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text

from console.infra import clock
from console.infra.transaction import unit
from console.queues.actions import celery as actions
from console.queues.jobs import CeleryWatch
from console.queues.jobs.celery.hearing import MOST_WAITING, Waiting
from console.queues.models import Broker, CeleryFollower, CeleryTask
from console.queues.queries import celery as queries
from console.queues.rules.celery import Task, TaskEvent
from tests.conftest import Database
from tests.queues.celery.service import Service, eventually, following, listening, occurrences, state, watch

# A fault of the kind that PostgreSQL has with data, for one task only.
REFUSING = """
    CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '22000'; END $$;
    CREATE TRIGGER refuse_poison BEFORE INSERT ON celery_tasks
    FOR EACH ROW WHEN (NEW.uuid = 'poison') EXECUTE FUNCTION refuse_poison();
"""


@pytest.fixture(scope="module", autouse=True)
def worker(service: Service) -> None:
    service.worker()


def running() -> bool:
    with unit():
        return bool(queries.running("shop"))


def test_a_beginning_heard_before_a_restart_names_the_end_heard_after_it(
    shop: Flask, service: Service, tmp_path: Path
) -> None:
    broker, gate = watch(service.redis), tmp_path / "gate"
    with following(shop, broker, owner="first"):
        service.send(f"waits.delay({str(gate)!r}, well=False)")
        eventually(running)
    with following(shop, broker, owner="second"):
        gate.touch()
        [told] = occurrences(1)
    assert (told.task, told.args, told.exception_type) == ("shop.waits", f"({str(gate)!r},)", "RuntimeError")


def test_of_two_consumers_one_follows_until_it_ends(shop: Flask, service: Service) -> None:
    broker = watch(service.redis)
    with following(shop, broker, owner="second"):
        service.send("fails.delay(1)")
        occurrences(1)
        with following(shop, broker, owner="third"):
            service.send("fails.delay(2)")
            assert len(occurrences(2)) == 2
            found = state("shop")
            assert found is not None
            assert found.owner == "second"
    found = state("shop")
    assert found is not None
    assert (found.owner, found.listening_since) == (None, None)


def test_who_was_killed_is_followed_once_its_lease_has_run_out(shop: Flask, service: Service) -> None:
    watch(service.redis)
    with unit() as session:
        assert actions.hold(session, "shop", owner="killed", now=clock.now())
        actions.listens(session, "shop", at=clock.now())
    with unit() as session:
        assert not actions.hold(session, "shop", owner="next", now=clock.now())
        lease = session.get_one(CeleryFollower, "shop").lease_until
        assert lease is not None
    with unit() as session:
        assert actions.hold(session, "shop", owner="next", now=lease + actions.LEASE)
        row = session.get_one(CeleryFollower, "shop")
        # The gap began when the killed one last held on.
        assert (row.owner, row.listening_since, row.deaf_since) == ("next", None, lease - actions.LEASE)


def test_connections_to_postgresql_that_break_cost_nothing(shop: Flask, service: Service, database: Database) -> None:
    broker = watch(service.redis)
    engine = create_engine(database.owner_url, isolation_level="AUTOCOMMIT")
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with following(shop, broker):
        uuids: list[str] = []
        for _ in range(3):
            uuids += service.send("fails.delay(1), tries.delay(), fine.delay(1)")
            with engine.connect() as connection:
                connection.execute(cut)
        with engine.connect() as connection:
            count = text("SELECT count(*) FROM occurrences")
            eventually(lambda: connection.execute(count).scalar() == 12)
    engine.dispose()
    assert sum(one.will_retry for one in occurrences(12)) == 6


def test_an_event_that_postgresql_refuses_holds_up_no_other(shop: Flask, service: Service, database: Database) -> None:
    broker = watch(service.redis)
    engine = create_engine(database.owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(REFUSING))
        try:
            with following(shop, broker):
                with service.redis.client() as redis:
                    redis.publish("/0.celeryev/task.started", poison())
                service.send("fails.delay(1)")
                occurrences(1)
                eventually(lambda: (seen := state("shop")) is not None and seen.rubbish == 1)
        finally:
            connection.execute(text("DROP FUNCTION refuse_poison CASCADE"))
    engine.dispose()


def poison() -> str:
    event = {"type": "task-started", "uuid": "poison", "hostname": "w1@shop"}
    return json.dumps({"body": json.dumps(event), "content-type": "application/json", "properties": {}})


def test_the_duty_starts_stops_and_restarts_what_should_run(shop: Flask, service: Service) -> None:
    watch(service.redis)
    watching = CeleryWatch(shop)
    try:
        watching.tick()
        eventually(lambda: listening("shop"))
        with unit() as session:
            session.scalars(select(Broker)).one().enabled = False
        watching.tick()
        eventually(lambda: not listening("shop"))
    finally:
        watching.stop()


def test_what_is_forgotten_is_bounded_by_age(shop: Flask, service: Service) -> None:
    watch(service.redis)
    now = clock.now()
    with unit() as session:
        for uuid, age, done in (
            ("old", actions.FORGET, False),
            ("done", actions.FORGET_DONE, True),
            ("new", now - now, True),
        ):
            actions.remember(session, "shop", [Task(uuid, name="shop.fails", done=done)], now=now - age * 2)
        actions.remember(session, "shop", [Task("waits", pending=(TaskEvent("task-failed", "waits", now),))], now=now)
    with unit() as session:
        assert actions.prune(session, "shop", now=now) == 2
        assert set(session.scalars(select(CeleryTask.uuid))) == {"new", "waits"}


def test_secrets_in_what_is_remembered_are_removed(shop: Flask, service: Service) -> None:
    watch(service.redis)
    failed = TaskEvent("task-failed", "u", clock.now(), exception="E('password=hunter2')", traceback="token=hunter2")
    with unit() as session:
        task = Task("u", kwargs="{'password': 'hunter2'}", args="('https://u:hunter2@host/',)", pending=(failed,))
        actions.remember(session, "shop", [task], now=clock.now())
    with unit() as session:
        kept = session.execute(text("SELECT celery_tasks::text FROM celery_tasks")).scalar_one()
        assert "hunter2" not in kept
        assert queries.tasks(session, "shop", ["u"])["u"].pending[0].kind == "task-failed"


def test_what_cannot_be_stored_in_time_is_counted_when_it_is_thrown_away() -> None:
    """PostgreSQL away for long, and a busy broker: memory has an end."""
    waiting, now = Waiting(), clock.now()
    event = {"type": "task-started", "uuid": "u", "hostname": "w1@shop"}
    batch = json.dumps({"body": json.dumps([event] * 1_000), "content-type": "application/json"}).encode()
    for _ in range(MOST_WAITING // 1_000 + 2):
        waiting.take(batch, now)
    assert (len(waiting.tasks), waiting.heard.dropped) == (MOST_WAITING, 2_000)
    assert waiting.heard.events == MOST_WAITING + 2_000
