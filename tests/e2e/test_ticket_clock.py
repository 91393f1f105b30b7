"""The countdown of the queue in a browser: right for a reader in any zone, also on the night when clocks change."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.transaction import unit
from console.tickets.actions import promises
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketWanted
from tests.conftest import Cast
from tests.e2e.conftest import Visit
from tests.tickets.making import calendar_body, policy_body

# 02:30 in Berlin, half an hour before 03:00 becomes 02:00 again.
BEFORE = datetime.fromisoformat("2026-10-25T00:30Z")
# Open until 04:00 on Berlin's clocks, and again from 09:00.
NIGHT = calendar_body({"sun": [["00:00", "04:00"], ["09:00", "17:00"]]}, "Europe/Berlin")


@pytest.fixture
def night(people: Cast) -> Iterator[Cast]:
    """A ticket an hour old, with six hours of business time to its resolution; the clock stands."""
    clock.freeze(BEFORE)
    body: dict[str, Any] = policy_body("night", targets={"default": {"resolution": 360}})
    created = BEFORE - timedelta(hours=1)
    with unit():
        promises.put_calendar("night", NIGHT, by=SYSTEM, at=BEFORE)
        promises.put_policy("night", body.pop("position"), body, by=SYSTEM, at=BEFORE)
        actions.put([TicketWanted("desk", "1", created, given={"subject": "Dark"})], at=BEFORE)
    yield people
    clock.freeze(None)


def no_polls(route: Route) -> None:
    """The server's clock stands while the page's goes on: what it would say now is of another time."""
    if "x-poll" not in route.request.headers:
        route.continue_()


def told(page: Page, at: datetime, left: str, due: str) -> None:
    """Set the browser's clock; nothing is asked of the server for it."""
    page.clock.set_fixed_time(at)
    cell = page.locator("#ticket-1 .due")
    expect(cell.locator(".time-left")).to_have_text(left)
    expect(cell.locator("time").first).to_have_text(due)


@pytest.mark.parametrize(
    ("zone", "due", "due_later"),
    [
        ("Europe/Berlin", "today 11:30", "today 11:30"),
        ("America/New_York", "Sun 25 Oct 06:30", "today 06:30"),
        ("Asia/Kathmandu", "today 16:15", "today 16:15"),
    ],
)
def test_business_time_left_is_the_same_for_all(visit: Visit, night: Cast, zone: str, due: str, due_later: str) -> None:
    visitor = visit(night.vi, timezone_id=zone)
    visitor.page.route("**/tickets", no_polls)
    visitor.page.clock.set_fixed_time(BEFORE)
    page = visitor.open("/tickets")
    told(page, BEFORE, "5 h", due)
    # An hour of real time later it is 02:30 in Berlin once more.
    told(page, BEFORE + timedelta(hours=1), "4 h", due)
    # 04:00 in Berlin: closed, so that nothing goes on until 09:00.
    told(page, BEFORE + timedelta(hours=2, minutes=30), "2 h 30 min", due)
    told(page, BEFORE + timedelta(hours=6), "2 h 30 min", due_later)
    told(page, BEFORE + timedelta(hours=10), "0 s", due_later)
    told(page, BEFORE + timedelta(hours=10, minutes=1), "\N{MINUS SIGN}1 min", due_later)
