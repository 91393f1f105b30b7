"""The load shared out in a browser: in the dialog by keyboard, on a phone, and as a page without scripts."""

import pytest
from playwright.sync_api import Page, expect

from console.infra import clock
from console.infra.transaction import unit
from console.tickets.actions import tickets as actions
from console.tickets.actions.sweep import sweep
from tests.conftest import Cast
from tests.e2e.conftest import Visit, promise
from tests.e2e.test_accessible import SIZES, THEMES, violations
from tests.e2e.test_ticket_pages import wanted


@pytest.fixture
def desk(people: Cast) -> Cast:
    """Sam has four tickets, Kim one, nobody three."""
    promise()
    owned = [("sam", 4), ("kim", 1), (None, 3)]
    given = [
        wanted(f"{name or 'nobody'}{n}", 5 + n, organization="Acme", assignee=name)
        for name, many in owned for n in range(many)
    ]  # fmt: skip
    with unit():
        actions.put(given, at=clock.now())
    with unit():
        sweep(at=clock.now())
    return people


def loads(page: Page) -> dict[str, str]:
    """Who has how many, as the card beside the queue says."""
    rows = page.locator(".share")
    return dict(zip(rows.locator("a").all_inner_texts(), rows.locator("strong").all_inner_texts(), strict=True))


def test_by_keyboard_in_the_dialog(visit: Visit, desk: Cast) -> None:
    page = visit(desk.max_).open("/tickets")
    page.get_by_role("link", name="Share out the load…").press("Enter")
    asked = page.get_by_role("dialog", name="Share out 3 tickets?")
    expect(asked.get_by_role("checkbox", name="kim")).to_be_checked()
    expect(asked.get_by_text("gets 3")).to_be_visible()
    # Only Sam: it is counted anew at once.
    asked.get_by_role("checkbox", name="kim").press("Space")
    expect(asked.locator(".choice", has_text="sam")).to_contain_text("gets 3")
    expect(asked.locator(".choice", has_text="kim")).not_to_contain_text("gets")
    asked.get_by_role("checkbox", name="kim").press("Space")
    expect(asked.locator(".choice", has_text="kim")).to_contain_text("gets 3")
    asked.get_by_role("button", name="Share out 3").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("3 tickets changed hands: 3 to kim.")
    expect(asked).to_be_hidden()
    expect(page.locator(".share", has_text="kim").locator("strong")).to_have_text("4")


def test_what_moved_meanwhile_is_shown_in_the_dialog(visit: Visit, desk: Cast) -> None:
    page = visit(desk.max_).open("/tickets")
    page.get_by_role("link", name="Share out the load…").click()
    expect(page.get_by_role("dialog", name="Share out 3 tickets?")).to_be_visible()
    with unit():
        actions.put([wanted("late-comer", 1, organization="Acme")], at=clock.now())
    page.get_by_role("button", name="Share out 3").click()
    asked = page.get_by_role("dialog", name="Share out 4 tickets?")
    expect(asked.get_by_role("alert")).to_contain_text("4 open tickets match now, not 3")
    asked.get_by_role("button", name="Share out 4").click()
    expect(page.locator("#toasts")).to_contain_text("4 tickets changed hands")


def test_ticked_tickets_by_their_key(visit: Visit, desk: Cast) -> None:
    page = visit(desk.olu).open("/tickets?assignee=sam")
    for box in page.locator("tbody .pick").all()[:2]:
        box.check()
    page.keyboard.press("s")
    expect(page.get_by_role("dialog", name="Share out 2 tickets?")).to_be_visible()


def test_without_scripts_it_is_a_page(visit: Visit, desk: Cast) -> None:
    visitor = visit(desk.max_, java_script_enabled=False)
    page = visitor.page
    page.goto(visitor.url + "/tickets")
    page.get_by_role("link", name="Share out the load…").click()
    page.get_by_label("Or others, as the helpdesk calls them").fill("lee")
    page.get_by_role("button", name="Count again").click()
    expect(page.locator(".choice", has_text="lee")).to_contain_text("gets")
    page.get_by_role("button", name="Share out 3").click()
    expect(page.locator("#toasts")).to_contain_text("3 tickets changed hands")
    assert sum(int(number) for number in loads(page).values()) == 8


@pytest.mark.parametrize("theme", THEMES)
def test_the_dialog_is_accessible_and_fits_a_phone(visit: Visit, desk: Cast, theme: str) -> None:
    page = visit(desk.max_, viewport=SIZES["phone"], has_touch=True, color_scheme=theme).open("/tickets")
    page.get_by_role("link", name="Share out the load…").click()
    asked = page.get_by_role("dialog", name="Share out 3 tickets?")
    expect(asked).to_be_visible()
    assert violations(page) == []
    box = asked.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= SIZES["phone"]["width"]
    low = [each.bounding_box() for each in asked.locator(".btn, .choice").all()]
    assert all(each is not None and each["height"] >= 44 for each in low)
