"""Reports: figures of what ended, that no edit of a calendar or policy changes, and the tickets behind each."""

import csv
import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from console.infra.db import db
from console.tickets.models import SlaOutcome
from tests.conftest import Cast, Clock, SignIn
from tests.tickets.conftest import Api
from tests.tickets.making import calendar_body, policy_body
from tests.tickets.test_queue import shown, subjects, words

OCTOBER = "?since=2026-10-01&until=2026-10-31"


def solved(number: int, minutes: int, day: str = "2026-10-12", **more: Any) -> dict[str, Any]:
    """A ticket of a day in October that was resolved after so many minutes."""
    ended = f"{day}T{9 + minutes // 60:02d}:{minutes % 60:02d}:00Z"
    fields = {"subject": f"No {number}", "created_at": f"{day}T09:00:00Z", "assignee": "sam", "priority": "high"}
    return {**fields, "events": [{"id": "1", "at": ended, "type": "resolved"}], **more}


@pytest.fixture
def october(api: Api, clock: Clock) -> Api:
    """Kept are 60 minutes: two tickets of Acme, one of them ten minutes late, one of nobody five hours; and noise."""
    api.office(targets={"default": {"resolution": 60}})
    tickets = {
        "kept": solved(1, 60, organization="Acme"),
        "late": solved(2, 70, "2026-10-20", organization="Acme", assignee="kim"),
        "very": solved(3, 360, "2026-10-31", assignee=None),
        "other month": solved(4, 300, "2026-09-30", organization="Acme"),
        "open": {**solved(5, 0), "events": []},
    }
    for name, ticket in tickets.items():
        api("PUT", f"/tickets/zendesk/{name}", ticket, 201)
    return api


def told(api: Api, by: str, more: str = "") -> dict[str, tuple[int, int]]:
    found = api("GET", f"/sla/reports{OCTOBER}&by={by}{more}", status=200)
    return {item["value"]: (item["kept"], item["broken"]) for item in found["items"]}


def test_last_month_unless_dated(october: Api) -> None:
    found = october("GET", "/sla/reports", status=200)
    assert (found["since"], found["until"], found["clock"]) == ("2026-10-01", "2026-10-31", "resolution")
    assert found["total"] == {"ended": 3, "kept": 1, "broken": 2, "attained_percent": 33.3}
    assert found["before"]["ended"] == 1
    assert [(each["from_minutes"], each["broken"]) for each in found["late"]] == [
        (0, 1), (15, 0), (60, 0), (240, 1), (480, 0),
    ]  # fmt: skip


def test_told_by_what(october: Api) -> None:
    assert told(october, "policy") == {"gold": (1, 2)}
    assert told(october, "priority") == {"high": (1, 2)}
    assert told(october, "organization") == {"Acme": (1, 1), "none": (0, 1)}
    assert told(october, "assignee") == {"kim": (0, 1), "none": (0, 1), "sam": (1, 0)}
    assert told(october, "week") == {"2026-10-12": (1, 0), "2026-10-19": (0, 1), "2026-10-26": (0, 1)}
    assert told(october, "policy", "&clock=first_response") == {}


def test_an_edit_rewrites_nothing(october: Api) -> None:
    before = october("GET", f"/sla/reports{OCTOBER}", status=200)
    october("PUT", "/sla/policies/gold", policy_body(targets={"default": {"resolution": 6_000}}), 200)
    october("PUT", "/sla/calendars/office", calendar_body({"mon": [["01:00", "02:00"]]}), 200)
    # Heard of again, and of something that moves no clock.
    again = solved(2, 70, "2026-10-20", organization="Acme", assignee="kim", subject="Called otherwise")
    october("PUT", "/tickets/zendesk/late", again, 200)
    assert october("GET", f"/sla/reports{OCTOBER}", status=200) == before


def test_events_that_come_late_correct_it(october: Api) -> None:
    reopened = {"id": "2", "at": "2026-10-20T10:30:00Z", "type": "reopened"}
    october(
        "PUT", "/tickets/zendesk/late", {**solved(2, 70, "2026-10-20", organization="Acme"), "events": [reopened]}, 200
    )
    assert told(october, "policy") == {"gold": (1, 1)}
    held = [
        {"id": "2", "at": "2026-10-31T09:10:00Z", "type": "status", "status": "pending"},
        {"id": "3", "at": "2026-10-31T14:50:00Z", "type": "status", "status": "open"},
    ]
    october("PUT", "/tickets/zendesk/very", {**solved(3, 360, "2026-10-31", assignee=None), "events": held}, 200)
    assert told(october, "policy") == {"gold": (2, 0)}


def test_each_wait_of_a_customer_is_a_promise(api: Api, clock: Clock) -> None:
    api.office(targets={"default": {"next_response": 30}})
    kinds = ("customer_message", "agent_reply")
    events = [
        {"id": str(n), "at": f"2026-10-12T{9 + n // 2:02d}:{(n % 2) * (20 + 10 * n):02d}:00Z", "type": kinds[n % 2]}
        for n in range(4)
    ]
    one = {"subject": "Chatty", "created_at": "2026-10-12T09:00:00Z"}
    api("PUT", "/tickets/zendesk/1", {**one, "events": events[3:]}, 201)
    for event in (events[0], events[2], events[1]):
        api("PUT", "/tickets/zendesk/1", {**one, "events": [event]}, 200)
    api("PUT", "/tickets/zendesk/2", {**one, "events": events}, 201)
    # Waits of 30 and of 50 minutes, however they were heard of.
    assert told(api, "policy", "&clock=next_response") == {"gold": (2, 2)}
    late = sorted(row.late_seconds for row in db.session.query(SlaOutcome))
    assert late == [0, 0, 1_200, 1_200]


def test_a_bar_leads_to_its_tickets(client: FlaskClient, october: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    page = shown(client, f"/tickets/reports{OCTOBER}&by=organization")
    assert "2 of 3 promises were broken: 33.3 % kept" in words(page)
    links = re.findall(r'href="(/tickets/reports/tickets\?[^"]+)"[^>]*>([\d,]+)<', page)
    assert len(links) > 6
    for link, number in links:
        assert len(subjects_of(shown(client, link))) == int(number), link
    acme = next(link for link, _ in links if "value=Acme" in link and "broken" in link)
    assert subjects_of(shown(client, acme)) == ["No 2"]


def subjects_of(page: str) -> list[str]:
    return re.findall(r'<a class="subject" href="/tickets/\d+\?clock=resolution">([^<]+)</a>', page) or subjects(page)


def test_pages_of_tickets_lead_on(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast, clock: Clock) -> None:
    api.office(targets={"default": {"resolution": 60}})
    many = [{"source": "zendesk", "external_id": str(n), **solved(n, 10 + n % 3)} for n in range(60)]
    api("POST", "/tickets", many)
    sign_in(client, cast.vi)
    first = shown(client, f"/tickets/reports/tickets{OCTOBER}")
    more = re.search(r'href="(/tickets/reports/tickets\?[^"]*cursor=[^"]+)"', first)
    assert more
    found = subjects_of(first) + subjects_of(shown(client, more[1]))
    assert (len(found), len(set(found))) == (60, 60)
    assert client.get("/tickets/reports/tickets?cursor=forged").status_code == 422


def test_as_csv_without_formulas(client: FlaskClient, october: Api, sign_in: SignIn, cast: Cast) -> None:
    october("PUT", "/tickets/zendesk/evil", solved(9, 10, organization="=1+1"), 201)
    sign_in(client, cast.vi)
    answer = client.get(f"/tickets/reports.csv{OCTOBER}&by=organization")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert rows[0] == ["clock", "since", "until", "organization", "ended", "kept", "broken", "attained_percent"]
    assert ["resolution", "2026-10-01", "2026-10-31", "Acme", "2", "1", "1", "50.0"] in rows
    assert "'=1+1" in {row[3] for row in rows}


def test_odd_questions(client: FlaskClient, october: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    assert "2026-10-01 to 2026-10-31" in words(shown(client, "/tickets/reports?since=rubbish&by=x&clock=y&month=z"))
    assert "No resolution clock ended" in words(shown(client, "/tickets/reports?month=2020-02"))
    assert "2020-02-01 to 2020-02-29" in words(shown(client, "/tickets/reports?month=2020-02"))
    assert "No promise is like this" in words(shown(client, "/tickets/reports/tickets?by=policy&value=%00&late=99"))
    for wrong in ("?clock=x", "?by=x", "?since=2026-10-02&until=2026-10-01", "?since=0001-01-01"):
        october("GET", f"/sla/reports{wrong}", status=422)


def test_the_most_broken_of_many_are_shown_and_all_are_in_the_csv(
    client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast, clock: Clock
) -> None:
    api.office(targets={"default": {"resolution": 60}})
    fields = [solved(n, 70 if n == 104 else 10, organization=f"Org {n:03d}") for n in range(105)]
    api("POST", "/tickets", [{"source": "zendesk", "external_id": str(n), **each} for n, each in enumerate(fields)])
    sign_in(client, cast.vi)
    page = words(shown(client, f"/tickets/reports{OCTOBER}&by=organization"))
    assert "These are the 100 with the most broken promises; the CSV has 5 more." in page
    assert "Org 104" in page
    assert "Org 099" not in page
    answer = client.get(f"/tickets/reports.csv{OCTOBER}&by=organization")
    assert answer.get_data(as_text=True).count("Org ") == 105
