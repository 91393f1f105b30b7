"""The README's signal handler and our consumer beside each other: every attempt counts once."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import make_server

from console.accounts.actions import create_token
from console.infra.actor import SYSTEM, Scope
from console.infra.db import db
from console.infra.transaction import unit
from console.queues.models import CeleryTask
from tests.elsewhere import Elsewhere
from tests.queues.celery.service import Service, eventually, following, occurrences, watch

README = Path(__file__).parent.parent.parent.parent / "README.md"
SNIPPET = re.compile(r"<!-- snippet: (\S+) -->\n```python\n(.*?)```", re.DOTALL)
EVERY = (
    "tries.delay(), fails.delay(1, token='hunter2'), dies.delay(), endless.delay(), rejects.delay(), too_slow.delay()"
)


@pytest.fixture
def reporting(shop: Flask, redis: Elsewhere, tmp_path: Path) -> Iterator[Service]:
    """A service with the handler, whose reports reach a server of ours."""
    with unit():
        _, secret = create_token("my-service", [Scope.INGEST], by=SYSTEM)
    for name, code in SNIPPET.findall(README.read_text()):
        (tmp_path / name).write_text(code)
    server = make_server("127.0.0.1", 0, shop, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    own = {"CONSOLE_URL": f"http://127.0.0.1:{server.port}", "CONSOLE_TOKEN": secret, "REPORT": "1"}
    with redis.client() as client:
        client.flushall()
    made = Service(redis, tmp_path, own | {"RESULTS": redis.url_of(1)})
    made.worker()
    yield made
    made.end()
    server.shutdown()
    thread.join()
    server.server_close()
    db.session.remove()


def noted(uuid: str) -> bool:
    """Whether our consumer has seen the end of a task."""
    with unit() as session:
        row = session.get(CeleryTask, ("shop", uuid))
        return row is not None and row.done


def test_each_attempt_counts_once_whoever_tells_it(shop: Flask, reporting: Service) -> None:
    broker = watch(reporting.redis, result_db=1)
    with following(shop, broker):
        uuids = reporting.send(EVERY)
        eventually(lambda: all(map(noted, uuids)))
    # Read once more from the results, by a consumer that heard nothing.
    with following(shop, broker):
        [last] = reporting.send("fails.delay('the last')")
        eventually(lambda: noted(last))
        found = occurrences()
    counted = sorted((one.task.removeprefix("shop."), one.retries, one.will_retry) for one in found)
    assert counted == [
        ("dies", 0, False),
        ("endless", 0, True),
        ("endless", 1, False),
        ("fails", 0, False),
        ("fails", 0, False),
        ("rejects", 0, False),
        ("too_slow", 0, False),
        ("tries", 0, True),
        ("tries", 1, True),
        ("tries", 2, False),
    ]
    fails = next(one for one in found if one.task == "shop.fails")
    assert (fails.args, fails.queue, fails.worker) == ([1], "celery", "w1@shop")
    assert len({one.alert_id for one in found if one.task == "shop.fails"}) == 1


def test_both_paths_group_alike(shop: Flask, reporting: Service) -> None:
    """The handler's failures and those of a worker without it are one alert for each cause."""
    broker = watch(reporting.redis, result_db=1)
    with following(shop, broker):
        uuids = reporting.send(EVERY)
        eventually(lambda: all(map(noted, uuids)))
        reporting.end()
        del reporting.environment["REPORT"]
        reporting.worker("w2")
        uuids = reporting.send(EVERY)
        eventually(lambda: all(map(noted, uuids)))
        found = occurrences()
    of_task: dict[tuple[str, bool], set[int]] = {}
    for one in found:
        of_task.setdefault((one.task, one.will_retry), set()).add(one.alert_id)
    assert len(found) == 18
    assert {key: len(ids) for key, ids in of_task.items()} == dict.fromkeys(of_task, 1)
