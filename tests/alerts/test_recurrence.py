"""The same failure again: what it does to an alert that somebody has acted on."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.models import Alert
from console.alerts.rules.states import Severity, Status
from console.infra import events
from tests.alerts.making import ADA, alert, failure, words
from tests.conftest import Clock


def snoozed(at: Clock, **fields: object) -> Alert:
    found = alert(at.at, **fields)
    actions.snooze(found, at.at + timedelta(hours=1), by=ADA, at=at.at)
    return found


def test_it_leaves_an_acknowledged_alert_acknowledged(db_session: Session, clock: Clock) -> None:
    found = alert(clock.at)
    actions.acknowledge(found, by=ADA, at=clock.at)
    again = alert(clock.advance(minutes=1))
    assert (again.status, again.count, again.acknowledged_by) == (Status.ACKNOWLEDGED, 2, ADA.label)


def test_it_leaves_a_snoozed_alert_snoozed(db_session: Session, clock: Clock) -> None:
    found = snoozed(clock)
    again = alert(clock.advance(minutes=1))
    assert (again.id, again.status, again.count) == (found.id, Status.SNOOZED, 2)


@pytest.mark.parametrize("verb", ["acknowledge", "snooze"])
def test_a_higher_severity_opens_again_and_says_why(db_session: Session, clock: Clock, verb: str) -> None:
    found = snoozed(clock) if verb == "snooze" else alert(clock.at)
    if verb == "acknowledge":
        actions.acknowledge(found, by=ADA, at=clock.at)
    again = alert(clock.advance(minutes=1), severity=Severity.CRITICAL)
    assert (again.status, again.severity, again.reopened_count) == (Status.OPEN, Severity.CRITICAL, 0)
    assert (again.acknowledged_by, again.acknowledged_at, again.snoozed_until) == (None, None, None)
    assert words(found.id)[-2:] == ["reopened", "raised"]
    reason = queries.history(found.id, limit=2).items[1].why
    assert "critical" in reason


def test_it_reopens_what_was_resolved(db_session: Session, clock: Clock) -> None:
    found = alert(clock.at, severity=Severity.CRITICAL)
    alert(clock.at)
    actions.acknowledge(queries.get_for_change(found.id), by=ADA, at=clock.at)
    actions.resolve(queries.get_for_change(found.id), by=ADA, at=clock.advance(minutes=1))
    at = clock.advance(minutes=1)
    actions.ingest([failure(at, severity=Severity.INFO)] * 3, at=at)
    again = queries.get(found.id)
    assert (again.status, again.severity) == (Status.OPEN, Severity.CRITICAL)
    assert (again.count, again.count_since_open, again.reopened_count) == (5, 3, 1)
    assert (again.opened_at, again.resolved_at, again.acknowledged_by) == (at, None, None)
    assert words(found.id)[-1] == "reopened"


def test_each_severity_of_a_batch_is_told(db_session: Session, clock: Clock) -> None:
    rising = [Severity.INFO, Severity.WARNING, Severity.INFO, Severity.CRITICAL]
    done = actions.ingest([failure(clock.at, severity=severity) for severity in rising], at=clock.at)
    assert words(done.alerts[0]) == ["opened", "raised", "raised"]
    assert queries.get(done.alerts[0]).severity is Severity.CRITICAL


def test_a_snooze_that_has_run_out_is_over_even_before_it_is_written_down(db_session: Session, clock: Clock) -> None:
    found = alert(clock.at)
    actions.acknowledge(found, by=ADA, at=clock.at)
    actions.snooze(found, clock.at + timedelta(minutes=5), by=ADA, at=clock.at)
    again = alert(clock.advance(minutes=5))
    assert (again.status, again.snoozed_until) == (Status.ACKNOWLEDGED, None)
    assert words(found.id)[-1] == "woke"


def test_it_tells_the_rooms_above(db_session: Session, clock: Clock) -> None:
    heard: list[tuple[int, str]] = []
    hook: events.Hook[Sequence[events.AlertChanged], None] = events.alert_changed
    hook.connect(listener := lambda changed: heard.extend((each.alert_id, each.event) for each in changed))
    try:
        found = alert(clock.at)
        alert(clock.at)
        actions.resolve(queries.get_for_change(found.id), by=ADA, at=clock.at)
        alert(clock.at)
    finally:
        hook._listeners.remove(listener)
    assert heard == [(found.id, "opened"), (found.id, "resolved"), (found.id, "reopened")]
