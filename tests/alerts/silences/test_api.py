"""Silences and maintenance windows over the API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from console.audit.models import AuditEntry
from console.infra.actor import Scope
from console.infra.db import db
from tests.alerts.calling import Api, pointers, problem
from tests.alerts.making import alert, noise
from tests.conftest import Clock

DOCUMENTS = {"field": "service", "op": "=", "value": "documents"}


def ask(clock: Clock, **fields: Any) -> dict[str, Any]:
    ends_at = (clock.at + timedelta(hours=1)).isoformat()
    return {"matchers": [DOCUMENTS], "ends_at": ends_at, "reason": "a deployment", **fields}


def make(api: Api, clock: Clock, path: str = "/silences", **fields: Any) -> dict[str, Any]:
    response = api.post(path, ask(clock, **fields))
    assert response.status_code == 201, response.text
    told: dict[str, Any] = response.get_json()
    return told


def window(clock: Clock, **fields: Any) -> dict[str, Any]:
    ends_at = (clock.at + timedelta(hours=1)).isoformat()
    return {"service": "documents", "ends_at": ends_at, "reason": "new disks", **fields}


def put(api: Api, path: str, body: dict[str, Any]) -> Any:
    return api.client.put(f"/api/v1{path}", json=body, headers=api.headers)


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def actions() -> list[str]:
    known = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
    return [action for action in known if action.startswith(("silence.", "maintenance_window."))]


def test_it_is_made_shown_and_listed(api: Api, clock: Clock) -> None:
    made = make(api, clock)
    assert made == {
        "id": made["id"], "state": "active", "matchers": [DOCUMENTS], "starts_at": iso(clock.at),
        "ends_at": iso(clock.at + timedelta(hours=1)), "reason": "a deployment", "created_by": "deploys",
        "created_at": iso(clock.at), "updated_at": iso(clock.at), "expired_by": None,
    }  # fmt: skip
    assert api.get(f"/silences/{made['id']}").get_json() == made
    assert api.get("/silences").get_json() == {"items": [made], "next_cursor": None}
    assert actions() == ["silence.created"]


def test_it_mutes_at_once_and_says_so_on_the_alert(api: Api, clock: Clock) -> None:
    noise(clock.at)
    target = alert(clock.at)
    made = make(api, clock)
    told = api.get(f"/alerts/{target.id}").get_json()
    assert (told["silenced"], told["silence_id"], told["status"]) == (True, made["id"], "open")
    silenced = api.get("/alerts", silenced="true").get_json()["items"]
    assert {one["id"] for one in silenced} == {
        one["id"] for one in api.get("/alerts", q="silenced:true").get_json()["items"]
    }
    assert {one["service"] for one in silenced} == {"documents"}
    rest = api.get("/alerts", silenced="false").get_json()["items"]
    assert {one["service"] for one in rest} == {"helpdesk", "billing"}
    assert len(api.get("/alerts").get_json()["items"]) == len(silenced) + len(rest) == 5
    history = [row["event"] for row in api.get(f"/alerts/{target.id}/history").get_json()["items"]]
    assert history == ["silenced", "opened"]


def test_lists_are_by_state_and_paged(api: Api, clock: Clock) -> None:
    first, later = make(api, clock), iso(clock.at + timedelta(minutes=30))
    coming = make(api, clock, starts_at=later)
    gone = make(api, clock)
    api.delete(f"/silences/{gone['id']}")
    for state, found in (("active", first), ("pending", coming), ("expired", gone)):
        assert [one["id"] for one in api.get("/silences", state=state).get_json()["items"]] == [found["id"]]
    page = api.get("/silences", limit=2).get_json()
    assert [one["id"] for one in page["items"]] == [gone["id"], coming["id"]]
    rest = api.get("/silences", limit=2, cursor=page["next_cursor"]).get_json()
    assert [one["id"] for one in rest["items"]] == [first["id"]]
    assert pointers(api.get("/silences", state="loud")) == ["/state"]


def test_deleting_ends_it_and_keeps_it(api: Api, clock: Clock) -> None:
    target, made = alert(clock.at), make(api, clock)
    clock.advance(minutes=5)
    assert api.delete(f"/silences/{made['id']}").status_code == 204
    told = api.get(f"/silences/{made['id']}").get_json()
    assert (told["state"], told["ends_at"], told["expired_by"]) == ("expired", iso(clock.at), "deploys")
    assert api.get(f"/alerts/{target.id}").get_json()["silenced"] is False
    problem(api.delete(f"/silences/{made['id']}"), 409)
    assert actions() == ["silence.created", "silence.expired"]


def test_one_that_ends_now_has_expired(api: Api, clock: Clock) -> None:
    made = make(api, clock)
    clock.set(datetime.fromisoformat(made["ends_at"]))
    assert api.get(f"/silences/{made['id']}").get_json()["state"] == "expired"


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(milliseconds=1), timedelta(minutes=4)])
def test_an_end_that_has_come_ends_one_that_holds(api: Api, clock: Clock, ago: timedelta) -> None:
    """Who says "now" is heard a moment later."""
    target = alert(clock.at)
    made = make(api, clock)
    clock.advance(minutes=5)
    told = put(api, f"/silences/{made['id']}", ask(clock, ends_at=iso(clock.at - ago), reason="it is over"))
    assert told.status_code == 200, told.text
    ended = told.get_json()
    assert (ended["state"], ended["ends_at"], ended["expired_by"]) == ("expired", iso(clock.at), "deploys")
    assert ended["reason"] == "it is over"
    assert api.get(f"/alerts/{target.id}").get_json()["silenced"] is False
    assert actions() == ["silence.created", "silence.changed"]


def test_an_end_before_its_start_ends_nothing(api: Api, clock: Clock) -> None:
    made = make(api, clock)
    clock.advance(minutes=5)
    problem(put(api, f"/silences/{made['id']}", ask(clock, ends_at=iso(clock.at - timedelta(hours=1)))), 422)
    assert api.get(f"/silences/{made['id']}").get_json()["state"] == "active"


def test_one_that_has_not_begun_is_ended_too(api: Api, clock: Clock) -> None:
    made = make(api, clock, starts_at=iso(clock.at + timedelta(minutes=10)))
    assert made["state"] == "pending"
    api.delete(f"/silences/{made['id']}")
    told = api.get(f"/silences/{made['id']}").get_json()
    assert (told["state"], told["starts_at"], told["ends_at"]) == ("expired", iso(clock.at), iso(clock.at))


def test_a_start_in_the_past_is_now_and_can_be_sent_again(api: Api, clock: Clock) -> None:
    sent = ask(clock, starts_at=iso(clock.at - timedelta(minutes=3)))
    made = api.post("/silences", sent).get_json()
    assert made["starts_at"] == iso(clock.at)
    clock.advance(minutes=1)
    again = put(api, f"/silences/{made['id']}", sent)
    assert again.status_code == 200, again.text
    assert again.get_json()["starts_at"] == made["starts_at"]
    assert actions() == ["silence.created"]


def test_changing_it_moves_its_marks(api: Api, clock: Clock) -> None:
    target, other = alert(clock.at), alert(clock.at, service="billing")
    made = make(api, clock)
    body = ask(clock, matchers=[{"field": "service", "op": "=~", "value": "bill(ing|er)"}])
    told = put(api, f"/silences/{made['id']}", body)
    assert told.status_code == 200
    assert told.get_json()["matchers"][0]["value"] == "bill(ing|er)"
    assert api.get(f"/alerts/{target.id}").get_json()["silenced"] is False
    assert api.get(f"/alerts/{other.id}").get_json()["silenced"] is True
    assert actions() == ["silence.created", "silence.changed"]


def test_the_start_of_one_that_holds_cannot_move(api: Api, clock: Clock) -> None:
    made = make(api, clock)
    clock.advance(minutes=10)
    for start in (clock.at, clock.at + timedelta(minutes=1)):
        problem(put(api, f"/silences/{made['id']}", ask(clock, starts_at=iso(start))), 409)
    longer = put(api, f"/silences/{made['id']}", ask(clock, starts_at=made["starts_at"]))
    assert longer.status_code == 200
    assert longer.get_json()["ends_at"] == iso(clock.at + timedelta(hours=1))


def test_one_that_has_not_begun_may_begin_earlier_or_later(api: Api, clock: Clock) -> None:
    made = make(api, clock, starts_at=iso(clock.at + timedelta(minutes=30)))
    later = iso(clock.at + timedelta(minutes=45))
    assert put(api, f"/silences/{made['id']}", ask(clock, starts_at=later)).get_json()["starts_at"] == later
    assert put(api, f"/silences/{made['id']}", ask(clock)).get_json()["starts_at"] == later
    assert put(api, f"/silences/{made['id']}", ask(clock, starts_at=iso(clock.at))).get_json()["state"] == "active"


def test_one_that_has_expired_is_history(api: Api, clock: Clock) -> None:
    made = make(api, clock)
    clock.advance(hours=1)
    told = problem(put(api, f"/silences/{made['id']}", ask(clock)), 409)
    assert "Make a new one" in told["detail"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"ends_at": "2026-11-21T12:00:00Z"}, "/ends_at"),
        ({"ends_at": "2026-11-21T11:00:00Z"}, "/ends_at"),
        ({"starts_at": "2026-11-21T14:00:00Z"}, "/ends_at"),
        ({"ends_at": "soon"}, "/ends_at"),
        ({"matchers": []}, "/matchers"),
        ({"matchers": [{"field": "colour", "value": "red"}]}, "/matchers/0/field"),
        ({"matchers": [DOCUMENTS, {"field": "title", "op": "=~", "value": "("}]}, "/matchers/1/value"),
        ({"matchers": [{"field": "title", "op": "~", "value": "x"}]}, "/matchers/0/op"),
        ({"matchers": [{"field": "title", "op": "=~", "value": ".*"}]}, "/matchers/0/value"),
        ({"matchers": [{"field": "title", "op": "!=", "value": "x"}]}, "/matchers/0/value"),
        ({"matchers": [{"field": "service", "value": ""}]}, "/matchers/0/value"),
        ({"reason": ""}, "/reason"),
        ({"author": "somebody else"}, "/author"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(api: Api, clock: Clock, fields: dict[str, Any], pointer: str) -> None:
    assert pointers(api.post("/silences", ask(clock, **fields))) == [pointer]
    assert api.get("/silences").get_json()["items"] == []


def test_a_preview_counts_and_shows_what_would_be_hidden(api: Api, clock: Clock) -> None:
    noise(clock.at)
    target = alert(clock.at, tags={"customer": "acme"})
    tagged = {"field": "tags.customer", "op": "=~", "value": "ac.*"}
    told = api.post("/silences/preview", {"matchers": [DOCUMENTS, tagged]}).get_json()
    assert (told["count"], told["complete"], [one["id"] for one in told["items"]]) == (1, True, [target.id])
    assert api.post("/silences/preview", {"matchers": [DOCUMENTS]}).get_json()["count"] == 3
    assert pointers(api.post("/silences/preview", {"matchers": []})) == ["/matchers"]
    assert api.get(f"/alerts/{target.id}").get_json()["silenced"] is False


def test_a_window_is_made_for_a_service(api: Api, clock: Clock) -> None:
    target, staging = alert(clock.at), alert(clock.at, environment="staging")
    response = api.post("/maintenance-windows", window(clock, environment="staging"))
    made = response.get_json()
    assert (response.status_code, made["state"], made["service"], made["environment"]) == (
        201,
        "active",
        "documents",
        "staging",
    )
    assert made["turn"] == {"starts_at": made["starts_at"], "ends_at": made["ends_at"]}
    assert api.get(f"/alerts/{staging.id}").get_json()["silence_id"] == made["id"]
    assert api.get(f"/alerts/{target.id}").get_json()["silenced"] is False
    assert api.get(f"/maintenance-windows/{made['id']}").get_json() == made
    assert api.get("/maintenance-windows").get_json()["items"] == [made]
    assert actions() == ["maintenance_window.created"]
    preview = api.post("/maintenance-windows/preview", {"service": "documents"}).get_json()
    assert preview["count"] == 2


def test_a_window_may_come_every_week(api: Api, clock: Clock) -> None:
    start = clock.at - timedelta(days=2)
    body = window(
        clock, starts_at=iso(start), ends_at=iso(start + timedelta(hours=2)), repeats="weekly", timezone="Europe/Berlin"
    )
    made = api.post("/maintenance-windows", body).get_json()
    assert (made["state"], made["turn"]["starts_at"]) == ("pending", iso(start + timedelta(days=7)))
    clock.set(start + timedelta(days=7))
    assert api.get("/maintenance-windows", state="active").get_json()["items"][0]["id"] == made["id"]
    changed = put(
        api, f"/maintenance-windows/{made['id']}", body | {"repeat_until": iso(clock.at + timedelta(hours=1))}
    )
    assert changed.get_json()["turn"]["ends_at"] == iso(clock.at + timedelta(hours=1))
    assert api.delete(f"/maintenance-windows/{made['id']}").status_code == 204
    told = api.get(f"/maintenance-windows/{made['id']}").get_json()
    assert (told["state"], told["turn"], told["repeat_until"]) == ("expired", None, iso(clock.at))


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"service": ""}, "/service"),
        ({"service": "a\x00b"}, "/service"),
        ({"repeats": "daily"}, "/repeats"),
        ({"repeats": "weekly", "repeat_until": "9999-12-31T23:59:59Z"}, "/ends_at"),
        ({"repeats": "weekly", "starts_at": "0001-01-01T00:00:00Z"}, "/starts_at"),
        ({"repeats": "weekly", "timezone": "Mars"}, "/timezone"),
        ({"ends_at": "2026-11-21T11:00:00Z"}, "/ends_at"),
    ],
)
def test_a_window_that_cannot_be_is_refused(api: Api, clock: Clock, fields: dict[str, Any], pointer: str) -> None:
    assert pointers(api.post("/maintenance-windows", window(clock, **fields))) == [pointer]


def test_each_kind_has_its_own_address(api: Api, clock: Clock) -> None:
    made = make(api, clock)
    problem(api.get(f"/maintenance-windows/{made['id']}"), 404)
    problem(api.delete(f"/maintenance-windows/{made['id']}"), 404)
    problem(api.get("/silences/99999999999999999999"), 404)


def test_scopes(client: FlaskClient, token: Callable[..., str], clock: Clock) -> None:
    reader = Api(client, token(Scope.READ))
    for path, body in (("/silences", ask(clock)), ("/maintenance-windows", window(clock))):
        problem(reader.post(path, body), 403)
        assert reader.get(path).status_code == 200
        problem(reader.delete(f"{path}/1"), 403)
        problem(reader.post(f"{path}/preview", body), 403)
