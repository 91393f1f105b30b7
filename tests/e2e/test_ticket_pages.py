"""The pages of tickets in a browser: accessible in both themes, no wider than a phone, large enough for a finger."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from console.alerts import actions as alerts
from console.alerts.rules.views import Wanted
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.transaction import unit
from console.tickets.actions import promises
from console.tickets.actions import tickets as actions
from console.tickets.actions.sweep import sweep
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import Ticket
from console.tickets.rules.history import Event, Kind
from console.tickets.rules.views import TICKETS
from tests.conftest import Cast
from tests.e2e.conftest import Visit, promise
from tests.e2e.test_accessible import SIZES, THEMES, faults, violations
from tests.tickets.making import ALWAYS, calendar_body, policy_body

PAGES = (
    "/tickets",
    "/tickets?organization=Acme",
    "/tickets?state=met",
    "/tickets?assignee=nobody-like-this",
    "/tickets/{late}",
    "/tickets/{held}?clock=first_response",
    "/tickets/{done}",
    "/tickets/{plain}",
    "/tickets/{late}/assignment",
    "/tickets/sharing",
    "/tickets/sharing?due_within=1h&state=met",
    "/tickets/views",
    "/tickets/views/new?organization=Acme",
    "/tickets/views/{view}/edit",
    "/tickets/reports?since=2026-01-01&until=2399-01-01",
    "/tickets/reports?by=week&clock=first_response&month=2020-01",
    "/tickets/reports/tickets?since=2026-01-01&until=2399-01-01",
    "/tickets/reports/tickets?since=2020-01-01&until=2020-01-02",
)


def event(name: str, minutes: float, kind: Kind, value: str | None = None) -> Event:
    """Something that happened so many minutes ago."""
    return Event(name, clock.now() - timedelta(minutes=minutes), kind, value)


def wanted(name: str, minutes: float, *events: Event, **more: Any) -> TicketWanted:
    """A ticket of so many minutes."""
    created = clock.now() - timedelta(minutes=minutes)
    given = {"subject": f"The printer on the {name} floor is on fire", "priority": "high", "tags": ["fire"], **more}
    return TicketWanted("helpdesk", name, created, given=given, events=events)


def everything() -> dict[str, int]:
    """Tickets in every state, one with deadlines of its source's own; a saved view."""
    promise()
    later = (clock.now() + timedelta(hours=3)).isoformat()
    with unit():
        promises.put_calendar("always", calendar_body(ALWAYS), by=SYSTEM, at=clock.now())
        body = policy_body("always", match={"organization": ["Acme"]})
        promises.put_policy("all day", body.pop("position"), body, by=SYSTEM, at=clock.now())
    owned = {
        "organization": "Acme",
        "assignee": "olu@example.com",
        "requester": "Ines Kruse",
        "url": "https://h.example.org/1",
    }
    held = event("h", 9, Kind.STATUS, "pending")
    with unit():
        actions.put([
            wanted("late", 900, event("1", 899, Kind.CUSTOMER_MESSAGE), **owned,
                   source_deadlines={"policy": "theirs", "resolution": later}),
            wanted("risky", 50, organization="Acme"),
            wanted("fine", 5, **owned),
            wanted("held", 10, held, **owned),
            wanted("done", 600, event("r", 30, Kind.AGENT_REPLY), event("s", 20, Kind.RESOLVED), **owned),
            wanted("plain", 30),
        ], at=clock.now())  # fmt: skip
        view = alerts.create_view(
            Wanted("Acme", {"organization": "Acme"}, "due", None), by=SYSTEM, at=clock.now(), listing=TICKETS
        )
    with unit():
        sweep(at=clock.now())
    with unit() as session:
        ids = {name: number for number, name in session.execute(select(Ticket.id, Ticket.external_id))}
        return {**ids, "view": session.merge(view).id}


def test_they_are_accessible_and_fit(visit: Visit, people: Cast) -> None:
    assert faults(visit(people.ada), PAGES, **everything()) == {}


@pytest.mark.parametrize("theme", THEMES)
def test_the_first_page_says_what_to_do(visit: Visit, people: Cast, theme: str) -> None:
    page = visit(people.ada, color_scheme=theme).open("/tickets")
    expect(page.locator("main")).to_contain_text("No ticket yet")
    assert violations(page) == []


def test_what_a_finger_presses_is_large_enough(visit: Visit, people: Cast) -> None:
    made = everything()
    visitor = visit(people.max_, viewport=SIZES["phone"], has_touch=True)
    for path in (
        "/tickets?organization=Acme",
        "/tickets/{late}",
        "/tickets/reports",
        "/tickets/policies",
        "/tickets/views",
    ):
        page = visitor.open(path.format(**made))
        small = page.evaluate(
            """() => [...document.querySelectorAll(".btn, .segments a, .tabs a, .tabs-bottom a, .phone-bar a")]
            .filter(e => e.checkVisibility()).map(e => [e.textContent.trim(), e.getBoundingClientRect().height])
            .filter(([, height]) => height < 44)"""
        )
        assert small == [], path


def test_the_next_step_is_fixed_at_the_bottom_of_a_ticket(visit: Visit, people: Cast) -> None:
    made = everything()
    page = visit(people.max_, viewport=SIZES["phone"], has_touch=True).open(f"/tickets/{made['late']}")
    box = page.locator(".action-bar a", has_text="Reassign").bounding_box()
    assert box is not None
    assert box["height"] >= 52
    assert box["y"] + box["height"] <= SIZES["phone"]["height"]
