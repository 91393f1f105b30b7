"""What people do to alerts: the row, the history, the audit, and what makes no sense."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.models import Alert
from console.alerts.queries import AlertFilter
from console.alerts.rules.states import Status
from console.audit.models import AuditEntry
from console.infra.db import db
from console.infra.errors import Conflict, Invalid, NotFound
from tests.alerts.making import ADA, BOT, OLU, alert, noise, words
from tests.conftest import Clock


@pytest.fixture
def found(db_session: Session, clock: Clock) -> Alert:
    noise(clock.at)
    return alert(clock.at)


def test_a_person_who_acknowledges_takes_it(found: Alert, clock: Clock) -> None:
    actions.acknowledge(found, by=ADA, at=clock.advance(minutes=1))
    assert (found.status, found.acknowledged_by, found.acknowledged_at) == (Status.ACKNOWLEDGED, ADA.label, clock.at)
    assert found.assignee == ADA.label
    assert words(found.id) == ["opened", "acknowledged", "assigned"]


def test_a_token_that_acknowledges_takes_nothing(found: Alert, clock: Clock) -> None:
    actions.acknowledge(found, by=BOT, at=clock.at)
    assert (found.acknowledged_by, found.assignee) == (BOT.label, None)


def test_who_has_it_keeps_it(found: Alert, clock: Clock) -> None:
    actions.assign(found, OLU.label, by=ADA, at=clock.at)
    actions.acknowledge(found, by=ADA, at=clock.at)
    assert found.assignee == OLU.label


def test_it_can_be_taken_back(found: Alert, clock: Clock) -> None:
    actions.acknowledge(found, by=ADA, at=clock.at)
    actions.unacknowledge(found, by=ADA, at=clock.at)
    assert (found.status, found.acknowledged_by, found.acknowledged_at) == (Status.OPEN, None, None)


def test_a_resolution_can_be_taken_back_and_counts_stay(found: Alert, clock: Clock) -> None:
    actions.resolve(found, by=ADA, at=clock.at)
    assert found.resolved_at == clock.at
    actions.unresolve(found, by=ADA, at=clock.at)
    again = queries.get(found.id)
    assert (again.status, again.resolved_at, again.reopened_count, again.count) == (Status.OPEN, None, 0, 1)


def test_a_snooze_ends_early_in_the_state_before(found: Alert, clock: Clock) -> None:
    actions.acknowledge(found, by=ADA, at=clock.at)
    until = clock.at + timedelta(hours=1)
    actions.snooze(found, until, by=ADA, at=clock.at)
    assert (found.status, found.snoozed_until, found.acknowledged_by) == (Status.SNOOZED, until, ADA.label)
    actions.unsnooze(found, by=ADA, at=clock.at)
    assert (found.status, found.snoozed_until, found.acknowledged_by) == (Status.ACKNOWLEDGED, None, ADA.label)


@pytest.mark.parametrize("seconds", [0, -1, -(10**6)])
def test_a_snooze_into_the_past_is_invalid(found: Alert, clock: Clock, seconds: int) -> None:
    with pytest.raises(Invalid) as refused:
        actions.snooze(found, clock.at + timedelta(seconds=seconds), by=ADA, at=clock.at)
    assert refused.value.errors[0].pointer == "/until"
    assert found.status is Status.OPEN


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (actions.resolve, actions.acknowledge),
        (actions.acknowledge, actions.acknowledge),
        (actions.resolve, actions.resolve),
        (actions.acknowledge, actions.unsnooze),
        (actions.resolve, actions.unacknowledge),
        (actions.acknowledge, actions.unresolve),
    ],
)
def test_what_makes_no_sense_is_a_conflict(
    found: Alert, clock: Clock, first: Callable[..., None], second: Callable[..., None]
) -> None:
    first(found, by=ADA, at=clock.at)
    before = (found.status, words(found.id))
    with pytest.raises(Conflict):
        second(found, by=OLU, at=clock.at)
    assert (found.status, words(found.id)) == before


def test_assigning_to_the_same_person_changes_nothing(found: Alert, clock: Clock) -> None:
    actions.assign(found, OLU.label, by=ADA, at=clock.at)
    actions.assign(found, OLU.label, by=ADA, at=clock.at)
    assert words(found.id) == ["opened", "assigned"]
    actions.unassign(found, by=ADA, at=clock.at)
    assert found.assignee is None
    with pytest.raises(Conflict):
        actions.unassign(found, by=ADA, at=clock.at)


def test_a_note_stays_in_the_history(found: Alert, clock: Clock) -> None:
    actions.note(found, "  Template 31 is to blame. ", by=OLU, at=clock.at)
    row = queries.history(found.id, limit=1).items[0]
    assert (row.event, row.by, row.why) == ("noted", OLU.label, "Template 31 is to blame.")
    for text in ("", "  ", "x" * 10_001):
        with pytest.raises(Invalid):
            actions.note(found, text, by=OLU, at=clock.at)


def test_every_change_is_audited(found: Alert, clock: Clock) -> None:
    actions.acknowledge(found, by=ADA, at=clock.at)
    actions.resolve(found, by=ADA, at=clock.at)
    db.session.commit()
    kept = db.session.scalars(select(AuditEntry).where(AuditEntry.object_id == str(found.id)).order_by(AuditEntry.id))
    told = [(entry.action, entry.actor_label) for entry in kept]
    assert told == [(f"alert.{word}", ADA.label) for word in ("acknowledged", "assigned", "resolved")]


def test_history_cannot_be_rewritten(found: Alert) -> None:
    from sqlalchemy.exc import ProgrammingError

    row = queries.history(found.id, limit=1).items[0]
    row.why = "nothing happened"
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.session.flush()


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30, 999_999])
def test_an_unknown_alert_is_not_found(db_session: Session, number: int) -> None:
    with pytest.raises(NotFound):
        queries.get_for_change(number)


def test_a_snooze_wakes_by_itself(found: Alert, clock: Clock) -> None:
    actions.snooze(found, clock.at + timedelta(minutes=5), by=ADA, at=clock.at)
    assert actions.wake_due(at=clock.advance(minutes=4)) == 0
    assert actions.wake_due(at=clock.advance(minutes=1)) == 1
    assert (found.status, found.snoozed_until) == (Status.OPEN, None)
    assert words(found.id) == ["opened", "snoozed", "woke"]
    assert actions.wake_due(at=clock.at) == 0


def test_bulk_changes_what_matches_and_only_that(found: Alert, clock: Clock) -> None:
    others = [alert(clock.at, message=f"cause {n}") for n in "abc"]
    actions.acknowledge(others[0], by=OLU, at=clock.at)
    wanted = AlertFilter(services=("documents",), environments=("production",), since=clock.at - timedelta(hours=1))
    done = actions.bulk(wanted, actions.Order("acknowledge"), expect=4, by=ADA, at=clock.at)
    assert (done.matched, done.changed) == (4, 3)
    assert {queries.get(a.id).status for a in (found, *others)} == {Status.ACKNOWLEDGED}
    elsewhere = queries.recent(AlertFilter(services=("billing",)), clock.at, limit=5).items
    assert [a.status for a in elsewhere] == [Status.OPEN]


def test_bulk_does_nothing_when_the_number_has_moved(found: Alert, clock: Clock) -> None:
    with pytest.raises(Conflict, match="5 alerts match now, not 4"):
        actions.bulk(AlertFilter(), actions.Order("resolve"), expect=4, by=ADA, at=clock.at)
    assert queries.get(found.id).status is Status.OPEN


@pytest.mark.parametrize("action", ["snooze", "assign"])
def test_bulk_needs_what_the_verb_needs(found: Alert, clock: Clock, action: str) -> None:
    with pytest.raises(Invalid):
        actions.bulk(AlertFilter(), actions.Order(action), expect=5, by=ADA, at=clock.at)


def test_bulk_assigns_and_snoozes(found: Alert, clock: Clock) -> None:
    until = clock.at + timedelta(hours=1)
    for order in (actions.Order("assign", user=OLU.label), actions.Order("snooze", until=until)):
        assert actions.bulk(AlertFilter(), order, expect=5, by=ADA, at=clock.at).changed == 5
    assert (found.assignee, found.snoozed_until) == (OLU.label, until)


def test_picked_alerts_are_moved_together(found: Alert, clock: Clock) -> None:
    other = alert(clock.at, message="another")
    actions.resolve(other, by=OLU, at=clock.at)
    done = actions.move_all([found.id, other.id, 999_999], actions.Order("acknowledge"), by=ADA, at=clock.at)
    assert (done.matched, done.changed) == (2, 1)
