"""Merges as programs make and undo them."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from console.alerts import actions
from console.infra.actor import Scope
from console.infra.db import db
from tests.alerts.calling import Api, pointers, problem
from tests.alerts.making import failure, noise
from tests.conftest import Clock

Token = Callable[..., str]


@pytest.fixture
def api(client: FlaskClient, token: Token, clock: Clock) -> Api:
    return Api(client, token(Scope.READ, Scope.WRITE, Scope.INGEST, name="deploys"))


@pytest.fixture
def ids(api: Api, clock: Clock) -> tuple[int, ...]:
    noise(clock.at)
    causes = [failure(clock.at, fingerprint=name) for name in ("a", "b", "c")]
    found = actions.ingest(causes, at=clock.at).alerts
    db.session.commit()
    return found


def test_they_are_made_listed_shown_and_undone(api: Api, ids: tuple[int, ...]) -> None:
    a, b, c = ids
    made = api.post(f"/alerts/{a}/merges", {"alerts": [b, c]})
    assert made.status_code == 201, made.text
    assert {item["alert"] for item in made.get_json()["items"]} == {b, c}
    assert api.get(f"/alerts/{a}/merges").get_json() == made.get_json()
    one = api.get(f"/alerts/{a}/merges/{b}").get_json()
    assert (one["into"], one["status"], one["count"], one["merged_by"]) == (a, "open", 1, "deploys")
    assert api.get(f"/alerts/{a}").get_json()["count"] == 3
    back = api.delete(f"/alerts/{a}/merges/{b}")
    assert (back.status_code, back.get_json()["id"], back.get_json()["status"]) == (200, b, "open")
    assert [item["alert"] for item in api.get(f"/alerts/{a}/merges").get_json()["items"]] == [c]
    assert api.get(f"/alerts/{a}").get_json()["count"] == 2


def test_a_merged_alert_says_where_it_went(api: Api, ids: tuple[int, ...]) -> None:
    a, b, _ = ids
    api.post(f"/alerts/{a}/merges", {"alerts": [b]})
    told = api.get(f"/alerts/{b}").get_json()
    assert (told["status"], told["merged_into"], told["count"]) == ("merged", a, 1)
    assert api.get(f"/alerts/{a}").get_json()["merged_into"] is None
    assert f"into #{a}" in problem(api.post(f"/alerts/{b}/acknowledgement"), 409)["detail"]
    assert b not in [item["id"] for item in api.get("/alerts").get_json()["items"]]
    assert api.get(f"/alerts/{b}/history").get_json()["items"][0]["event"] == "merged"


def test_a_failure_of_the_merged_cause_is_answered_with_the_target(api: Api, ids: tuple[int, ...]) -> None:
    a, b, _ = ids
    api.post(f"/alerts/{a}/merges", {"alerts": [b]})
    sent = api.post("/failures", {"service": "documents", "task": "t", "fingerprint": "b"})
    assert sent.get_json()["alerts"] == [a]
    assert api.get(f"/alerts/{a}").get_json()["count"] == 3


def test_what_makes_no_sense_is_refused(api: Api, ids: tuple[int, ...]) -> None:
    a, b, c = ids
    api.post(f"/alerts/{a}/merges", {"alerts": [b]})
    problem(api.post(f"/alerts/{a}/merges", {"alerts": [a]}), 409)
    problem(api.post(f"/alerts/{a}/merges", {"alerts": [b]}), 409)
    problem(api.post(f"/alerts/{b}/merges", {"alerts": [c]}), 409)
    problem(api.post(f"/alerts/{a}/merges", {"alerts": [987_654]}), 404)
    problem(api.post("/alerts/987654/merges", {"alerts": [a]}), 404)
    problem(api.delete(f"/alerts/{a}/merges/{c}"), 404)
    problem(api.get(f"/alerts/{c}/merges/{b}"), 404)
    assert pointers(api.post(f"/alerts/{a}/merges", {"alerts": []})) == ["/alerts"]
    assert pointers(api.post(f"/alerts/{a}/merges", {"alerts": [0]})) == ["/alerts/0"]


def test_reading_is_not_merging(client: FlaskClient, token: Token, ids: tuple[int, ...]) -> None:
    reader = Api(client, token(Scope.READ, name="looks"))
    problem(reader.post(f"/alerts/{ids[0]}/merges", {"alerts": [ids[1]]}), 403)
    problem(reader.delete(f"/alerts/{ids[0]}/merges/{ids[1]}"), 403)
    assert reader.get(f"/alerts/{ids[0]}/merges").get_json() == {"items": [], "next_cursor": None}
