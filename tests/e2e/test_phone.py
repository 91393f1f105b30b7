"""At night, on a phone: everything within reach of a thumb."""

from typing import Any

from playwright.sync_api import expect

from tests.conftest import Cast
from tests.e2e.conftest import Visit, fail

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def test_the_next_action_is_fixed_at_the_bottom(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu, **PHONE).open(f"/alerts/{alert}")
    button = page.locator(".action-bar button", has_text="Acknowledge")
    expect(button).to_be_in_viewport(ratio=1)
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 52
    button.tap()
    expect(page.locator(".subject-head")).to_contain_text("Acknowledged")


def test_the_rest_is_in_the_menu(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu, **PHONE).open(f"/alerts/{alert}")
    page.locator("#more-actions summary").tap()
    page.locator("#more-actions button", has_text="Resolve").tap()
    expect(page.locator(".subject-head")).to_contain_text("Resolved")


def test_several_alerts_can_be_chosen(visit: Visit, people: Cast) -> None:
    first, second = fail(1), fail(2)
    page = visit(people.olu, **PHONE).open("/alerts")
    expect(page.locator(f"#alert-{first} .pick")).to_be_hidden()
    page.locator(".select-mode").tap()
    page.locator(f"#alert-{first} .pick").tap()
    page.locator(f"#alert-{second} .pick").tap()
    page.locator("[data-bulk] button", has_text="Acknowledge").tap()
    expect(page.locator("#toasts")).to_contain_text("2 alerts acknowledged.")


def test_tabs_lead_to_the_areas_and_to_the_rest(visit: Visit, people: Cast) -> None:
    page = visit(people.ada, **PHONE).open("/alerts")
    expect(page.locator(".sidebar")).to_be_hidden()
    page.locator(".tabs-bottom a", has_text="More").tap()
    page.locator(".menu-page a", has_text="Audit").tap()
    page.wait_for_url("**/audit")
