"""Somebody who is faster than the server: nothing is done twice, and nothing that was pressed is lost."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Request, Route, expect

from tests.conftest import Cast
from tests.e2e.conftest import Visit, fail

# A key in the very moment in which the page shows the answer: a callback of the observer runs right after the swap,
# before anything that waits for a timer.
PRESS_AT_ONCE = """key => new MutationObserver((_, observer) => {
  observer.disconnect();
  document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
}).observe(document.querySelector("#toasts"), {childList: true})"""
REFUSED = {"Content-Type": "text/html", "HX-Retarget": "#toasts", "HX-Reswap": "beforeend"}


def nothing(_request: Request) -> bool:
    return False


def is_post(request: Request) -> bool:
    return request.method == "POST"


class Changes:
    """The changes that a page asks for, by the last part of their path. Nothing is answered from `hold` to `let_go`."""

    def __init__(self, page: Page) -> None:
        self.page, self.asked = page, list[str]()
        self.holds: Callable[[Request], bool] = nothing
        self.held, self.answer = list[Route](), dict[str, Any]()
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if is_post(request):
            self.asked.append(request.url.partition("?")[0].rsplit("/", 1)[1])

    def hold(self, which: Callable[[Request], bool]) -> None:
        self.holds = which
        self.page.route("**/*", self._route)

    def let_go(self, **answer: Any) -> None:
        """Let the server answer; with `answer`, what is held gets that instead."""
        self.holds, self.answer = nothing, answer
        for route in self.held:
            self._route(route)

    def _route(self, route: Route) -> None:
        # The browser tells of a request before it offers it: it may come here when it has been let go already.
        if self.holds(route.request):
            self.held.append(route)
        elif self.answer and is_post(route.request):
            route.fulfill(**self.answer)
            self.answer = {}
        else:
            route.continue_()


def press_and_hold(page: Page, key: str) -> Changes:
    """Press a key whose change is on its way until `let_go()`."""
    changes = Changes(page)
    changes.hold(is_post)
    with page.expect_request(is_post):
        page.keyboard.press(key)
    return changes


def test_a_key_right_after_the_answer_acts_on_what_it_shows(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu).open(f"/alerts/{alert}")
    changes = Changes(page)
    page.evaluate(PRESS_AT_ONCE, "e")
    page.keyboard.press("a")
    expect(page.locator(".subject-head")).to_contain_text("Resolved")
    assert changes.asked == ["acknowledgement", "resolution"]


def test_a_key_before_the_answer_waits_for_it(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu).open(f"/alerts/{alert}")
    changes = press_and_hold(page, "a")
    page.keyboard.press("e")
    changes.let_go()
    expect(page.locator(".subject-head")).to_contain_text("Resolved")
    assert changes.asked == ["acknowledgement", "resolution"]


def test_the_same_key_or_button_twice_acts_once(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu).open(f"/alerts/{alert}")
    changes = press_and_hold(page, "a")
    page.keyboard.press("a")
    page.locator("#alert-actions button", has_text="Acknowledge").dblclick()
    changes.let_go()
    expect(page.locator(".subject-head")).to_contain_text("Acknowledged")
    page.keyboard.press("e")
    expect(page.locator(".subject-head")).to_contain_text("Resolved")
    assert changes.asked == ["acknowledgement", "resolution"]


def test_a_double_click_presses_one_button(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu).open(f"/alerts/{alert}")
    changes = Changes(page)
    button = page.locator("#alert-actions button.btn-lg")
    button.click()
    expect(button).to_have_text(re.compile("Resolve"))
    button.hover()
    for _ in range(2):
        page.mouse.down(click_count=2)
        page.mouse.up(click_count=2)
    page.keyboard.press("e")
    expect(page.locator(".subject-head")).to_contain_text("Resolved")
    assert changes.asked == ["acknowledgement", "resolution"]


def test_a_key_is_not_for_the_page_that_is_being_left(visit: Visit, people: Cast) -> None:
    first, second = fail(1), fail(2)
    page = visit(people.olu).open(f"/alerts/{second}?among=open")
    changes = Changes(page)
    changes.hold(lambda request: request.is_navigation_request())
    with page.expect_request(f"**/alerts/{first}?among=open"):
        page.keyboard.press("j")
    page.keyboard.press("a")
    changes.let_go()
    page.wait_for_url(f"**/alerts/{first}?among=open")
    expect(page.locator(".subject-head")).to_contain_text("Open")
    assert changes.asked == []


def test_the_next_alert_is_opened_when_this_one_is_done(visit: Visit, people: Cast) -> None:
    first, second = fail(1), fail(2)
    page = visit(people.olu).open(f"/alerts/{second}?among=open")
    changes = press_and_hold(page, "a")
    page.keyboard.press("j")
    page.keyboard.press("a")
    changes.let_go()
    page.wait_for_url(f"**/alerts/{first}?among=open")
    assert changes.asked == ["acknowledgement"]


def test_rows_of_a_list_one_after_the_other(visit: Visit, people: Cast) -> None:
    ids = [fail(n) for n in range(3)]
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("j")
    changes = press_and_hold(page, "a")
    for key in ("j", "a", "j", "a"):
        page.keyboard.press(key)
    changes.let_go()
    for alert in ids:
        expect(page.locator(f"#group-acknowledged #alert-{alert}")).to_be_visible()
    assert changes.asked == ["selection"] * 3


def test_what_was_pressed_after_a_refusal_is_forgotten(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu).open(f"/alerts/{alert}")
    changes = press_and_hold(page, "a")
    page.keyboard.press("e")
    changes.let_go(status=503, headers=REFUSED, body="<p data-toast>Not now.</p>")
    expect(page.get_by_text("Not now.")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator(".subject-head")).to_contain_text("Acknowledged")
    assert changes.asked == ["acknowledgement", "acknowledgement"]


def test_a_key_does_not_wait_to_open_the_search(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("j")
    changes = press_and_hold(page, "a")
    page.keyboard.press("/")
    page.keyboard.type("sea")
    changes.let_go()
    expect(page.locator(f"#group-acknowledged #alert-{alert}")).to_be_visible()
    expect(page.locator("[data-search]")).to_have_value("sea")
    assert changes.asked == ["selection"]


def test_enter_in_the_palette_waits_for_the_places_of_its_words(visit: Visit, people: Cast) -> None:
    page = visit(people.ada).open("/alerts")
    page.keyboard.press("Control+k")
    places = page.locator("#jump-results [role=option]")
    expect(places.first).to_contain_text("Alerts")
    changes = Changes(page)
    changes.hold(lambda request: "/jump" in request.url)
    page.keyboard.type("audit")
    page.keyboard.press("Enter")
    expect(places.first).to_contain_text("Alerts")
    changes.let_go()
    page.wait_for_url("**/audit")


def test_keys_before_the_offers_of_a_search_wait_for_them(visit: Visit, people: Cast) -> None:
    fail(1)
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("/")
    offers = page.locator("#completions [role=option]")
    expect(offers.first).to_be_visible()
    changes = Changes(page)
    changes.hold(lambda request: "/completions" in request.url)
    page.keyboard.type("last")
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    changes.let_go()
    expect(page.locator("[data-search]")).to_have_value("last_seen:")
