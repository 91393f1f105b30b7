"""Many at once: nothing is counted twice, nothing deadlocks, nothing is half stored."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from console.alerts import actions, queries
from console.alerts.models import Alert, AlertHistory, Occurrence
from console.alerts.queries import AlertFilter
from console.alerts.rules.states import Severity
from console.infra import clock
from console.infra.db import db
from console.infra.errors import Conflict
from console.infra.transaction import unit
from tests.alerts.making import ADA, failure

CLIENTS = 8


def at_once(app: Flask, work: Callable[[int], object], times: int = CLIENTS) -> list[object]:
    """Run `work` in as many threads, each in a transaction of its own; raises what any of them raised."""

    def one(number: int) -> object:
        with app.app_context(), unit():
            return work(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def total(column: object = func.count(), model: type = Occurrence) -> int:
    return db.session.scalar(select(column).select_from(model)) or 0  # type: ignore[call-overload]


def test_the_same_event_from_eight_clients_is_one_occurrence(committed: Flask) -> None:
    now = clock.now()
    done = at_once(committed, lambda _: actions.ingest([failure(now, event_id="e-1")], at=now))
    assert sorted(result.accepted for result in done) == [0] * 7 + [1]  # type: ignore[attr-defined]
    assert len({result.alerts for result in done}) == 1  # type: ignore[attr-defined]
    assert total() == 1
    assert db.session.scalar(select(Alert.count)) == 1
    assert total(model=AlertHistory) == 1


def test_overlapping_batches_in_any_order_do_not_deadlock(committed: Flask) -> None:
    now = clock.now()

    def batch(number: int) -> int:
        random.seed(number)
        failures = [
            failure(
                now,
                message=f"cause {chr(97 + n % 20)}",
                event_id=f"{n}",
                severity=random.choice(list(Severity)),  # noqa: S311 - any will do
            )
            for n in range(200)
        ]
        random.shuffle(failures)
        return actions.ingest(failures, at=now).accepted

    accepted = at_once(committed, batch)
    assert sum(accepted) == 200  # type: ignore[arg-type]
    assert total() == 200
    assert total(func.sum(Alert.count), Alert) == 200
    assert total(model=Alert) == 20


def test_triage_in_bulk_and_ingest_do_not_deadlock(committed: Flask) -> None:
    now = clock.now()
    causes = [failure(now, fingerprint=f"cause-{n}", service=f"s{n % 3}") for n in range(60)]
    with unit():
        actions.ingest(causes, at=now)

    def work(number: int) -> object:
        if number % 2:
            mixed = random.Random(number).sample(causes, len(causes))  # noqa: S311 - any order will do
            return actions.ingest(mixed, at=now)
        order = actions.Order("assign", user=f"{number}@example.com")
        return actions.bulk(AlertFilter(), order, expect=60, by=ADA, at=now)

    at_once(committed, work)
    assert total(func.sum(Alert.count), Alert) == 60 * 5


def test_of_two_who_acknowledge_one_wins(committed: Flask) -> None:
    now = clock.now()
    with unit():
        [alert_id] = actions.ingest([failure(now)], at=now).alerts

    def acknowledge(_: int) -> bool:
        try:
            actions.acknowledge(queries.get_for_change(alert_id), by=ADA, at=now)
        except Conflict:
            return False
        return True

    assert sum(at_once(committed, acknowledge)) == 1  # type: ignore[arg-type]


def test_a_week_is_made_once(committed: Flask) -> None:
    far = datetime.fromisoformat("2033-05-05T05:00:00+00:00")
    at_once(committed, lambda _: actions.ingest([failure(far)], at=far))
    assert total() == CLIENTS


@pytest.mark.parametrize("half", [True, False])
def test_what_fails_half_way_stores_nothing(committed: Flask, *, half: bool) -> None:
    now = clock.now()

    class Broken(RuntimeError):
        pass

    def report() -> None:
        with unit():
            actions.ingest([failure(now, event_id="e-1")] * (2 if half else 1), at=now)
            raise Broken

    with pytest.raises(Broken):
        report()
    assert total() == total(model=Alert) == 0
    with unit():
        assert actions.ingest([failure(now, event_id="e-1")], at=now).accepted == 1
