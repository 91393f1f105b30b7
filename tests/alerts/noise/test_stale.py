"""Open alerts of which nothing was heard for long are closed, if somebody asked for that, and never what stands."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.actions import stale
from console.alerts.models import Alert, AlertOpening
from console.alerts.rules.noise import NoiseRules
from console.alerts.rules.states import Severity, Status
from console.audit.models import AuditEntry
from console.infra import jobs
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.jobs import Job, JobState, run
from console.infra.transaction import unit
from console.worker.schedules import SCHEDULES
from tests.alerts.making import ADA, OLU, alert, failure
from tests.conftest import NOON, Clock

FORTNIGHT = timedelta(days=14)


def ask_for(at: Any, days: int | None = 14, **services: int | None) -> None:
    actions.put_noise_rules(NoiseRules(stale_days=days, stale_services=services), by=ADA, at=at)


def close(at: Any) -> int:
    """All batches of all severities."""
    closed = 0
    for severity in Severity:
        place: stale.Place | None = None
        while True:
            place, more = actions.close_stale(severity, place, at=at)
            closed += more
            if place is None:
                break
    return closed


def test_nothing_is_closed_until_somebody_asks(db_session: Session, clock: Clock) -> None:
    alert(NOON - timedelta(days=400))
    assert close(clock.at) == 0


def test_what_was_silent_for_long_is_closed_and_says_why(db_session: Session, clock: Clock) -> None:
    old, young = alert(NOON - FORTNIGHT), alert(NOON - FORTNIGHT + timedelta(seconds=1), task="young")
    ask_for(clock.at)
    assert close(clock.at) == 1
    assert (old.status, young.status) == (Status.RESOLVED, Status.OPEN)
    newest = queries.history(old.id, limit=1).items[0]
    assert (newest.event, newest.by, newest.why) == ("resolved", "console", "stale: no failure for 14 days")
    (opening,) = db_session.scalars(select(AlertOpening).where(AlertOpening.alert_id == old.id))
    assert (opening.stale, opening.by_hand) == (True, False)
    db_session.commit()
    entry = db_session.scalars(select(AuditEntry).where(AuditEntry.action == "alerts.closed_stale")).one()
    assert entry.details["alerts"] == [old.id]


@pytest.mark.parametrize("source", ["heartbeat", "alertmanager"])
def test_what_its_sender_has_not_taken_back_stands(db_session: Session, clock: Clock, source: str) -> None:
    found = alert(NOON - timedelta(days=90), source=source)
    ask_for(clock.at, 1)
    assert close(clock.at) == 0
    assert found.status is Status.OPEN


def test_what_somebody_has_is_theirs(db_session: Session, clock: Clock) -> None:
    mine, asleep = (alert(NOON - timedelta(days=90), task=task) for task in ("mine", "asleep"))
    actions.acknowledge(mine, by=OLU, at=NOON - timedelta(days=89))
    actions.snooze(asleep, NOON + timedelta(days=1), by=OLU, at=NOON - timedelta(days=89))
    ask_for(clock.at)
    assert close(clock.at) == 0


def test_old_failures_that_came_only_now_are_no_silence(db_session: Session, clock: Clock) -> None:
    """A backlog says when each occurred; what counts is that it was heard."""
    done = actions.ingest([failure(NOON - timedelta(days=60))], at=NOON - timedelta(hours=1))
    ask_for(clock.at)
    assert close(clock.at) == 0
    assert queries.get(done.alerts[0]).status is Status.OPEN


def test_a_service_may_say_otherwise(db_session: Session, clock: Clock) -> None:
    ages = {"billing": 20, "search": 20, "documents": 20, "eager": 2}
    found = {name: alert(NOON - timedelta(days=days), service=name) for name, days in ages.items()}
    ask_for(clock.at, 14, billing=30, search=None, eager=1)
    assert close(clock.at) == 2
    assert {name for name, each in found.items() if each.status is Status.RESOLVED} == {"documents", "eager"}


def test_batches_go_on_behind_what_stands(db_session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "BATCH", 3)
    for n in range(4):
        alert(NOON - timedelta(days=90 - n), task=f"stands{n}", source="heartbeat")
    for n in range(7):
        alert(NOON - timedelta(days=50 - n), task=f"stale{n}")
    ask_for(clock.at)
    assert close(clock.at) == 7
    assert close(clock.at) == 0


def test_it_fails_again_and_is_open_again(db_session: Session, clock: Clock) -> None:
    found = alert(NOON - timedelta(days=30))
    ask_for(clock.at)
    close(clock.at)
    alert(clock.at)
    db_session.expire_all()
    assert (found.status, found.reopened_count) == (Status.OPEN, 1)


@pytest.mark.parametrize("name", ["close-stale", "count-insights"])
def test_the_clock_asks_for_it(committed: Flask, clock: Clock, name: str) -> None:
    assert committed
    with unit():
        alert(NOON - timedelta(days=30))
        ask_for(clock.at)
    job: Callable[..., Any] = next(each.job for each in SCHEDULES if each.name == name)
    with unit():
        asked = jobs.request(job, by=SYSTEM).id
    run.perform(asked, worker="w1")
    done = db.session.get(Job, asked)
    assert done is not None
    assert done.state == JobState.SUCCEEDED
    expected = {"close-stale": {"closed": 1}, "count-insights": {"counted": ["24h", "7d", "30d", "response"]}}
    assert done.result == expected[name]
    if name == "close-stale":
        assert db.session.scalars(select(Alert.status)).all() == [Status.RESOLVED]
