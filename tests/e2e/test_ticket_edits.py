"""Edits of calendars in a browser: hours by keyboard, dry runs and rebuilds that take a while, one edit taking over."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.jobs import cancel, run
from console.infra.transaction import unit
from console.tickets import jobs
from console.tickets.actions import promises, rebuilds
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import Rebuild, Ticket
from tests.conftest import Cast
from tests.e2e.conftest import Visit
from tests.e2e.test_accessible import violations
from tests.tickets.making import ALWAYS, calendar_body, policy_body

MANY = jobs.PREVIEW_AT_ONCE + 1
FORM = "/tickets/calendars/office/edit"


@pytest.fixture
def many(people: Cast) -> Cast:
    """More open tickets than a dry run looks at while somebody waits: one, and copies of it."""
    body: dict[str, Any] = policy_body()
    with unit():
        promises.put_calendar("office", calendar_body(ALWAYS), by=SYSTEM, at=clock.now())
        promises.put_policy("gold", body.pop("position"), body, by=SYSTEM, at=clock.now())
        actions.put([TicketWanted("zendesk", "0", clock.now(), given={"subject": "Printer on fire"})], at=clock.now())
    with unit() as session:
        columns = [column for column in Ticket.__table__.columns if column.name != "id"]
        (row,) = session.execute(select(*columns)).mappings().all()
        copies = [{**row, "external_id": str(number)} for number in range(1, MANY)]
        session.execute(insert(Ticket.__table__), copies)  # type: ignore[arg-type]  # it is a table
    return people


def work(job: str) -> None:
    """Do a job as a worker would."""
    run.perform(uuid.UUID(job), worker="w1")


def rebuild() -> Rebuild:
    with unit() as session:
        found = session.scalars(select(Rebuild).order_by(Rebuild.id.desc()).limit(1)).one()
        session.expunge(found)
    return found


def waiting(page: Page) -> str:
    """The job that the form waits for."""
    return page.locator("#dry-run input[name=job]").get_attribute("value") or ""


def test_a_long_look_shows_how_far_it_is_and_then_what_it_found(visit: Visit, many: Cast) -> None:
    page = visit(many.ada).open(FORM)
    page.get_by_label("Exceptions, one a line").fill(f"{clock.now():%Y-%m-%d} closed")
    page.get_by_role("button", name="See what changes").click()
    expect(page.locator("#dry-run")).to_contain_text("Looking at all open tickets, 0 % done")
    assert violations(page) == []
    work(waiting(page))
    expect(page.locator("#dry-run")).to_contain_text(f"{MANY:,} deadlines move, 0 become breached, 0 are rescued.")
    expect(page.locator("#dry-run")).to_contain_text(f"The 100 most pressing of {MANY:,}.")
    assert violations(page) == []
    page.get_by_role("button", name="Save it").click()
    expect(page.locator("#toasts")).to_contain_text(f"Saved as version 2. {MANY:,} open tickets are counted anew now.")


def test_a_look_that_was_stopped_says_so(visit: Visit, many: Cast) -> None:
    page = visit(many.ada).open(FORM)
    page.get_by_role("button", name="See what changes").click()
    with unit():
        cancel(uuid.UUID(waiting(page)), by=SYSTEM)
    expect(page.locator("#dry-run")).to_contain_text("The dry run failed or was stopped.")


def test_without_scripts_a_button_asks_again(visit: Visit, many: Cast) -> None:
    visitor = visit(many.ada, java_script_enabled=False)
    page = visitor.page
    page.goto(visitor.url + FORM)
    page.get_by_label("Exceptions, one a line").fill(f"{clock.now():%Y-%m-%d} closed")
    page.get_by_role("button", name="See what changes").click()
    work(waiting(page))
    page.get_by_role("button", name="Look again", exact=True).click()
    expect(page.locator("#dry-run")).to_contain_text(f"{MANY:,} deadlines move")


def test_a_rebuild_shows_how_far_it_is_and_the_edit_that_takes_over(visit: Visit, many: Cast) -> None:
    def edit(*closed: str) -> Rebuild:
        with unit():
            body = calendar_body(ALWAYS, exceptions={day: [] for day in closed})
            jobs.carry_on(promises.put_calendar("office", body, by=SYSTEM, at=clock.now()).rebuild, by=SYSTEM)
        return rebuild()

    page = visit(many.ada).open("/tickets/calendars/office")
    older = edit("2026-11-21")
    bar = page.locator("#rebuild")
    expect(bar).to_contain_text(f"Counting open tickets anew after the edit of calendar office: 0 of {MANY:,}")
    with unit():
        rebuilds.step(older.id, at=clock.now(), limit=2_000)
    expect(bar).to_contain_text(f"2,000 of {MANY:,}")
    expect(bar.get_by_role("img", name="39 % done")).to_be_visible()
    assert violations(page) == []
    newer = edit("2026-11-21", "2026-11-22")
    expect(bar).to_contain_text(
        f"It took over from the edit of calendar office by console, which had come to 2,000 of {MANY:,}"
    )
    work(str(older.job_id))
    work(str(newer.job_id))
    expect(bar).to_contain_text(f"{MANY:,} open tickets counted anew")
    assert violations(page) == []
    assert rebuild().superseded_at is None


def test_hours_are_written_seen_and_saved_by_keyboard(visit: Visit, many: Cast) -> None:
    page = visit(many.ada).open("/tickets/new-calendar")
    keys = page.keyboard
    page.get_by_label("Name", exact=True).focus()
    keys.type("night desk")
    keys.press("Tab")
    keys.press("Tab")
    expect(page.get_by_label("Monday")).to_be_focused()
    keys.press("Control+a")
    keys.type("22:00-24:00, 06-08")
    expect(page.locator("#drawing li", has_text="Monday")).to_contain_text("4 h")
    keys.press("Tab")
    expect(page.get_by_label("Tuesday")).to_be_focused()
    keys.press("Control+a")
    keys.type("nonsense")
    expect(page.locator("#drawing li.fault", has_text="Tuesday")).to_be_visible()
    page.get_by_role("button", name="Copy the day").focus()
    keys.press("Enter")
    expect(page.get_by_label("Friday")).to_have_value("22:00-24:00, 06-08")
    expect(page.get_by_label("Saturday")).to_have_value("")
    page.get_by_label("Saturday").focus()
    keys.type("24 h")
    keys.press("Enter")
    expect(page.get_by_label("Saturday")).to_have_value("24 h")
    page.get_by_role("button", name="Add the calendar").focus()
    keys.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Saved as version 1.")
    expect(page.locator("h1")).to_contain_text("night desk")
