"""A list worked through by keyboard, one alert after the other; and merging, by keyboard and by thumb."""

from typing import Any

from playwright.sync_api import expect

from console.alerts.rules.states import Severity
from tests.conftest import Cast
from tests.e2e.conftest import Visit, come_true, fail

APART = """() => {
  const [form, toasts] = ["#note-form", "#toasts"].map((of) => document.querySelector(of).getBoundingClientRect());
  return toasts.height > 0 && (toasts.bottom <= form.top || form.bottom <= toasts.top);
}"""
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def test_j_and_k_step_through_the_list_one_came_from(visit: Visit, people: Cast) -> None:
    bad, plain, mild = fail(1, severity=Severity.CRITICAL), fail(2), fail(3, severity=Severity.WARNING)
    fail(4, service="media")
    page = visit(people.olu).open("/alerts?service=documents")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{bad}?service=documents&among=open")
    expect(page.locator("#steps")).to_contain_text("1 of 3 open")
    page.keyboard.press("j")
    page.wait_for_url(f"**/alerts/{plain}?service=documents&among=open")
    page.keyboard.press("a")
    expect(page.locator(".subject-head")).to_contain_text("Acknowledged")
    expect(page.locator("#steps")).to_contain_text("2 open")
    page.keyboard.press("j")
    page.wait_for_url(f"**/alerts/{mild}?service=documents&among=open")
    expect(page.locator("#steps")).to_contain_text("2 of 2 open")
    page.keyboard.press("k")
    page.wait_for_url(f"**/alerts/{bad}?service=documents&among=open")


def test_merging_by_keyboard_and_taking_out(visit: Visit, people: Cast) -> None:
    mine, other = fail(1), fail(2)
    page = visit(people.olu).open(f"/alerts/{mine}")
    page.keyboard.press("m")
    expect(page.locator("#ask")).to_contain_text("the same as")
    expect(page.locator("#ask .choice input")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(f"#merged-{other}")).to_be_visible()
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text(f"1 alert merged into #{mine}.")
    page.goto(page.url.replace(f"/alerts/{mine}", f"/alerts/{other}"))
    page.wait_for_url(f"**/alerts/{mine}?merged={other}")
    expect(page.locator(".banner-info")).to_contain_text(f"#{other} was merged into this alert")
    page.locator(f"#merged-{other} button").click()
    expect(page.locator(f"#merged-{other}")).to_have_count(0)


def test_a_page_that_is_open_while_it_is_merged_follows(visit: Visit, people: Cast) -> None:
    mine, other = fail(1), fail(2)
    watching = visit(people.vi).open(f"/alerts/{other}")
    page = visit(people.olu).open(f"/alerts/{mine}")
    page.keyboard.press("m")
    page.locator("#ask .choice").click()
    page.locator("#ask button", has_text="Merge").click()
    watching.wait_for_url(f"**/alerts/{mine}?merged={other}")


def test_a_note_is_written_while_toasts_stand(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu, viewport={"width": 900, "height": 700}).open(f"/alerts/{alert}")
    for key, word in (("a", "acknowledged"), ("e", "resolved")):
        page.keyboard.press(key)
        expect(page.locator("#toasts")).to_contain_text(word)
    page.locator("#note-text").focus()
    come_true(page, APART)
    page.keyboard.type("**bold** words")
    page.locator("button", has_text="Add note").click()
    expect(page.locator("#history .said strong")).to_have_text("bold")


def test_merging_by_thumb(visit: Visit, people: Cast) -> None:
    mine, other = fail(1), fail(2)
    page = visit(people.olu, **PHONE).open(f"/alerts/{mine}")
    page.locator("#more-actions summary").tap()
    page.locator("#more-actions a", has_text="Merge").tap()
    page.locator("#ask .choice").tap()
    page.locator("#ask button", has_text="Merge").tap()
    expect(page.locator(f"#merged-{other}")).to_be_visible()
