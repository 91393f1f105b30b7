"""What nobody heard is told from the result backend; each attempt once, whoever tells it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from console.alerts.models import Occurrence
from console.infra.transaction import unit
from console.queues.queries import celery as queries
from tests.elsewhere import Elsewhere
from tests.queues.celery.odd import ODD, TOLD
from tests.queues.celery.service import Service, eventually, following, occurrences, state, watch


@pytest.fixture(scope="module")
def keeping(redis: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that keeps results, with arguments, in another database of its Redis."""
    folder: Path = tmp_path_factory.mktemp("keeping")
    made = Service(redis, folder, {"RESULTS": redis.url_of(1), "EXTENDED": "1"})
    made.worker()
    yield made
    made.end()


@pytest.fixture(autouse=True)
def empty(redis: Elsewhere) -> None:
    with redis.client(1) as client:
        client.flushdb()


def finished(redis: Elsewhere, number: int) -> None:
    """Wait until the service has so many results."""
    with redis.client(1) as client:
        eventually(lambda: sum(b'"FAILURE"' in (client.get(key) or b"") for key in client.keys("*")) == number)


def by_task(found: list[Occurrence]) -> dict[str, Occurrence]:
    return {one.task: one for one in found}


def test_failures_while_nobody_listened_are_told(shop: Flask, keeping: Service) -> None:
    broker = watch(keeping.redis, result_db=1)
    with following(shop, broker):
        keeping.send("fails.delay(1)")
        occurrences(1)
    keeping.send("fails.delay(2, password='hunter2'), tries.delay(), dies.delay(), fine.delay(3)")
    finished(keeping.redis, 4)
    assert len(occurrences()) == 1
    with following(shop, broker):
        found = occurrences(4)
        eventually(lambda: (seen := state("shop")) is not None and seen.results == 5)
        seen = state("shop")
    assert len(occurrences()) == 4
    told = by_task(found[1:])
    assert set(told) == {"shop.fails", "shop.tries", "shop.dies"}
    fails = told["shop.fails"]
    assert (fails.exception_type, fails.args, fails.queue) == ("shop.NoPriceList", [2], "celery")
    assert "hunter2" not in str(fails.kwargs)
    assert (fails.event_id or "").endswith("-0")
    assert (told["shop.tries"].retries, told["shop.tries"].event_id) == (2, f"{told['shop.tries'].job_id}-2")
    assert told["shop.dies"].exception_type == "billiard.exceptions.WorkerLostError"
    assert seen is not None
    assert seen.deaf_since is not None


def test_heard_or_read_an_exception_is_one_alert_whatever_its_texts(shop: Flask, keeping: Service) -> None:
    """An event tells the repr, the backend type and arguments; both keep the traceback."""
    broker = watch(keeping.redis, result_db=1)
    everything = ", ".join(f"odd.delay({kind!r})" for kind in ODD)
    with following(shop, broker):
        heard = keeping.send(everything)
        occurrences(len(ODD))
    read = keeping.send(everything)
    finished(keeping.redis, 2 * len(ODD))
    with following(shop, broker):
        found = {one.job_id: one for one in occurrences(2 * len(ODD))}
    pairs = {kind: (found[once], found[again]) for kind, once, again in zip(ODD, heard, read, strict=True)}
    apart = {
        kind: (a.exception_type, a.message, b.exception_type, b.message)
        for kind, (a, b) in pairs.items()
        if (a.alert_id, a.exception_type, a.message) != (b.alert_id, b.exception_type, b.message)
    }
    assert apart == {}
    assert {kind: (one.exception_type, one.message) for kind, (one, _) in pairs.items()} == TOLD


def test_what_was_heard_and_is_read_again_counts_once(shop: Flask, keeping: Service) -> None:
    broker = watch(keeping.redis, result_db=1)
    with following(shop, broker):
        keeping.send("tries.delay(), fails.delay(1), endless.delay(), rejects.delay()")
        occurrences(7)
    for _ in range(2):
        with following(shop, broker):
            eventually(lambda: (seen := state("shop")) is not None and seen.results == 4)
    assert len(occurrences()) == 7


def test_without_extended_results_the_name_is_what_was_heard_before(
    shop: Flask, redis: Elsewhere, tmp_path: Path
) -> None:
    """Received before a gap, failed within it: the memory names it. Both within it: the traceback still tells."""
    bare = Service(redis, tmp_path, {"RESULTS": redis.url_of(1)})
    broker = watch(redis, result_db=1)
    try:
        bare.worker("w3", "-Q", "bare")
        gate = tmp_path / "gate"
        with following(shop, broker):
            [known] = bare.send(f"waits.apply_async(({str(gate)!r},), queue='bare')")
            eventually(lambda: running("shop"))
        gate.touch()
        [unknown] = bare.send("fails.apply_async((1,), queue='bare')")
        finished(redis, 2)
        with following(shop, broker):
            found = {one.job_id: one for one in occurrences(2)}
    finally:
        bare.end()
    assert (found[known].task, found[known].exception_type) == ("shop.waits", "RuntimeError")
    assert (found[unknown].task, found[unknown].exception_type) == ("unknown task", "shop.NoPriceList")
    assert found[unknown].event_id == f"{unknown}-0"


def running(broker: str) -> bool:
    with unit():
        return bool(queries.running(broker))


def test_a_task_that_ended_well_in_a_gap_runs_no_more(shop: Flask, keeping: Service, tmp_path: Path) -> None:
    broker = watch(keeping.redis, result_db=1)
    gate = tmp_path / "gate"
    with following(shop, broker):
        keeping.send(f"waits.delay({str(gate)!r}, well=True)")
        eventually(lambda: running("shop"))
    gate.touch()
    with keeping.redis.client(1) as client:
        eventually(lambda: client.keys("*"))
    with following(shop, broker):
        eventually(lambda: not running("shop"))
    assert occurrences() == []
