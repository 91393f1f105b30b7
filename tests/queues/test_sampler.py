"""The duty that looks at all brokers: one that hangs or is gone holds up nobody, and is told with since when."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from rq import Queue
from sqlalchemy import delete, select, update

from console.infra import clock as time_of
from console.infra import jobs as engine
from console.infra.actor import SYSTEM
from console.infra.brokers import parse
from console.infra.db import db
from console.infra.jobs import Job
from console.infra.outbox import Outbox
from console.infra.queue import rq_name
from console.infra.transaction import unit
from console.queues import actions, queries
from console.queues.jobs import Sampler, practice_failure
from console.queues.jobs.match import compare
from console.queues.models import BrokerDepth, BrokerState
from console.queues.rules.brokers import Kind
from console.queues.rules.samples import QueueSeen, Sample
from tests.conftest import Clock
from tests.elsewhere import Elsewhere, elsewhere, free_port
from tests.oncall.making import allow_loopback
from tests.queues import jobs_elsewhere as tasks


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path_factory.mktemp("elsewhere"), "a-password") as made:
        yield made


@pytest.fixture
def room(committed: Flask) -> Iterator[Flask]:
    before = allow_loopback(committed)
    yield committed
    committed.extensions["console.settings"] = before


def watch(name: str, url: str, kind: Kind = Kind.RQ, **wanted: Any) -> None:
    found = actions.BrokerWanted(kind=kind, service=name, url=url, address=parse(url), **wanted)
    with unit():
        actions.put_broker(name, found, by=SYSTEM, at=time_of.now())


def state_of(name: str) -> BrokerState:
    db.session.rollback()
    return db.session.scalars(select(BrokerState).where(BrokerState.broker == name)).one()


def sample_of(name: str) -> Sample:
    kept = state_of(name).sample
    assert kept is not None
    return Sample.of(kept)


def test_it_keeps_what_it_saw_of_each(room: Flask, other: Elsewhere) -> None:
    watch("billing", other.url)
    with other.client() as redis:
        Queue("mails", connection=redis).enqueue(tasks.succeed)
    assert Sampler().sample() == 2
    assert [(q.name, q.waiting) for q in sample_of("billing").queues] == [("mails", 1)]
    assert state_of("billing").ok_at is not None
    assert sample_of("console").match is not None


def test_one_that_is_gone_is_told_with_since_when_and_what_was_seen(
    room: Flask, other: Elsewhere, clock: Clock
) -> None:
    watch("billing", other.url)
    with other.client() as redis:
        Queue("mails", connection=redis).enqueue(tasks.succeed)
    sampler = Sampler()
    sampler.sample()
    seen_at = clock.at
    other.stop()
    first = clock.advance(seconds=5)
    assert sampler.sample() == 1
    clock.advance(seconds=5)
    sampler.sample()
    state = state_of("billing")
    assert (state.failing_since, state.ok_at) == (first, seen_at)
    assert "nothing listens there" in (state.error or "")
    assert [q.name for q in sample_of("billing").queues] == ["mails"]
    other.start()
    clock.advance(seconds=5)
    assert sampler.sample() == 2
    assert (state_of("billing").failing_since, state_of("billing").error) == (None, None)


def test_one_that_hangs_holds_up_nobody(room: Flask, other: Elsewhere, clock: Clock) -> None:
    watch("frozen", other.url)
    watch("nowhere", f"redis://127.0.0.1:{free_port()}/0")
    other.freeze()
    try:
        began = time.monotonic()
        assert Sampler().sample() == 1
        assert time.monotonic() - began < 4
    finally:
        other.thaw()
    assert state_of("frozen").error == "No answer in time."
    assert state_of("console").error is None


def test_what_is_switched_off_is_left_alone(room: Flask, other: Elsewhere) -> None:
    watch("billing", other.url, enabled=False)
    assert Sampler().sample() == 1
    assert db.session.scalars(select(BrokerState.broker)).all() == ["console"]


def test_two_schedulers_look_once(room: Flask, clock: Clock) -> None:
    assert (Sampler().sample(), Sampler().sample()) == (1, 0)
    clock.advance(seconds=5)
    assert Sampler().sample() == 1


def test_an_address_that_may_no_longer_be_reached_is_told(room: Flask, other: Elsewhere) -> None:
    watch("billing", other.url)
    open_settings = room.extensions["console.settings"]
    room.extensions["console.settings"] = open_settings.model_copy(update={"probe_allowed_networks": ()})
    Sampler().sample()
    assert "PROBE_ALLOWED_NETWORKS" in (state_of("billing").error or "")


def keep(at_depth: int, ended: int | None, out: float | None, clock: Clock) -> QueueSeen:
    queue = QueueSeen("mails", at_depth, running=0, later=0, out_rate=out, ended=ended)
    with unit():
        actions.claim_look("billing", at=clock.at, every=timedelta(0))
        actions.keep_sample("billing", Sample(at=clock.at, queues=[queue]), seconds=0.01, at=clock.at)
    return sample_of("billing").queues[0]


def test_what_comes_in_follows_from_what_goes_out_and_how_it_grew(room: Flask, clock: Clock) -> None:
    assert keep(10, 0, 2.0, clock).in_rate is None
    clock.advance(minutes=5)
    assert keep(30, 10, 2.0, clock).in_rate == 6.0
    clock.advance(minutes=5)
    assert keep(0, 20, 2.0, clock).in_rate == 0.0


def test_nothing_ended_when_no_counter_moved(room: Flask, clock: Clock) -> None:
    assert keep(1, 40, None, clock).out_rate is None
    clock.advance(minutes=2)
    still = keep(5, 40, None, clock)
    assert (still.out_rate, still.in_rate) == (0.0, 2.0)
    clock.advance(minutes=2)
    assert keep(5, 41, None, clock).out_rate is None


def test_depths_are_kept_for_a_day(room: Flask, clock: Clock) -> None:
    keep(3, None, None, clock)
    clock.advance(minutes=1)
    keep(7, None, None, clock)
    line = queries.depths("billing", at=clock.at)["mails"]
    assert (len(line), line[-2:]) == (60, [3, 7])
    with unit():
        actions.prune_depths(at=clock.at + timedelta(hours=25))
    assert db.session.scalars(select(BrokerDepth)).all() == []


def test_deleting_a_broker_forgets_what_was_seen(room: Flask, other: Elsewhere) -> None:
    watch("billing", other.url)
    Sampler().sample()
    with unit():
        actions.delete_broker(queries.get_for_change("billing"), by=SYSTEM, at=time_of.now())
    assert db.session.scalars(select(BrokerState.broker)).all() == ["console"]


def test_rows_and_bells_are_compared(room: Flask, redis_conn: Any) -> None:
    with unit():
        rung, missed = (engine.request(practice_failure, by=SYSTEM).id for _ in range(2))
    with unit() as session:
        session.execute(update(Job).values(run_at=time_of.now() - timedelta(minutes=1)))
        session.execute(delete(Outbox))
    stray = "9b2f1a52-5b3e-4a6c-9d3a-000000000000"
    redis_conn.rpush(f"rq:queue:{rq_name('default')}", str(rung), stray, "not-an-id")
    with unit():
        found = compare()
    assert found is not None
    assert (found.rows, found.bells, found.no_bell, found.no_row) == (2, 3, 1, 2)
    assert found.rows_without == (str(missed),)
    assert set(found.bells_without) == {stray, "not-an-id"}
