"""What is seen of Celery with a real worker, with and without a prefix of its keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.queues.client import look_at_celery
from tests.elsewhere import Elsewhere, elsewhere
from tests.queues.celery.service import Service, eventually


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with elsewhere(tmp_path) as other:
        made = Service(other, tmp_path)
        yield made
        made.end()


def waiting(other: Elsewhere) -> dict[str, int]:
    with other.client() as redis:
        return {queue.name: queue.waiting for queue in look_at_celery(redis).queues}


def test_a_real_worker_is_announced_and_what_it_took_is_counted(service: Service) -> None:
    service.send("sleeps.delay(60), sleeps.delay(60), fine.apply_async((1,), priority=9)")
    assert waiting(service.redis) == {"celery": 3}
    service.worker("w1")
    eventually(lambda: waiting(service.redis) == {"celery": 0})
    with service.redis.client() as redis:
        seen = look_at_celery(redis)
    (queue,) = seen.queues
    assert seen.announced == 1
    assert (queue.running, queue.oldest_at, queue.in_rate, queue.out_rate, queue.failed) == (None,) * 5


def test_an_empty_redis_shows_the_default_queue(service: Service) -> None:
    with service.redis.client() as redis:
        seen = look_at_celery(redis, prefix="shop:")
    assert [(queue.name, queue.waiting, queue.running) for queue in seen.queues] == [("celery", 0, None)]
    assert seen.announced == 0
