"""Keeping tickets: any order, twice, late; fields that change; batches; the list."""

from itertools import permutations
from typing import Any

import pytest
from flask.testing import FlaskClient

from console.tickets.actions import tickets as actions
from tests.conftest import Cast, Clock, SignIn
from tests.tickets.conftest import Api, ticket
from tests.tickets.making import ALWAYS, calendar_body, policy_body

STORY: list[dict[str, Any]] = [
    {"id": "1", "at": "2026-11-21T11:31:00Z", "type": "customer_message"},
    {"id": "2", "at": "2026-11-21T11:35:00Z", "type": "status", "status": "pending"},
    {"id": "3", "at": "2026-11-21T11:45:00Z", "type": "status", "status": "open"},
    {"id": "4", "at": "2026-11-21T11:50:00Z", "type": "agent_reply"},
]


def test_events_that_come_in_any_order_and_twice_give_the_same_clocks(api: Api) -> None:
    api.office()
    whole = api("PUT", "/tickets/zendesk/whole", ticket(events=STORY), 201)["sla"]
    assert whole["first_response"]["elapsed_minutes"] == 10
    for number, order in enumerate(permutations(STORY)):
        for event in order:
            api("PUT", f"/tickets/zendesk/{number}", ticket(events=[event]))
        api("PUT", f"/tickets/zendesk/{number}", ticket(events=STORY), 200)
        assert api.sla(str(number)) == whole


def test_a_status_that_no_event_told_counts_from_when_the_source_changed_it(api: Api) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/9", ticket(status="pending", updated_at="2026-11-21T11:40:00Z"), 201)
    found = api.sla()
    assert (found["state"], found["resolution"]["elapsed_minutes"], found["next_due_at"]) == ("paused", 10, None)
    # Told again, and told by an older word that comes late: nothing moves.
    api("PUT", "/tickets/zendesk/9", ticket(status="pending", updated_at="2026-11-21T11:45:00Z"), 200)
    api("PUT", "/tickets/zendesk/9", ticket(status="new", updated_at="2026-11-21T11:35:00Z", subject="old"), 200)
    assert api.sla() == found
    assert api("GET", "/tickets/zendesk/9")["subject"] == "Printer on fire"
    api("PUT", "/tickets/zendesk/9", ticket(status="open", updated_at="2026-11-21T11:50:00Z"), 200)
    assert api.sla()["resolution"]["due_at"] == "2026-11-21T19:40:00Z"


def test_a_priority_brings_its_own_targets_from_the_beginning(api: Api) -> None:
    targets = {"default": {"first_response": 60, "resolution": 480}, "urgent": {"first_response": 15}}
    api.office(targets=targets)
    api("PUT", "/tickets/zendesk/9", ticket(priority="low"), 201)
    assert api.sla()["first_response"]["due_at"] == "2026-11-21T12:30:00Z"
    api("PUT", "/tickets/zendesk/9", ticket(priority="Urgent"), 200)
    found = api.sla()
    assert (found["first_response"]["due_at"], found["state"]) == ("2026-11-21T11:45:00Z", "breached")
    assert found["resolution"]["target_minutes"] == 480
    event = {"id": "p", "at": "2026-11-21T12:00:00Z", "type": "priority", "priority": "low"}
    api("PUT", "/tickets/zendesk/9", ticket(events=[event]), 200)
    assert api("GET", "/tickets/zendesk/9")["priority"] in {"low", "Urgent"}


def test_what_is_left_out_stays_and_null_clears(api: Api) -> None:
    api("PUT", "/tickets/zendesk/9", ticket(assignee="ann@example.com", organization="Acme", tags=["vip"]), 201)
    api("PUT", "/tickets/zendesk/9", ticket(organization=None), 200)
    found = api("GET", "/tickets/zendesk/9")
    assert (found["assignee"], found["organization"], found["tags"]) == ("ann@example.com", None, ["vip"])
    api("PUT", "/tickets/zendesk/9", ticket(assignee=None), 200)
    assert api("GET", "/tickets/zendesk/9")["assignee"] is None


def test_deadlines_vanish_with_their_policy_and_come_with_one(api: Api) -> None:
    api("PUT", "/tickets/zendesk/9", ticket(organization="acme"), 201)
    api.office(match={"organization": ["ACME"]})
    assert api.sla()["next_due_at"] == "2026-11-21T12:30:00Z"
    assert api("GET", "/tickets")["items"][0]["sla"] == api.sla()
    api("PUT", "/sla/policies/gold", policy_body(match={"organization": ["Umbrella"]}), 200)
    assert (api.sla()["policy"], api.sla()["next_due_at"]) == (None, None)
    assert api("GET", "/tickets")["items"][0]["sla"] == api.sla()


def test_the_first_policy_by_position_decides_and_of_equals_the_newest(api: Api, clock: Clock) -> None:
    api("PUT", "/tickets/zendesk/9", ticket(), 201)
    api.office(position=5)
    for name, position in (("later", 9), ("same", 5)):
        clock.advance(seconds=1)
        api("PUT", f"/sla/policies/{name}", policy_body(position=position), 201)
    assert api.sla()["policy"] == "same"
    api("DELETE", "/sla/policies/same", status=204)
    assert api.sla()["policy"] == "gold"


def test_an_edited_calendar_moves_open_tickets_and_leaves_resolved_ones(api: Api) -> None:
    api.office()
    over = {"id": "r", "at": "2026-11-21T12:00:00Z", "type": "resolved"}
    api("PUT", "/tickets/zendesk/open", ticket(), 201)
    api("PUT", "/tickets/zendesk/over", ticket(events=[over]), 201)
    before = api.sla("over")
    api("PUT", "/sla/calendars/office", calendar_body(ALWAYS, exceptions={"2026-11-21": []}), 200)
    assert api.sla("open")["first_response"]["due_at"] == "2026-11-22T01:00:00Z"
    assert api.sla("over") == before
    assert before["resolution"]["elapsed_minutes"] == 30
    listed = {item["external_id"]: item["sla"] for item in api("GET", "/tickets")["items"]}
    assert listed == {"open": api.sla("open"), "over": before}


def test_a_batch_keeps_what_is_valid_and_says_what_is_not(api: Api) -> None:
    api.office()
    items = [
        {"source": "zendesk", "external_id": "1", **ticket()},
        {"source": "zendesk", "external_id": "2", "subject": "no creation"},
        {"source": "zendesk", "external_id": "1", **ticket(subject="Printer is out")},
        {"source": "zendesk", "external_id": "3", **ticket(created_at="2030-01-01T00:00:00Z")},
        "rubbish",
    ]
    told = api("POST", "/tickets", items, 200)
    assert told["accepted"] == 2
    assert [(one["index"], one["created"]) for one in told["tickets"]] == [(0, True), (2, True)]
    faults = [(item["index"], item["errors"][0]["pointer"]) for item in told["rejected"]]
    assert faults == [(1, "/1/created_at"), (3, "/3/created_at"), (4, "/4")]
    assert api("GET", "/tickets/zendesk/1")["subject"] == "Printer is out"
    assert api.sla("1")["policy"] == "gold"
    api("POST", "/tickets", [{}], 422)
    api("POST", "/tickets", [], 422)
    api("POST", "/tickets", [{}] * 1_001, 413)


def test_the_list_goes_by_deadline_with_those_without_one_last(api: Api) -> None:
    api.office()
    for minute in (40, 10, 30, 20):
        api("PUT", f"/tickets/zendesk/{minute}", ticket(created_at=f"2026-11-21T11:{minute}:00Z"), 201)
    over = {"id": "r", "at": "2026-11-21T11:50:00Z", "type": "resolved"}
    for name in ("a", "b"):
        api("PUT", f"/tickets/zendesk/{name}", ticket(events=[over]), 201)
    seen: list[str] = []
    cursor = ""
    while True:
        page = api("GET", f"/tickets?limit=2&cursor={cursor}", status=200)
        seen += [item["external_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["10", "20", "30", "40", "a", "b"]
    soon = api("GET", "/tickets?due_before=2026-11-21T12:30:00Z", status=200)["items"]
    assert [item["external_id"] for item in soon] == ["10", "20"]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("state=breached", ["1"]),
        ("state=met", ["3"]),
        ("assignee=ann", ["1"]),
        ("assignee=none", ["2", "3"]),
        ("priority=high", ["2"]),
        ("organization=Acme", ["2"]),
        ("policy=gold", ["1", "2", "3"]),
        ("policy=nothing", []),
        ("source=zammad", []),
    ],
)
def test_the_list_answers_its_filters(api: Api, question: str, found: list[str]) -> None:
    api.office()
    over = {"id": "r", "at": "2026-11-21T11:50:00Z", "type": "resolved"}
    api("PUT", "/tickets/zendesk/1", ticket(created_at="2026-11-21T09:00:00Z", assignee="ann"), 201)
    api("PUT", "/tickets/zendesk/2", ticket(priority="high", organization="Acme"), 201)
    api("PUT", "/tickets/zendesk/3", ticket(events=[over]), 201)
    assert [item["external_id"] for item in api("GET", f"/tickets?{question}", status=200)["items"]] == found


def test_a_deleted_ticket_is_gone(api: Api) -> None:
    api("PUT", "/tickets/zendesk/a%2Fb", ticket(events=STORY), 201)
    api("DELETE", "/tickets/zendesk/a%2Fb", status=204)
    api("GET", "/tickets/zendesk/a%2Fb", status=404)
    assert api("PUT", "/tickets/zendesk/a%2Fb", ticket(), 201)["events"] == []


def test_pages_show_the_queue_and_a_ticket(api: Api, client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    api.office()
    made = api("PUT", "/tickets/zendesk/9", ticket(events=STORY, organization="Acme"), 201)
    sign_in(client, cast.vi)
    listed = client.get("/tickets?organization=Acme").get_data(as_text=True)
    assert "Printer on fire" in listed
    assert "No ticket matches" in client.get("/tickets?organization=Umbrella").get_data(as_text=True)
    shown = client.get(f"/tickets/{made['id']}").get_data(as_text=True)
    assert "policy gold, version 1, and calendar office, version 1" in shown
    assert "An agent replied" in shown
    assert client.get("/tickets/999").status_code == 404
    assert actions.ROOM == "tickets"


def test_a_body_beyond_16_mib_is_refused(api: Api) -> None:
    refusal = api(
        "PUT", "/tickets/desk/1", {"subject": "x", "created_at": "2026-11-21T10:00Z", "more": "x" * 2**24}, 413
    )
    assert "16 MiB" in refusal["detail"]
