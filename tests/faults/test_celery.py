"""Our scheduler killed while a Celery service fails: no failure of a watched queue is lost, none is told twice."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from console.config import Settings
from tests.elsewhere import elsewhere
from tests.faults.processes import Processes, eventually, kill_tree
from tests.queues.celery.service import Service, listening, occurrences, watch

pytestmark = pytest.mark.faults


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Service]:
    """A service that keeps its results, as most do: what nobody heard is told from there."""
    (tmp_path / "redis").mkdir()
    with elsewhere(tmp_path / "redis") as redis:
        made = Service(redis, tmp_path, {"RESULTS": redis.url_of(1)})
        made.worker()
        yield made
        made.end()


class Reachable(Processes):
    """Processes of ours that may reach this machine and open what the tests sealed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._environment |= {"PROBE_ALLOWED_NETWORKS": "127.0.0.0/8", "SECRET_KEY": settings.secret_key}


def outage(service: Service, settings: Settings, seconds: float) -> None:
    """Failures before, during and after a time in which nobody listened."""
    watch(service.redis, result_db=1)
    with Reachable(settings) as processes:
        scheduler = processes.start("scheduler")
        eventually(lambda: listening("shop"), within=60)
        sent = service.send("*[fails.delay(n) for n in range(20)]")
        eventually(lambda: len(occurrences()) == len(sent), within=60)
        sent += service.send("*[fails.delay(n) for n in range(20)]")
        kill_tree(scheduler)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            sent += service.send("*[fails.delay(n) for n in range(20)], fine.delay(1)")[:20]
            time.sleep(min(5.0, max(0.0, until - time.monotonic())))
        sent += service.send("dies.delay(), too_slow.delay()")
        processes.start("scheduler")
        sent += service.send("*[fails.delay(n) for n in range(20)]")
        eventually(lambda: len(occurrences()) >= len(sent), within=120)
        eventually(lambda: listening("shop"), within=60)
        sent += (last := service.send("fails.delay('the last')"))
        eventually(lambda: any(one.job_id == last[0] for one in occurrences()), within=60)
    assert sorted(one.job_id or "" for one in occurrences()) == sorted(sent)


def test_a_short_absence_of_ours_loses_nothing(committed: Flask, settings: Settings, keeping: Service) -> None:
    outage(keeping, settings, 5)


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_ten_minutes_of_our_absence_lose_nothing(committed: Flask, settings: Settings, keeping: Service) -> None:
    outage(keeping, settings, 600)
