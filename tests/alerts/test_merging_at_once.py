"""Merging while failures come in and others merge: one wins, nothing deadlocks, every failure is counted."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from console.alerts import actions, queries
from console.alerts.models import Alert, AlertMerge, Occurrence
from console.alerts.queries import merges
from console.alerts.rules.states import Status
from console.infra import clock
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.infra.transaction import unit
from tests.alerts.making import ADA, OLU, failure
from tests.alerts.test_concurrency import at_once

CAUSES = 6


@pytest.fixture
def ids(committed: Flask) -> list[int]:
    """One alert for each of a few causes, of services that sort apart."""
    now = clock.now()
    with unit():
        failures = [failure(now, service=f"s{n % 3}", fingerprint=f"cause-{n}") for n in range(CAUSES)]
        return list(actions.ingest(failures, at=now).alerts)


def tried(work: object, *args: object, **given: object) -> bool:
    try:
        work(*args, **given)  # type: ignore[operator]
    except (Conflict, NotFound):
        return False
    return True


def test_of_two_that_merge_each_into_the_other_one_wins(committed: Flask, ids: list[int]) -> None:
    pairs = [(ids[0], ids[1]), (ids[1], ids[0])]

    def work(n: int) -> bool:
        target, child = pairs[n % 2]
        return tried(actions.merge, target, [child], by=OLU, at=clock.now())

    assert sum(map(bool, at_once(committed, work))) == 1
    assert db.session.scalar(select(func.count()).select_from(AlertMerge)) == 1


def test_a_ring_of_merges_never_closes(committed: Flask, ids: list[int]) -> None:
    def work(n: int) -> bool:
        return tried(actions.merge, ids[n % CAUSES], [ids[(n + 1) % CAUSES]], by=OLU, at=clock.now())

    done = at_once(committed, work, CAUSES)
    standing = db.session.scalars(select(Alert).where(Alert.status != Status.MERGED)).all()
    assert len(standing) == CAUSES - done.count(True) >= 1
    assert sorted(member for alert in standing for member in merges.family(alert.id)) == sorted(ids)
    assert sum(alert.count for alert in standing) == CAUSES


def test_failures_that_come_while_alerts_are_merged_are_all_counted(committed: Flask, ids: list[int]) -> None:
    sent = 0

    def send(number: int) -> int:
        now = clock.now()
        causes = [(number + n) % CAUSES for n in range(CAUSES)]
        batch = [failure(now, service=f"s{n % 3}", fingerprint=f"cause-{n}") for n in causes for _ in range(5)]
        return actions.ingest(batch, at=now).accepted

    def rearrange(number: int) -> bool:
        by, now, child = ADA, clock.now(), ids[1 + number % (CAUSES - 1)]
        if number % 2:
            return tried(actions.merge, ids[0], [child], by=by, at=now)
        return tried(actions.unmerge, ids[0], child, by=by, at=now)

    def one(number: int) -> int:
        with committed.app_context(), unit():
            if number % 3:
                return send(number)
            rearrange(number // 3)
            return 0

    with ThreadPoolExecutor(8) as pool:
        sent = sum(pool.map(one, range(90)))
    assert sent == 60 * 30
    assert db.session.scalar(select(func.count()).select_from(Occurrence)) == sent + CAUSES
    for alert_id in ids:
        family = merges.family(alert_id)
        rows = select(func.count()).where(Occurrence.alert_id.in_(family))
        assert queries.get(alert_id).count == db.session.scalar(rows)
