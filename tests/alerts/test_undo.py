"""Changes of many alerts: undone exactly, asked about when the number moved, made by a job when they are too many."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.accounts.models import User
from console.alerts import actions, jobs, queries
from console.alerts.actions import Order
from console.alerts.models import Alert, BulkChange, BulkEntry
from console.alerts.queries import AlertFilter
from console.alerts.rules.states import Severity, Status
from console.alerts.views import selection
from console.infra import jobs as engine
from console.infra.db import db
from console.infra.errors import Conflict
from console.infra.jobs import run
from tests.alerts.making import ADA, OLU, alert, words
from tests.alerts.silences.making import silence
from tests.conftest import Cast, Clock, SignIn

As = Callable[[str], FlaskClient]


@pytest.fixture
def five(db_session: Session, clock: Clock) -> list[Alert]:
    """Open, Olu's acknowledged, snoozed, open, resolved."""
    made = [alert(clock.at, message=word) for word in ("apple", "brick", "cloud", "drum", "eagle")]
    actions.acknowledge(made[1], by=OLU, at=clock.at)
    actions.snooze(made[2], clock.at + timedelta(hours=1), by=OLU, at=clock.at)
    actions.resolve(made[4], by=OLU, at=clock.at)
    return made


def change_of(found: int | None) -> BulkChange:
    assert found is not None
    return queries.bulk_for_change(found)


def undo(change: BulkChange, clock: Clock) -> None:
    actions.begin_undo(change, at=clock.at)
    while actions.undo_step(change, by=ADA, at=clock.at):
        pass


def look(alerts: list[Alert]) -> list[tuple[object, ...]]:
    db.session.flush()
    db.session.expire_all()
    return [(a.status, a.assignee, a.acknowledged_by, a.snoozed_until, a.resolved_at, a.before_snooze) for a in alerts]


@pytest.mark.parametrize(
    ("order", "event"),
    [
        (Order("acknowledge"), "unacknowledged"),
        (Order("unacknowledge"), "acknowledged"),
        (Order("unsnooze"), "snoozed"),
        (Order("resolve"), "unresolved"),
        (Order("assign", user=ADA.label), "assigned"),
    ],
)
def test_an_undo_leaves_all_as_it_was(five: list[Alert], clock: Clock, order: Order, event: str) -> None:
    before = look(five)
    done = actions.move_all([one.id for one in five], order, by=ADA, at=clock.at)
    assert done.changed > 0
    assert look(five) != before
    change = change_of(done.id)
    undo(change, clock)
    assert look(five) == before
    assert change.undone == done.changed
    assert event in {word for one in five for word in words(one.id)[-2:]} | {"assigned"}


def test_what_comes_alive_again_is_silenced_as_before(five: list[Alert], clock: Clock) -> None:
    held = silence(clock.at, "service = documents")
    look(five)
    assert [a.silence_id for a in five] == [held.id] * 4 + [None]
    done = actions.bulk(AlertFilter(), Order("resolve"), expect=5, by=ADA, at=clock.at)
    look(five)
    assert [a.silence_id for a in five] == [None] * 5
    undo(change_of(done.id), clock)
    look(five)
    assert [a.silence_id for a in five] == [held.id] * 4 + [None]


def test_a_snooze_is_undone(five: list[Alert], clock: Clock) -> None:
    before = look(five)
    done = actions.move_all([five[0].id], Order("snooze", clock.at + timedelta(hours=2)), by=ADA, at=clock.at)
    undo(change_of(done.id), clock)
    assert look(five) == before
    assert words(five[0].id)[-1] == "unsnoozed"


def test_what_was_touched_since_is_left_alone(five: list[Alert], clock: Clock) -> None:
    done = actions.move_all([five[0].id, five[3].id], Order("resolve"), by=ADA, at=clock.at)
    alert(clock.advance(minutes=1), message="apple")
    change = change_of(done.id)
    undo(change, clock)
    assert (change.changed, change.undone) == (2, 1)
    assert [one[0] for one in look([five[0], five[3]])] == [Status.OPEN, Status.OPEN]
    assert [words(one.id)[-1] for one in (five[0], five[3])] == ["reopened", "unresolved"]


def test_it_is_undone_once(five: list[Alert], clock: Clock) -> None:
    change = change_of(actions.move_all([five[0].id], Order("resolve"), by=ADA, at=clock.at).id)
    undo(change, clock)
    with pytest.raises(Conflict, match="already"):
        actions.begin_undo(change, at=clock.at)


@pytest.fixture
def as_(five: list[Alert], client: FlaskClient, cast: Cast, sign_in: SignIn) -> As:
    people: dict[str, User] = {"olu": cast.olu, "vi": cast.vi}
    return lambda who: sign_in(client, people[who])


def ids(alerts: list[Alert]) -> list[str]:
    return [str(one.id) for one in alerts]


def test_the_page_offers_to_undo_and_says_how_many_it_did(as_: As, five: list[Alert], clock: Clock) -> None:
    olu = as_("olu")
    fragment = {"HX-Request": "true"}
    done = olu.post("/alerts/selection", data={"ids": ids(five), "action": "resolve"}, headers=fragment)
    assert "4 alerts resolved. 1 left as they were" in done.text
    url = f"/alerts/bulk/{db.session.scalars(select(BulkChange.id)).one()}/undo"
    assert url in done.text
    actions.unresolve(queries.get_for_change(five[0].id), by=ADA, at=clock.at)
    db.session.commit()
    assert "3 alerts put back. 1 left as it is: changed since." in olu.post(url, headers=fragment).text
    again = olu.post(url, headers=fragment)
    assert (again.status_code, "undone already" in again.text) == (409, True)
    assert as_("vi").post(url).status_code == 403


def test_another_number_is_asked_about_with_what_is_true_now(as_: As, five: list[Alert]) -> None:
    olu = as_("olu")
    moved = olu.post("/alerts/selection", data={"all": "2", "action": "resolve"}, headers={"HX-Request": "true"})
    assert (moved.status_code, moved.headers["HX-Retarget"]) == (409, "#ask-body")
    assert "3 alerts match now" in moved.text
    assert "You were shown 2. 1 more has come since" in moved.text
    assert look(five)[0][0] is Status.OPEN
    assert 'name="all" value="3"' in moved.text
    assert olu.post("/alerts/selection", data={"all": "3", "action": "resolve", "sure": "yes"}).status_code == 303
    assert look(five)[0][0] is Status.RESOLVED


def test_whom_to_give_them_to_is_asked(as_: As, five: list[Alert]) -> None:
    olu = as_("olu")
    asked = olu.post("/alerts/selection", data={"ids": ids(five[:2]), "action": "assign"})
    assert (asked.status_code, "Who takes 2 alerts?" in asked.text) == (200, True)
    given = {"ids": ids(five[:2]), "action": "assign", "user": "ada@example.com", "sure": "yes"}
    assert olu.post("/alerts/selection", data=given).status_code == 303
    assert [one[1] for one in look(five[:2])] == ["ada@example.com"] * 2
    nobody = olu.post("/alerts/selection", data=given | {"user": "eve@example.com"})
    assert nobody.status_code == 422


def test_a_retry_is_asked_with_the_number_of_jobs(as_: As, five: list[Alert]) -> None:
    asked = as_("olu").post("/alerts/selection", data={"ids": ids(five), "action": "retry"})
    assert (asked.status_code, "No job can be retried" in asked.text) == (200, True)


def test_many_are_changed_and_put_back_by_jobs(committed: Flask, clock: Clock) -> None:
    made = [alert(clock.at, message=f"word {chr(97 + n)}", severity=Severity.ERROR) for n in range(7)]
    db.session.commit()
    wanted = queries.matching_ids(AlertFilter(), clock.at, cap=10)
    change = actions.prepare_bulk(wanted, Order("resolve"), by=ADA, at=clock.at)
    job = engine.request(jobs.change_many, change.id, by=ADA)
    db.session.commit()
    assert [one.id for one in queries.under_way()] == [change.id]
    late = alert(clock.at, message="came later")
    db.session.commit()
    run.perform(job.id, worker="w1")
    db.session.expire_all()
    assert {one.status for one in map(queries.get, wanted)} == {Status.RESOLVED}
    assert queries.get(late.id).status is Status.OPEN
    assert (change.changed, change.finished_at is None) == (len(made), False)
    actions.begin_undo(queries.bulk_for_change(change.id), at=clock.at)
    again = engine.request(jobs.undo_many, change.id, by=ADA)
    db.session.commit()
    run.perform(again.id, worker="w1")
    db.session.expire_all()
    assert {one.status for one in map(queries.get, wanted)} == {Status.OPEN}
    assert (change.undone, db.session.scalars(select(BulkEntry)).all()) == (len(made), [])


def test_the_page_hands_many_to_a_job(as_: As, five: list[Alert], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "AT_ONCE", 2)
    olu = as_("olu")
    answer = olu.post("/alerts/selection", data={"all": "3", "action": "resolve"}, headers={"HX-Request": "true"})
    assert "3 alerts are being resolved" in answer.text
    assert "<strong>0 of 3 alerts</strong>" in answer.text
    change = db.session.scalars(select(BulkChange)).one()
    assert f"/queues/jobs/{change.job_id}" in answer.text
    early = olu.post(f"/alerts/bulk/{change.id}/undo")
    assert (early.status_code, "still under way" in early.text) == (409, True)
