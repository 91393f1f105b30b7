"""The queue's page: what breaks next comes first, who has how much, and tickets given away from it."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from console.audit.models import AuditEntry
from console.infra import clock as clock_module
from console.infra.db import db
from console.tickets.actions.sweep import sweep
from console.tickets.models import Ticket
from tests.conftest import NOON, Cast, Clock, SignIn
from tests.tickets.conftest import Api, ticket
from tests.tickets.making import calendar_body, policy_body


def aged(minutes: float, **more: Any) -> dict[str, Any]:
    """A ticket that is so many minutes old at noon."""
    created = (NOON - timedelta(minutes=minutes)).isoformat()
    return {"subject": f"Aged {minutes}", "created_at": created, "assignee": "sam", **more}


@pytest.fixture
def queue(api: Api, clock: Clock) -> Api:
    """Of each state one ticket: 60 minutes to the resolution, at risk after 45; and noise that is resolved."""
    api.office(targets={"default": {"resolution": 60}})
    api("PUT", "/tickets/zendesk/late", aged(70), 201)
    api("PUT", "/tickets/zendesk/risky", aged(50, assignee=None), 201)
    api("PUT", "/tickets/zendesk/fine", aged(10, organization="Acme"), 201)
    api("PUT", "/tickets/zendesk/held", aged(20, status="pending", assignee="kim"), 201)
    api("PUT", "/tickets/zendesk/done", ticket(status="solved", events=[
        {"id": "1", "at": "2026-11-21T11:50:00Z", "type": "resolved"}]), 201)  # fmt: skip
    sweep(at=clock_module.now())
    return api


def shown(client: FlaskClient, path: str = "/tickets") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return unescape(answer.get_data(as_text=True))


def words(page: str) -> str:
    """What is to be read on a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def subjects(page: str) -> list[str]:
    return re.findall(r'<a class="subject" href="/tickets/\d+">([^<]+)</a>', page)


def link(page: str, rel: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
    return found[1] if found else ""


def id_of(external_id: str) -> int:
    db.session.expire_all()
    return db.session.scalars(select(Ticket.id).where(Ticket.external_id == external_id)).one()


def owner_of(external_id: str) -> str | None:
    db.session.expire_all()
    return db.session.scalars(select(Ticket.assignee).where(Ticket.external_id == external_id)).one()


def test_groups_come_by_what_presses(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    page = shown(client)
    assert subjects(page) == ["Aged 70", "Aged 50", "Aged 10", "Aged 20"]
    assert "1 breached, 1 at risk, 1 of them with nobody on it" in words(page)
    assert "Next to break: Aged 50, resolution in 10 min of business time" in words(page)
    assert re.findall(r'class="left-[a-z_]+"><span[^>]*>([^<]+)', page) == [
        "\N{MINUS SIGN}10 min", "10 min", "50 min", "40 min",
    ]  # fmt: skip
    assert "data-bulk" not in page


def test_the_page_can_count_down_by_itself(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    noon = int(NOON.timestamp())
    found = re.findall(r'data-left="(-?\d+)" data-from="(\d+)" data-open="([^"]*)"', shown(client))
    late, fine, held = found[1], found[3], found[4]
    assert (late[:2], fine[:2]) == (("-600", str(noon)), ("3000", str(noon)))
    assert fine[2].startswith(f"{noon}-")
    assert held == ("2400", str(noon), "")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("state=breached", ["Aged 70"]),
        ("state=paused", ["Aged 20"]),
        ("assignee=none", ["Aged 50"]),
        ("organization=Acme", ["Aged 10"]),
        ("policy=gold&assignee=sam", ["Aged 70", "Aged 10"]),
        ("due_before=2026-11-21T12:05:00Z", ["Aged 70"]),
        ("due_before=rubbish&priority=", ["Aged 70", "Aged 50", "Aged 10", "Aged 20"]),
        ("organization=%00", ["Aged 70", "Aged 50", "Aged 10", "Aged 20"]),
        ("priority=nobody-has-it", []),
    ],
)
def test_filters(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast, asked: str, found: list[str]) -> None:
    sign_in(client, cast.vi)
    assert subjects(shown(client, f"/tickets?{asked}")) == found


@pytest.mark.parametrize("asked", ["state=ok", "state=ok&assignee=none", "state=paused&assignee=none"])
def test_pages_lead_on_and_back(
    client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast, clock: Clock, asked: str
) -> None:
    api.office(targets={"default": {"resolution": 600}})
    status = {"status": "pending"} if "paused" in asked else {}
    mine: dict[str, Any] = {**status, "assignee": None if "none" in asked else "sam"}
    for number in range(120):
        api("PUT", f"/tickets/zendesk/{number}", aged(number % 7 + 1, **mine, subject=f"No {number}"), 201)
    sign_in(client, cast.vi)
    seen, path, pages = list[str](), f"/tickets?{asked}", list[str]()
    while path:
        page = shown(client, path)
        seen += subjects(page)
        pages.append(path)
        path = link(page, "next")
    assert (len(seen), len(set(seen)), len(pages)) == (120, 120, 3)
    assert subjects(shown(client, link(page, "prev"))) == seen[50:100]
    assert client.get(f"/tickets?{asked}&after=forged").status_code == 422


def test_nothing_new_is_304(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    etag = client.get("/tickets").headers["ETag"]
    assert client.get("/tickets", headers={"If-None-Match": etag}).status_code == 304


def test_no_ticket_says_what_to_do(client: FlaskClient, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    assert "No ticket yet" in shown(client)


def test_ticked_tickets_change_hands(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.max_)
    ids = [id_of("late"), id_of("risky"), id_of("done")]
    asked = client.post("/tickets/assignments", data={"ids": ids})
    assert "Who takes 3 tickets?" in asked.get_data(as_text=True)
    assert owner_of("risky") is None
    sure = {"ids": ids, "sure": "yes", "assignee": "kim"}
    done = client.post("/tickets/assignments", data=sure, follow_redirects=True)
    assert "kim has 2 more tickets. 1 left" in done.get_data(as_text=True)
    assert (owner_of("late"), owner_of("risky"), owner_of("done")) == ("kim", "kim", None)
    told = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "ticket.assigned").order_by(AuditEntry.id))
    assert [(entry.object_label, entry.details) for entry in told] == [
        ("zendesk late", {"from": "sam", "to": "kim"}),
        ("zendesk risky", {"from": None, "to": "kim"}),
    ]


def test_what_was_given_away_stays_until_the_source_says_something_new(queue: Api, clock: Clock) -> None:
    late = aged(70)
    queue("POST", "/tickets/assignments", {"ids": [id_of("late")], "assignee": "kim"}, 200)
    queue("PUT", "/tickets/zendesk/late", late, 200)
    assert owner_of("late") == "kim"
    clock.advance(seconds=60)
    queue("PUT", "/tickets/zendesk/late", {**late, "assignee": "lee"}, 200)
    assert owner_of("late") == "lee"


def test_assignments_over_the_api(queue: Api) -> None:
    ids = [id_of("fine"), id_of("done"), 10**9]
    answer = queue("POST", "/tickets/assignments", {"ids": ids, "assignee": None}, 200)
    assert answer == {"assigned": 1, "left": 2}
    assert owner_of("fine") is None
    wrongs: tuple[dict[str, Any], ...] = (
        {"ids": []},
        {"ids": list(range(1, 300))},
        {"ids": [1], "assignee": "a\nb"},
        {"ids": ["x"]},
    )
    for wrong in wrongs:
        queue("POST", "/tickets/assignments", wrong, 422)


def test_a_viewer_gives_nothing_away(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    ticket_id = id_of("late")
    assert client.get(f"/tickets/{ticket_id}/assignment").status_code == 403
    assert client.post(f"/tickets/{ticket_id}/assignment", data={"assignee": "kim"}).status_code == 403
    assert client.post("/tickets/assignments", data={"ids": [ticket_id], "sure": "yes"}).status_code == 403
    assert owner_of("late") == "sam"


def test_of_several_calendars_the_page_says_what_its_order_is(
    client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast
) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/1", aged(0), 201)
    sign_in(client, cast.vi)
    assert "In order of deadline" not in words(shown(client, "/tickets"))
    api("PUT", "/sla/calendars/other", calendar_body(), 201)
    api("PUT", "/sla/policies/other", policy_body("other", match={"tags": ["x"]}, position=0), 201)
    assert "In order of deadline: with several calendars" in words(shown(client, "/tickets"))


@pytest.mark.parametrize(
    "asked", ["organization=Acme", "priority=high", "source=zendesk", "assignee=sam", "policy=gold"]
)
def test_the_list_of_the_api_is_in_order_across_states(api: Api, clock: Clock, asked: str) -> None:
    api.office(targets={"default": {"resolution": 60}})
    mine = {"organization": "Acme", "priority": "high", "assignee": "sam"}
    over = {"id": "r", "at": NOON.isoformat(), "type": "resolved"}
    minutes = {"1": 90, "2": 50, "3": 10, "4": 70, "5": 55, "6": 20}
    for name, age in minutes.items():
        api("PUT", f"/tickets/zendesk/{name}", aged(age, **mine), 201)
    api("PUT", "/tickets/zendesk/7", aged(30, **mine, status="pending"), 201)
    api("PUT", "/tickets/zendesk/8", aged(30, **mine, events=[over]), 201)
    api("PUT", "/tickets/zammad/9", aged(95, assignee="kim", organization="Other", tags=["x"]), 201)
    api("PUT", "/sla/policies/silver", policy_body(match={"tags": ["x"]}, position=0), 201)
    found: list[str] = []
    more = f"/tickets?{asked}&limit=3"
    while more:
        page = api("GET", more)
        found += [item["external_id"] for item in page["items"]]
        more = f"/tickets?{asked}&limit=3&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    # By deadline whatever the state, then what has none by its number.
    assert found == ["1", "4", "5", "2", "6", "3", "7", "8"]
