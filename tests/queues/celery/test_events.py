"""Each kind of end that Celery tells by its events alone, without any result backend, from a real prefork worker."""

import pytest
from flask import Flask
from sqlalchemy import select

from console.alerts.models import Occurrence
from console.alerts.rules.states import Severity
from console.infra.transaction import unit
from console.queues.models import CeleryTask
from tests.queues.celery.service import Service, eventually, following, kill_tree, listening, occurrences, state, watch


@pytest.fixture(scope="module", autouse=True)
def worker(service: Service) -> None:
    service.worker()


def short(one: Occurrence) -> tuple[str, str | None, bool]:
    return one.task, (one.exception_type or "").rpartition(".")[2], one.will_retry


def test_a_failure_is_joined_with_its_beginning(shop: Flask, service: Service) -> None:
    broker = watch(service.redis)
    with following(shop, broker):
        [uuid] = service.send("fails.delay(7, password='hunter2')")
        [told] = occurrences(1)
    assert (told.service, told.task, told.exception_type) == ("my-service", "shop.fails", "shop.NoPriceList")
    assert told.message == "no price list for int"
    assert "raise NoPriceList" in (told.traceback or "")
    assert (told.event_id, told.job_id, told.worker, told.source) == (f"{uuid}-0", uuid, "w1@shop", "celery")
    assert told.args == "(7,)"
    assert "hunter2" not in str(told.kwargs)
    assert (told.will_retry, told.retries) == (False, 0)


def test_every_end_is_told_as_what_it_is(shop: Flask, service: Service) -> None:
    broker = watch(service.redis)
    # A worker says nothing of an expired task but that: its name is known from who sent it.
    service.environment["SENT"] = "1"
    with following(shop, broker):
        service.send(
            "tries.delay(), endless.delay(), dies.delay(), too_slow.delay(), rejects.delay(), fine.delay(1),"
            "fine.apply_async((2,), expires=-1), app.send_task('shop.nobody', (1,))"
        )
        found = occurrences(10)
        assert len(occurrences(10)) == 10
    told = [short(one) for one in found]
    assert sorted(one for one in told if one[0] == "shop.tries") == [
        ("shop.tries", "ConnectionError", False),
        ("shop.tries", "ConnectionError", True),
        ("shop.tries", "ConnectionError", True),
    ]
    assert sorted(one for one in told if one[0] == "shop.endless") == [
        ("shop.endless", "Retry", True),
        ("shop.endless", "TimeLimitExceeded", False),
    ]
    assert ("shop.dies", "WorkerLostError", False) in told
    assert ("shop.too_slow", "SoftTimeLimitExceeded", False) in told
    assert ("shop.rejects", "Reject", False) in told
    assert ("shop.nobody", "NotRegistered", False) in told
    expired = next(one for one in found if one.exception_type == "Expired")
    assert (expired.task, expired.severity) == ("shop.fine", Severity.WARNING)
    attempts = sorted(one.event_id or "" for one in found if one.task == "shop.tries")
    assert [one.rpartition("-")[2] for one in attempts] == ["0", "1", "2"]


def test_a_revoked_and_a_requeued_task(shop: Flask, service: Service) -> None:
    broker = watch(service.redis)
    with following(shop, broker):
        [uuid] = service.send("sleeps.delay(60)")
        eventually(begun)
        service.send(f"(app.control.revoke('{uuid}', terminate=True), app)[1].AsyncResult('{uuid}')")
        [revoked] = occurrences(1)
        service.send("requeues.delay()")
        [_, requeued] = occurrences(2)
    assert (revoked.exception_type, revoked.severity) == ("Revoked", Severity.INFO)
    assert (revoked.message or "").endswith("ended by signal 15")
    assert (requeued.task, requeued.exception_type, requeued.will_retry) == ("shop.requeues", "Requeued", True)


def test_rubbish_is_counted_said_and_skipped(shop: Flask, service: Service) -> None:
    broker = watch(service.redis)
    bad = [
        b"\x80\x04pickle", b"{}", b"[1]", b'{"body": "eA==", "content-type": "application/x-python-serialize"}',
        b'{"body": "!", "content-type": "application/json", "properties": {"body_encoding": "base64"}}',
        b'{"body": "{\\"type\\": \\"task-failed\\"}", "content-type": "application/json"}', b"[" * 100_000,
    ]  # fmt: skip
    with following(shop, broker):
        with service.redis.client() as redis:
            for one in bad:
                redis.publish("/0.celeryev/task.failed", one)
        service.send("fails.delay(1)")
        occurrences(1)
        seen = state("shop")
    assert seen is not None
    assert (seen.rubbish, bool(seen.rubbish_why), seen.events_on) == (len(bad), True, True)


def test_a_worker_that_is_killed_leaves_its_tasks_as_lost(shop: Flask, service: Service) -> None:
    broker = watch(service.redis)
    with following(shop, broker, lost_after=4):
        second = service.worker("w2", "-Q", "apart")
        service.send("sleeps.apply_async((300,), queue='apart')")
        eventually(begun)
        kill_tree(second)
        [lost] = occurrences(1)
    assert (lost.task, lost.exception_type, lost.will_retry) == ("shop.sleeps", "WorkerLost", False)
    assert lost.worker == "w2@shop"
    assert (lost.event_id or "").endswith("-0-lost")


def begun() -> bool:
    with unit() as session:
        return session.scalar(select(CeleryTask.uuid).where(CeleryTask.started_at.is_not(None))) is not None


def test_a_broker_that_is_killed_and_comes_back_is_followed_again(shop: Flask, service: Service) -> None:
    broker = watch(service.redis)
    with following(shop, broker):
        service.send("fails.delay(1)")
        occurrences(1)
        service.redis.stop()
        eventually(lambda: not listening("shop"))
        down = state("shop")
        service.redis.start()
        eventually(lambda: listening("shop"))
        eventually(lambda: len(service.send("fails.delay('again')")) == 1)
        found = occurrences(2, within=60)
    assert down is not None
    assert down.error
    assert down.deaf_since is not None
    assert found[-1].task == "shop.fails"


def test_a_broker_that_hangs_is_left_and_found_again(shop: Flask, service: Service) -> None:
    broker = watch(service.redis)
    with following(shop, broker):
        service.redis.freeze()
        try:
            eventually(lambda: not listening("shop"), within=40)
        finally:
            service.redis.thaw()
        eventually(lambda: listening("shop"), within=40)
        service.send("fails.delay(1)")
        occurrences(1, within=60)
