"""Tickets, calendars and policies through the API, as programs use it."""

from typing import Any

import pytest

from tests.tickets.conftest import Api, ticket
from tests.tickets.making import CASES, calendar_body, policy_body, targets_of


def pointers(problem: dict[str, Any]) -> list[str]:
    return [fault["pointer"] for fault in problem["errors"]]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_it_counts_as_worked_out(api: Api, case: dict[str, Any]) -> None:
    targets = targets_of(case)
    api("PUT", "/sla/calendars/office", case["calendar"], 201)
    sla = policy_body(targets=targets, paused_statuses=case["paused_statuses"])
    api("PUT", "/sla/policies/all", sla, 201)
    ticket = case["ticket"] | {"subject": case["id"]}
    api("PUT", "/tickets/helpdesk/1", ticket, 201)
    found = api("GET", "/tickets/helpdesk/1", status=200)["sla"]
    for name, expected in case["expect"].items():
        if name == "next_due_at":
            assert found[name] == expected
            continue
        for field, value in expected.items():
            assert found[name][field] == value, (name, field, found[name])
    listed = api("GET", "/tickets", status=200)["items"]
    assert listed[0]["sla"] == found


def test_it_shows_a_calendar_as_it_was_put(api: Api) -> None:
    body = calendar_body(
        {"mon": [["08:00", "12:00"], ["13:00", "24:00"]]},
        "Europe/Berlin",
        holidays=[{"date": "2026-12-25", "name": "Christmas"}],
        exceptions={"2026-12-24": [["08:00", "12:00"]], "2026-12-31": []},
    )
    made = api("PUT", "/sla/calendars/Berlin", body, 201)
    assert {name: made[name] for name in body} == body
    assert made["version"] == 1
    assert api("PUT", "/sla/calendars/Berlin", made, 200)["version"] == 1
    body["timezone"] = "Europe/Vienna"
    assert api("PUT", "/sla/calendars/Berlin", body, 200)["version"] == 2
    assert [one["name"] for one in api("GET", "/sla/calendars", status=200)["items"]] == ["Berlin"]
    api("DELETE", "/sla/calendars/Berlin", status=204)
    api("GET", "/sla/calendars/Berlin", status=404)
    assert api("PUT", "/sla/calendars/Berlin", body, 201)["version"] == 3


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"timezone": "Europe/Atlantis"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"hours": {}}, "/hours"),
        ({"hours": {"mon": []}}, "/hours"),
        ({"hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "/hours/mon/1"),
        ({"hours": {"mon": [["09:00", "09:00"]]}}, "/hours/mon/0"),
        ({"hours": {"mon": [["17:00", "09:00"]]}}, "/hours/mon/0"),
        ({"hours": {"mon": [["09:00", "24:30"]]}}, "/hours/mon/0"),
        ({"hours": {"mon": [["24:00", "24:00"]]}}, "/hours/mon/0"),
        ({"hours": {"mon": [["9", "17:00"]]}}, "/hours/mon/0"),
        ({"hours": {"mon": [["09:00"]]}}, "/hours/mon/0"),
        ({"exceptions": {"2026-12-24": [["12:00", "13:00"], ["08:00", "12:01"]]}}, "/exceptions/2026-12-24/1"),
        ({"holidays": [{"date": "2026-02-30", "name": "never"}]}, "/holidays/0/date"),
        ({"holydays": []}, "/holydays"),
    ],
)
def test_it_refuses_a_calendar_that_cannot_be(api: Api, change: dict[str, Any], pointer: str) -> None:
    problem = api("PUT", "/sla/calendars/office", calendar_body() | change, 422)
    assert pointer in pointers(problem)
    api("GET", "/sla/calendars/office", status=404)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"calendar": "nowhere"}, "/calendar"),
        ({"targets": {}}, "/targets"),
        ({"targets": {"default": {"first_response": 0}}}, "/targets/default/first_response"),
        ({"targets": {"default": {"first_response": "60"}}}, "/targets/default/first_response"),
        ({"targets": {"default": {"first_reply": 60}}}, "/targets/default/first_reply"),
        ({"at_risk": {"fraction": 1.5}}, "/at_risk/fraction"),
        ({"at_risk": {"fraction": 0.5, "minutes": 5}}, "/at_risk"),
        ({"match": {"colour": ["red"]}}, "/match/colour"),
    ],
)
def test_it_refuses_a_policy_that_cannot_be(api: Api, change: dict[str, Any], pointer: str) -> None:
    api("PUT", "/sla/calendars/office", calendar_body(), 201)
    assert pointer in pointers(api("PUT", "/sla/policies/gold", policy_body() | change, 422))


def test_it_shows_a_policy_as_it_was_put(api: Api) -> None:
    api("PUT", "/sla/calendars/office", calendar_body(), 201)
    targets = {"default": {"first_response": 60, "resolution": None}, "urgent": {"first_response": 7.5}}
    body = policy_body(match={"organization": ["Acme"], "tags": ["vip"]}, targets=targets, position=7)
    made = api("PUT", "/sla/policies/gold", body, 201)
    assert {name: made[name] for name in body} == body
    silver = policy_body(position=None, match=None, paused_statuses=None, at_risk=None)
    made = api("PUT", "/sla/policies/silver", silver, 201)
    assert (made["position"], made["match"], made["at_risk"]) == (8, {}, {"fraction": 0.25})
    assert [one["name"] for one in api("GET", "/sla/policies", status=200)["items"]] == ["gold", "silver"]
    assert "gold, silver" in api("DELETE", "/sla/calendars/office", status=409)["detail"]
    api("DELETE", "/sla/policies/silver", status=204)
    api("DELETE", "/sla/policies/gold", status=204)
    api("DELETE", "/sla/calendars/office", status=204)


NOW = "2026-11-21T12:00:00Z"


def sla_after(api: Api, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = api("PUT", "/tickets/zendesk/9", ticket(**more))["sla"]
    return found


def test_it_needs_a_subject_and_a_creation_only(api: Api) -> None:
    made = api("PUT", "/tickets/zendesk/9", ticket(), 201)
    assert made["sla"]["state"] == "none"
    assert made["sla"]["policy"] is None
    assert set(made["sla"]["next_response"].values()) == {None, "none"}
    assert made["status"] == "new"
    api("PUT", "/tickets/zendesk/9", ticket(), 200)
    assert pointers(api("PUT", "/tickets/zendesk/8", {"subject": "x"}, 422)) == ["/created_at"]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"events": [{"id": "1", "at": "2026-11-21T11:00:00Z", "type": "agent_reply"}]}, "/events/0/at"),
        ({"events": [{"id": "1", "at": "2026-11-21T12:06:00Z", "type": "agent_reply"}]}, "/events/0/at"),
        ({"events": [{"id": "1", "at": NOW, "type": "status"}]}, "/events/0"),
        ({"events": [{"id": "1", "at": NOW, "type": "exploded"}]}, "/events/0/type"),
        ({"events": [{"at": NOW, "type": "resolved"}]}, "/events/0/id"),
        ({"created_at": "2026-11-22T00:00:00Z"}, "/created_at"),
        ({"created_at": "yesterday"}, "/created_at"),
        ({"subject": "\0"}, "/subject"),
        ({"url": "javascript:alert(1)"}, "/url"),
    ],
)
def test_it_refuses_what_cannot_have_happened(api: Api, more: dict[str, Any], pointer: str) -> None:
    assert pointer in pointers(api("PUT", "/tickets/zendesk/9", ticket(**more), 422))
    api("GET", "/tickets/zendesk/9", status=404)


def test_a_reply_after_the_resolution_changes_no_clock(api: Api) -> None:
    api.office()
    resolved = [{"id": "a", "at": "2026-11-21T11:40:00Z", "type": "resolved"}]
    before = sla_after(api, events=resolved)
    assert (before["state"], before["first_response"]["completed_at"]) == ("met", "2026-11-21T11:40:00Z")
    late = [{"id": "b", "at": "2026-11-21T11:50:00Z", "type": "agent_reply"}]
    assert sla_after(api, events=late) == before


def test_of_two_statuses_at_one_instant_the_last_by_id_holds(api: Api) -> None:
    api.office()
    both = [
        {"id": "b", "at": "2026-11-21T11:40:00Z", "type": "status", "status": "pending"},
        {"id": "a", "at": "2026-11-21T11:40:00Z", "type": "status", "status": "open"},
    ]
    assert sla_after(api, events=both)["state"] == "paused"
    assert api("GET", "/tickets/zendesk/9")["status"] == "pending"
