"""Each attempt keeps its own number, although the result backend is ahead of what was heard."""

import json
from typing import Any

import pytest
from flask import Flask

from console.alerts.models import Occurrence
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.brokers import parse
from console.infra.db import db
from console.queues import actions, queries
from console.queues.jobs.celery.telling import Teller
from console.queues.rules.brokers import Kind
from console.queues.rules.celery import TaskEvent, read_result
from tests.queues.celery.test_rules import RETRIED, event

URL = "redis://127.0.0.1:7001/0"
ZERO = "ZeroDivisionError('division by zero')"


@pytest.fixture
def teller(app: Flask) -> Teller:
    wanted = actions.BrokerWanted(kind=Kind.CELERY, service="shop", url=URL, address=parse(URL))
    actions.put_broker("shop", wanted, by=SYSTEM, at=clock.now())
    return Teller(db.session(), queries.get_watched("shop"), clock.now())


def attempt(number: int) -> list[TaskEvent]:
    """It begins, and asks for the next one with the same text each time."""
    at = clock.now()
    began = event("task-received", name="shop.tries", args="()", kwargs="{}", retries=number, at=at)
    return [began, event("task-retried", exception=ZERO, traceback=RETRIED, at=at)]


def kept(retries: int) -> dict[str, Any]:
    """The backend holds the newest attempt only."""
    meta = {
        "status": "RETRY", "traceback": RETRIED, "retries": retries, "name": "shop.tries", "args": [], "kwargs": {},
        "result": {"exc_type": "ZeroDivisionError", "exc_message": ["division by zero"], "exc_module": "builtins"},
    }  # fmt: skip
    return {"u": read_result("u", json.dumps(meta).encode())}


def told() -> list[str | None]:
    return sorted(one.event_id for one in db.session.query(Occurrence))  # type: ignore[type-var]


def test_heard_late_each_is_told(teller: Teller) -> None:
    for number in range(3):
        teller.events(attempt(number), kept(2))
    assert told() == ["u-0", "u-1", "u-2"]


def test_heard_late_in_one_batch_each_is_told(teller: Teller) -> None:
    teller.events([one for number in range(3) for one in attempt(number)], kept(2))
    assert told() == ["u-0", "u-1", "u-2"]


def test_after_a_gap_the_result_says_which_it_was(teller: Teller) -> None:
    teller.events(attempt(0), kept(0))
    teller.events(attempt(4), kept(4))
    assert told() == ["u-0", "u-4"]
