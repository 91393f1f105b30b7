"""Alerts over the API: reading, triage, bulk, who may."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from console.alerts import actions, queries
from console.alerts.models import Alert, BulkChange
from console.infra.actor import SYSTEM, Scope
from console.infra.db import db
from console.infra.events import RetryAnswer, RetryRequested, retry_requested
from tests.alerts.calling import Api, pointers, problem
from tests.alerts.making import alert, noise
from tests.conftest import Cast, Clock

FIELDS = {
    "id", "service", "environment", "task", "exception_type", "title", "severity", "status", "source", "fingerprint",
    "count", "count_since_open", "reopened_count", "first_seen", "last_seen", "assignee", "acknowledged_by",
    "acknowledged_at", "snoozed_until", "resolved_at", "runbook_url", "tags", "url",
}  # fmt: skip


@pytest.fixture
def api(client: FlaskClient, token: Callable[..., str], clock: Clock) -> Api:
    return Api(client, token(Scope.READ, Scope.WRITE, name="deploys"))


@pytest.fixture
def found(api: Api, clock: Clock) -> Alert:
    noise(clock.at)
    return alert(clock.at, tags={"customer": "acme"}, event_id="e-1", extra={"x": 1})


def items(api: Api, path: str, **query: Any) -> list[dict[str, Any]]:
    response = api.get(path, **query)
    assert response.status_code == 200, response.text
    listed: list[dict[str, Any]] = response.get_json()["items"]
    return listed


def test_it_shows_an_alert(api: Api, found: Alert) -> None:
    told = api.get(f"/alerts/{found.id}").get_json()
    assert set(told) == FIELDS | {"silenced", "silence_id", "flapping", "merged_into"}
    assert (told["status"], told["severity"], told["count"]) == ("open", "error", 1)
    assert told["first_seen"] == "2026-11-21T12:00:00Z"
    assert told["url"].endswith(f"/alerts/{found.id}")
    assert told["tags"] == {"customer": "acme"}


def test_it_lists_by_pages(api: Api, found: Alert) -> None:
    first = api.get("/alerts", limit=3).get_json()
    rest = api.get("/alerts", limit=3, cursor=first["next_cursor"]).get_json()
    assert [len(first["items"]), len(rest["items"]), rest["next_cursor"]] == [3, 2, None]
    assert first["items"][0]["id"] == found.id


@pytest.mark.parametrize(
    "query",
    [
        {"service": "documents", "since": "2026-11-21T00:00:00Z"},
        {"q": "tags.customer:acme"},
        {"status": "open,acknowledged", "severity": "error", "environment": "production", "q": "margins"},
        {"assignee": "none", "since": "2026-11-21T12:00:00"},
        {"service": ["documents", "shop"], "environment": ["production", "test"], "since": "2026-11-21T00:00:00Z"},
        {"assignee": ["none", "olu@example.com"], "status": ["open", "snoozed,acknowledged"], "q": "margins"},
        {"severity": ["error", "critical"], "q": "margins"},
    ],
)
def test_it_narrows(api: Api, found: Alert, query: dict[str, Any]) -> None:
    assert [told["id"] for told in items(api, "/alerts", **query)] == [found.id]


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ({"limit": "0"}, "/limit"),
        ({"limit": "201"}, "/limit"),
        ({"limit": "x"}, "/limit"),
        ({"cursor": "nonsense"}, "/cursor"),
        ({"status": "broken"}, "/status/0"),
        ({"severity": "error,worse"}, "/severity/1"),
        ({"since": "yesterday"}, "/since"),
        ({"q": "(a"}, "/q"),
        ({"q": "status:"}, "/q"),
        ({"service": "a\0"}, "/service"),
        ({"service": ["a", "b" * 501]}, "/service/1"),
        ({"service": [f"s{n}" for n in range(51)]}, "/service"),
        ({"q": ["a", "b"]}, "/q"),
        ({"limit": ["5", "6"]}, "/limit"),
    ],
)
def test_a_bad_parameter_is_told(api: Api, query: dict[str, Any], at: str) -> None:
    assert pointers(api.get("/alerts", **query)) == [at]


def test_bad_grammar_tells_the_position(api: Api) -> None:
    assert "position 4" in problem(api.get("/alerts", q="abc (d"), 422)["detail"]


def test_it_shows_occurrences_and_history(api: Api, found: Alert) -> None:
    [told] = items(api, f"/alerts/{found.id}/occurrences")
    assert (told["event_id"], told["severity"], told["extra"], told["will_retry"]) == ("e-1", "error", {"x": 1}, False)
    assert told["received_at"] == "2026-11-21T12:00:00Z"
    [row] = items(api, f"/alerts/{found.id}/history")
    assert (row["event"], row["from"], row["to"], row["by"]) == ("opened", None, "open", "console")


@pytest.mark.parametrize("path", ["", "/occurrences", "/history"])
@pytest.mark.parametrize("number", [0, 999_999, 2**70])
def test_an_unknown_alert_is_404(api: Api, path: str, number: int) -> None:
    problem(api.get(f"/alerts/{number}{path}"), 404)


def test_the_whole_life_of_an_alert(api: Api, found: Alert, clock: Clock) -> None:
    at = f"/alerts/{found.id}"
    told = api.post(f"{at}/acknowledgement").get_json()
    assert (told["status"], told["acknowledged_by"], told["assignee"]) == ("acknowledged", "deploys", None)
    problem(api.post(f"{at}/acknowledgement"), 409)
    problem(api.delete(f"{at}/snooze"), 409)
    until = (clock.at + timedelta(minutes=5)).isoformat()
    assert api.post(f"{at}/snooze", {"until": until}).get_json()["status"] == "snoozed"
    assert api.delete(f"{at}/snooze").get_json()["status"] == "acknowledged"
    assert api.delete(f"{at}/acknowledgement").get_json()["status"] == "open"
    assert api.post(f"{at}/resolution").get_json()["resolved_at"] == "2026-11-21T12:00:00Z"
    problem(api.post(f"{at}/acknowledgement"), 409)
    assert api.delete(f"{at}/resolution").get_json()["status"] == "open"
    rows = [row["event"] for row in items(api, f"{at}/history")]
    assert rows[::-1] == [
        "opened", "acknowledged", "snoozed", "unsnoozed", "unacknowledged", "resolved", "unresolved",
    ]  # fmt: skip


def test_a_snooze_returns_by_itself(api: Api, found: Alert, clock: Clock) -> None:
    api.post(f"/alerts/{found.id}/snooze", {"until": (clock.at + timedelta(seconds=2)).isoformat()})
    clock.advance(seconds=2)
    assert api.get(f"/alerts/{found.id}").get_json()["status"] == "open"
    assert api.get(f"/alerts/{found.id}").get_json()["snoozed_until"] is None
    assert found.id in [told["id"] for told in items(api, "/alerts", status="open")]


@pytest.mark.parametrize("body", [{}, {"until": None}, {"until": "2026-11-21T11:59:59Z"}, {"until": "later"}, []])
def test_a_bad_snooze_is_422(api: Api, found: Alert, body: Any) -> None:
    problem(api.post(f"/alerts/{found.id}/snooze", body), 422)
    assert queries.get(found.id).snoozed_until is None


def test_it_assigns_to_people_there_are(api: Api, found: Alert, cast: Cast) -> None:
    at = f"/alerts/{found.id}/assignment"
    assert api.post(at, {"user": "Olu@Example.com"}).get_json()["assignee"] == cast.olu.email
    assert [told["id"] for told in items(api, "/alerts", assignee=cast.olu.email)] == [found.id]
    assert pointers(api.post(at, {"user": "nobody@example.com"})) == ["/user"]
    assert api.delete(at).get_json()["assignee"] is None
    problem(api.delete(at), 409)


def test_it_keeps_notes(api: Api, found: Alert) -> None:
    response = api.post(f"/alerts/{found.id}/notes", {"text": "Rolled back."})
    assert response.status_code == 201
    assert response.get_json()["why"] == "Rolled back."
    for text in ("", "x" * 10_001, "a\0b", "\ud800"):
        assert api.post(f"/alerts/{found.id}/notes", {"text": text}).status_code in {201, 400, 422}


def test_bulk_takes_one_value_or_several(api: Api, found: Alert) -> None:
    several = {"service": ["documents", "billing"], "status": ["open"], "environment": "production"}
    body = {"filter": several, "action": "acknowledge", "expect": 3}
    assert api.post("/alerts/bulk", body).get_json()["changed"] == 3


def test_bulk_changes_what_its_filter_matches(api: Api, found: Alert) -> None:
    body = {"filter": {"service": "documents", "environment": "production"}, "action": "acknowledge", "expect": 2}
    told = api.post("/alerts/bulk", body).get_json()
    assert told == {"matched": 2, "changed": 2, "jobs": 0, "job": None, "id": told["id"]}
    assert {told["status"] for told in items(api, "/alerts", service="billing")} == {"open"}
    assert "5" in problem(api.post("/alerts/bulk", {"filter": {}, "action": "resolve", "expect": 4}), 409)["detail"]
    assert len(items(api, "/alerts", status="resolved")) == 0


def test_bulk_of_too_many_for_a_request_is_a_job(
    api: Api, found: Alert, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(actions.bulk.__globals__, "CAP", 4)
    assert "5" in problem(api.post("/alerts/bulk", {"filter": {}, "action": "resolve", "expect": 4}), 409)["detail"]
    answer = api.post("/alerts/bulk", {"filter": {}, "action": "resolve", "expect": 5})
    assert (answer.status_code, answer.get_json()["matched"]) == (202, 5)
    assert items(api, "/alerts", status="resolved") == []
    assert api.get(f"/jobs/{answer.get_json()['job']}").get_json()["name"].endswith("change_many")
    [change] = db.session.scalars(select(BulkChange))
    while actions.proceed_bulk(change, by=SYSTEM, at=clock.at):
        pass
    assert len(items(api, "/alerts", status="resolved")) == 5


@pytest.mark.parametrize(
    "body",
    [
        {"filter": {}, "action": "delete", "expect": 1},
        {"filter": {}, "action": "resolve"},
        {"filter": {"colour": "red"}, "action": "resolve", "expect": 5},
        {"filter": {"limit": 5}, "action": "resolve", "expect": 5},
        {"filter": {"cursor": "x"}, "action": "resolve", "expect": 5},
        {"filter": {"q": "("}, "action": "resolve", "expect": 5},
        {"filter": {}, "action": "snooze", "expect": 5},
        {"filter": {}, "action": "assign", "expect": 5, "user": "nobody@example.com"},
        {"action": "resolve", "expect": 5},
    ],
)
def test_a_bad_bulk_changes_nothing(api: Api, found: Alert, body: dict[str, Any]) -> None:
    problem(api.post("/alerts/bulk", body), 422)
    assert len(items(api, "/alerts", status="open")) == 5


def test_a_retry_asks_whoever_runs_the_jobs(api: Api, found: Alert) -> None:
    asked: list[RetryRequested] = []

    def answer(request: RetryRequested) -> RetryAnswer:
        asked.append(request)
        return RetryAnswer(2, (("j-3", "it is gone"),))

    others = list(retry_requested._listeners)
    retry_requested._listeners[:] = [answer]
    try:
        counted = api.post(f"/alerts/{found.id}/retry", {"dry_run": True}).get_json()
        done = api.post(f"/alerts/{found.id}/retry").get_json()
    finally:
        retry_requested._listeners[:] = others
    assert counted == {"jobs": 2, "dry_run": True, "refused": [["j-3", "it is gone"]]}
    assert (done["jobs"], done["dry_run"]) == (2, False)
    assert [(request.alert_id, request.dry_run) for request in asked] == [(found.id, True), (found.id, False)]
    assert items(api, f"/alerts/{found.id}/history")[0]["event"] == "retried"


def test_it_resolves_itself_when_every_retried_job_has_succeeded(api: Api, clock: Clock) -> None:
    made = [alert(clock.at, job_id=job) for job in ("j-1", "j-2")]
    alert(clock.at, job_id="j-3", will_retry=True)
    found = queries.get_for_change(made[0].id)
    assert queries.failed_jobs(found) == ["j-1", "j-2"]
    actions.await_retries(found.id, ["j-1", "j-2"], at=clock.advance(minutes=1))
    assert actions.resolve_by_retry("j-1", at=clock.advance(minutes=1)) == []
    assert queries.failed_jobs(found) == ["j-2"]
    assert actions.resolve_by_retry("unknown", at=clock.at) == []
    assert actions.resolve_by_retry("j-2", at=clock.at) == [found.id]
    row = items(api, f"/alerts/{found.id}/history")[0]
    assert (row["event"], row["by"], row["why"]) == ("resolved", SYSTEM.label, "both retried jobs succeeded")


def test_a_failure_since_the_retry_keeps_it_open(api: Api, clock: Clock) -> None:
    found = alert(clock.at, job_id="j-1")
    actions.await_retries(found.id, ["j-1"], at=clock.advance(minutes=1))
    alert(clock.advance(minutes=1), job_id="j-9")
    assert actions.resolve_by_retry("j-1", at=clock.advance(minutes=1)) == []


VERBS = ["acknowledgement", "snooze", "resolution", "assignment", "notes", "retry"]


@pytest.mark.parametrize("noun", VERBS)
def test_reading_does_not_allow_writing(
    client: FlaskClient, token: Callable[..., str], found: Alert, noun: str
) -> None:
    problem(Api(client, token(Scope.READ, name="reader")).post(f"/alerts/{found.id}/{noun}", {}), 403)
    problem(Api(client, "nonsense").post(f"/alerts/{found.id}/{noun}", {}), 401)


def test_writing_does_not_allow_reading(client: FlaskClient, token: Callable[..., str], found: Alert) -> None:
    for path in ("/alerts", f"/alerts/{found.id}", f"/alerts/{found.id}/history"):
        problem(Api(client, token(Scope.WRITE, name=f"writer {path}")).get(path), 403)


@pytest.mark.parametrize("noun", ["acknowledgement", "resolution", "assignment", "retry"])
def test_what_is_asked_of_no_alert_is_404_whatever_it_says(api: Api, noun: str) -> None:
    problem(api.post(f"/alerts/999999999/{noun}", {"user": "nobody@example.com"}), 404)
