"""RQ on somebody else's Redis: followed through restarts, losses, garbage and hangs; each failure told once."""

import pickle
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis, RedisError
from rq import Queue, Retry
from sqlalchemy import func, select

from console.alerts import actions as alerts
from console.alerts.models import Alert, Occurrence
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.errors import Conflict
from console.infra.jobs import run
from console.infra.transaction import unit
from console.queues import actions, queries
from console.queues.actions import BrokerWanted
from console.queues.client import RqRegistries, connect, read_address
from console.queues.jobs import Ends, Follower, Followers, close_orders
from console.queues.models import RqCursor, RqSeen
from console.queues.rules.brokers import Kind, Watched
from tests.elsewhere import Elsewhere, elsewhere
from tests.faults import foreign
from tests.faults.processes import eventually
from tests.faults.test_rq_failures import work
from tests.queues.planting import finish, plant, state, waiting

pytestmark = pytest.mark.faults
LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def reachable(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator lets us reach this machine."""
    settings = committed.extensions["console.settings"].model_copy(update={"probe_allowed_networks": LOOPBACK})
    monkeypatch.setitem(committed.extensions, "console.settings", settings)


@pytest.fixture
def other(reachable: None, tmp_path: Path) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path) as made:
        yield made


def watch(other: Elsewhere, name: str = "billing", **changes: Any) -> Watched:
    with unit():
        wanted = BrokerWanted(Kind.RQ, "billing", url=other.url, address=read_address(other.url), **changes)
        actions.put_broker(name, wanted, by=SYSTEM, at=clock.now())
        return queries.get_watched(name)


def follower(broker: Watched) -> Follower:
    """One that has just started, as after a crash of the last."""
    return Follower(RqRegistries(connect(broker)), broker)


def told() -> list[tuple[str | None, bool]]:
    with unit() as session:
        rows = select(Occurrence.job_id, Occurrence.will_retry).order_by(Occurrence.id)
        return [(row.job_id, row.will_retry) for row in session.execute(rows)]


def jobs_told() -> list[str | None]:
    return [job_id for job_id, again in told() if not again]


def finish_all(other: Elsewhere) -> None:
    assert work(other.url).wait(60) == 0


def order_of_alert() -> int:
    with unit() as session:
        alert = session.scalars(select(Alert).where(Alert.exception_type == "FileNotFoundError")).one()
        alerts.retry(alert, dry_run=False, by=SYSTEM, at=clock.now())
    with unit():
        found = queries.orders_page(limit=1, cursor=None).items[0].order
        order_id, job_id = found.id, found.job_id
    assert job_id is not None
    run.perform(job_id, worker="w1")
    return order_id


def test_what_failed_while_nobody_followed_is_told_once(other: Elsewhere) -> None:
    broker, theirs = watch(other), Queue("billing", connection=other.client())
    first = theirs.enqueue(foreign.explode, 1)
    finish_all(other)
    assert follower(broker).follow() == 1
    missed = [theirs.enqueue(foreign.explode, number).id for number in range(2, 6)]
    finish_all(other)
    after = follower(broker)
    assert (after.follow(), after.follow(), follower(broker).follow()) == (4, 0, 0)
    assert sorted(filter(None, jobs_told())) == sorted([first.id, *missed])
    with unit() as session:
        alert = session.scalars(select(Alert)).one()
        assert (alert.service, alert.environment, alert.source, alert.tags) == (
            "billing", "production", "rq", {"broker": "billing"},
        )  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ten_minutes_without_a_follower_lose_no_failure(other: Elsewhere) -> None:
    broker, theirs = watch(other), Queue("billing", connection=other.client())
    assert follower(broker).follow() == 0
    asked: list[str] = []
    worker, end = work(other.url, burst=False), time.monotonic() + 600
    try:
        while time.monotonic() < end:
            asked += [theirs.enqueue(foreign.explode, len(asked)).id]
            time.sleep(0.5)
        eventually(lambda: len(theirs.failed_job_registry) == len(asked), within=60)
    finally:
        worker.terminate()
        worker.wait(30)
    assert follower(broker).follow() == len(asked) > 1_000
    assert follower(broker).follow() == 0
    assert sorted(filter(None, jobs_told())) == sorted(asked)


@pytest.mark.parametrize("aof", [True, False])
def test_a_restarted_broker_is_followed_on(reachable: None, tmp_path: Path, *, aof: bool) -> None:
    with elsewhere(tmp_path, aof=aof) as other:
        broker = watch(other)
        following = follower(broker)
        for number in range(20):
            plant(other.client(), f"job-{number}")
        assert following.follow() == 20
        other.stop()
        with pytest.raises(RedisError):
            following.follow()
        other.start()
        assert following.follow() == 0
        plant(other.client(), "later")
        assert eventually(following.follow, within=10) == 1
        eventually(lambda: following.follow() or seen() == (21 if aof else 1), within=20)
    assert len(jobs_told()) == 21


def seen() -> int:
    with unit() as session:
        return session.scalar(select(func.count()).select_from(RqSeen)) or 0


def test_an_emptied_broker_is_forgotten_and_followed_on(other: Elsewhere) -> None:
    broker, redis = watch(other), other.client()
    following = follower(broker)
    plant(redis, "one")
    assert following.follow() == 1
    redis.flushall()
    plant(redis, "two")
    assert following.follow() == 1
    redis.delete("rq:failed:billing")
    eventually(lambda: (following.follow(), seen())[1] == 0, within=20)
    assert jobs_told() == ["one", "two"]


def test_one_broker_that_hangs_delays_no_other(reachable: None, tmp_path: Path, committed: Flask) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with elsewhere(tmp_path / "a") as fine, elsewhere(tmp_path / "b") as frozen:
        watch(fine, "fine")
        watch(frozen, "frozen")
        frozen.freeze()
        followers = Followers()
        try:
            began = time.monotonic()
            followers.tend()
            plant(fine.client(), "job-1")
            eventually(lambda: jobs_told() == ["job-1"], within=10)
            assert time.monotonic() - began < 10
            frozen.thaw()
            plant(frozen.client(), "job-2")
            eventually(lambda: jobs_told() == ["job-1", "job-2"], within=60)
            with unit():
                actions.delete_broker(queries.get_for_change("fine"), by=SYSTEM, at=clock.now())
            followers.tend()
            plant(fine.client(), "job-3")
            time.sleep(2)
            assert jobs_told() == ["job-1", "job-2"]
        finally:
            frozen.thaw()
            followers.stop()
            wait_for_followers()


def wait_for_followers() -> None:
    """They stop after the round in hand."""
    eventually(lambda: not any(t.name.startswith("follow-") for t in threading.enumerate()), within=30)


def test_an_alerts_jobs_run_again_and_it_resolves_itself(other: Elsewhere, tmp_path: Path) -> None:
    broker, theirs, remedy = watch(other), Queue("billing", connection=other.client()), tmp_path / "remedy"
    for _ in range(3):
        theirs.enqueue(foreign.explode_unless, str(remedy))
    finish_all(other)
    assert follower(broker).follow() == 3
    remedy.touch()
    order = order_of_alert()
    finish_all(other)
    Ends(RqRegistries(connect(broker)), broker.name).look()
    with unit() as session:
        assert queries.get_order(order).ends == {"succeeded": 3}
        assert session.scalars(select(Alert)).one().status.word == "resolved"


def test_nobody_knows_how_jobs_of_a_removed_broker_ended(other: Elsewhere, tmp_path: Path) -> None:
    broker, theirs = watch(other), Queue("billing", connection=other.client())
    theirs.enqueue(foreign.explode_unless, str(tmp_path / "never"))
    finish_all(other)
    assert follower(broker).follow() == 1
    order = order_of_alert()
    close_orders()
    with unit():
        assert queries.get_order(order).ends == {}
        actions.delete_broker(queries.get_for_change("billing"), by=SYSTEM, at=clock.now())
    close_orders()
    with unit() as session:
        assert queries.get_order(order).ends == {"unknown": 1}
        assert session.scalars(select(Alert)).one().status.word == "open"
    assert seen() == 0


def test_jobs_that_fail_again_are_counted_and_told_again(other: Elsewhere, tmp_path: Path) -> None:
    broker, theirs = watch(other), Queue("billing", connection=other.client())
    theirs.enqueue(foreign.explode_unless, str(tmp_path / "never"))
    finish_all(other)
    following = follower(broker)
    assert following.follow() == 1
    order = order_of_alert()
    # RQ dates failures by whole seconds: one in the second of the first would look like the first.
    failed = int(time.time())
    eventually(lambda: int(time.time()) > failed, within=10)
    finish_all(other)
    Ends(RqRegistries(connect(broker)), broker.name).look()
    assert eventually(following.follow, within=10) == 1
    with unit() as session:
        assert queries.get_order(order).ends == {"failed": 1}
        assert session.scalars(select(Alert)).one().status.word == "open"


def test_any_number_who_move_a_job_at_once_move_it_once(other: Elsewhere) -> None:
    redis = other.client()
    for number in range(20):
        plant(redis, f"job-{number}")
    done: list[str] = []

    def move() -> None:
        mine = RqRegistries(other.client())
        done.extend(mine.requeue(f"job-{number}").done for number in range(20))

    threads = [threading.Thread(target=move) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waiting(redis)) == sorted(f"job-{number}" for number in range(20))
    assert done.count("requeued") == 20


def test_a_read_only_broker_is_followed_and_never_changed(other: Elsewhere) -> None:
    broker, redis = watch(other, read_only=True), other.client()
    plant(redis, "job-1", text="FileNotFoundError: /x\n", description="a.b()")
    redis.zadd("rq:wip:billing", {"lost:execution": 1})
    before = {key: redis.dump(key) for key in redis.keys("*")}  # type: ignore[union-attr]
    assert follower(broker).follow() == 1
    with unit() as session, pytest.raises(Conflict, match="watched read-only"):
        alerts.retry(session.scalars(select(Alert)).one(), dry_run=False, by=SYSTEM, at=clock.now())
    assert {key: redis.dump(key) for key in redis.keys("*")} == before  # type: ignore[union-attr]


def test_it_sees_attempts_that_are_made_again(other: Elsewhere) -> None:
    broker, theirs = watch(other), Queue("billing", connection=other.client())
    again = theirs.enqueue(foreign.explode, 1, retry=Retry(max=2, interval=[60, 60]))
    once = theirs.enqueue(foreign.explode, 2)
    theirs.enqueue_in(timedelta(hours=1), foreign.explode, 3)
    finish_all(other)
    following = follower(broker)
    following.follow()
    assert sorted(told(), key=str) == sorted([(again.id, True), (once.id, False)], key=str)
    following.follow()
    follower(broker).follow()
    assert len(told()) == 2
    with unit() as session:
        seen = session.scalars(select(Occurrence).where(Occurrence.will_retry)).one()
        assert (seen.retries, seen.max_retries, seen.severity.word) == (0, 2, "warning")


def garbage(redis: "Redis", trap: bytes) -> None:
    """What others, newer versions, and vandals may leave."""
    fields: dict[Any, Any] = {
        "status": b"\xff\0", "description": b"\xfe\0(" * 100, "exc_info": b"\0\xff", "ended_at": "9999-99-99",
        "number_of_retries": "9" * 400, "retry_intervals": "[" * 10_000, "data": trap, "meta": trap, "rate_limit": "x",
    }  # fmt: skip
    late = {"status": "failed", "description": "a.b()", "ended_at": "9999-01-01T00:00:00Z"}
    odd: Any = b"rq:job:\xff\xfe\0"
    redis.set("rq:job:string", "not a hash")
    redis.hset("rq:job:bytes", mapping=fields)
    redis.hset("rq:job:future", mapping=late)
    redis.hset(odd, mapping={"status": "failed", "description": "odd.id()"})
    redis.hset("rq:job:" + "x" * 5_000, mapping={"status": "failed", "description": "long.id()"})
    redis.hset("rq:job:stream", mapping={"status": "failed", "description": "a.c()", "worker_name": "w" * 100_000})
    redis.set("rq:results:stream", "no stream")
    names: list[Any] = ["string", "bytes", "future", b"\xff\xfe\0", "x" * 5_000, "stream", "vanished"]
    redis.zadd("rq:failed:billing", dict.fromkeys(names, 2_000_000_000.0) | {"infinite": float("inf")})
    redis.hset("rq:job:infinite", mapping={"status": "failed", "description": "a.d()"})
    redis.set("rq:failed:odd", "not a set")
    redis.sadd("rq:queues", "rq:queue:billing", "rq:queue:odd", b"rq:queue:\xff\0", "rq:queue:" + "y" * 3_000)
    redis.set("rq:scheduled:billing", "no set")
    redis.rpush("rq:queue:billing", "string", b"\xff", "bytes")


def test_garbage_is_told_and_skipped(other: Elsewhere, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return (foreign.touch, (str(tmp_path / "sprung"),))

    broker, redis = watch(other), other.client()
    garbage(redis, pickle.dumps(Trap()))
    following = follower(broker)
    following.follow()
    plant(redis, "fine")
    eventually(lambda: following.follow() or "fine" in jobs_told(), within=10)
    assert {"string", "bytes", "future", "0xfffe00", "stream", "infinite", "fine"} <= set(jobs_told())
    assert len(jobs_told()) == 8
    with unit() as session:
        assert "UnreadableJob" in set(session.scalars(select(Alert.exception_type)))
        trouble = {row.queue: row.trouble for row in session.scalars(select(RqCursor))}
        assert "refused" in (trouble["odd"] or "")
    registries = RqRegistries(connect(broker))
    outcomes = [registries.requeue(job_id).done for job_id in ("string", "vanished", "bytes")]
    assert outcomes == ["refused", "gone", "moved_on"]
    assert registries.requeue("0xfffe00").done == "moved_on"
    assert registries.delete("string").done == "refused"
    assert not (tmp_path / "sprung").exists()


def test_no_move_loads_a_payload(other: Elsewhere, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return (foreign.touch, (str(tmp_path / "sprung"),))

    broker, redis = watch(other), other.client()
    trap: Any = pickle.dumps(Trap())
    for job_id in ("one", "two"):
        plant(redis, job_id, description="a.b()", meta={"trap": Trap()})
        redis.hset(f"rq:job:{job_id}", "data", trap)
    before: Any = redis.hgetall("rq:job:one")
    assert follower(broker).follow() == 2
    registries = RqRegistries(connect(broker))
    assert (registries.requeue("one").done, registries.delete("two").done) == ("requeued", "deleted")
    after: Any = redis.hgetall("rq:job:one")
    kept = set(before) - {b"status", b"enqueued_at", b"started_at", b"ended_at", b"exc_info"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    finish(redis, "one")
    Ends(registries, broker.name).look()
    assert state(redis, "two") is None
    assert not (tmp_path / "sprung").exists()
