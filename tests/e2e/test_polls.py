"""When a live page asks: within two seconds, never twice at once, not while hidden, ever less when nobody answers."""

import pytest
from playwright.sync_api import Route, expect

from console.web import once
from tests.conftest import Cast
from tests.e2e.conftest import Visit, Visitor, fail
from tests.e2e.stopped import Stopped

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Watched(Stopped):
    """The list of alerts, seen by a viewer: its polls can be held back, and the server be away."""

    def __init__(self, visitor: Visitor) -> None:
        self.holding, self.away, self.held = False, False, list[Route]()
        visitor.page.route("**/alerts", self._route)
        super().__init__(visitor.page, f"{visitor.url}/alerts")

    def _route(self, route: Route) -> None:
        if self.away:
            route.abort()
        elif self.holding:
            self.held.append(route)
        else:
            route.continue_()

    def let_go(self) -> None:
        self.holding = False
        for route in self.held:
            route.continue_()


@pytest.fixture
def watched(visit: Visit, people: Cast, monkeypatch: pytest.MonkeyPatch) -> Watched:
    # The page's clock runs ahead of the server's, to which two polls may be a few real milliseconds apart: it would
    # call the rendering of the first young. In life at least 1.5 s lie between two polls of one page.
    monkeypatch.setattr(once, "YOUNG", 0.0)
    monkeypatch.setattr(once, "OLDEST", 0.0)
    fail(1)
    return Watched(visit(people.vi))


def test_news_shows_with_the_next_poll_within_two_seconds(watched: Watched) -> None:
    watched.next_poll()
    watched.answered()
    fail(2)
    assert watched.next_poll() == 1_500
    expect(watched.page.locator("[data-row]")).to_have_count(2)


def test_a_page_waits_for_its_answer_before_it_asks_again(watched: Watched) -> None:
    watched.holding = True
    watched.next_poll()
    assert watched.later(3_000) == 1
    watched.let_go()
    watched.answered()
    # The answer took three seconds: the server has twice as long for others.
    assert watched.next_poll() == 6_000


def test_a_hidden_tab_does_not_ask_and_asks_once_when_it_is_shown(watched: Watched) -> None:
    watched.page.evaluate(HIDE, True)
    assert watched.later(60_000) == 0
    fail(2)
    watched.holding = True
    watched.page.evaluate(HIDE, False)
    assert watched.sent() == 1
    assert watched.later(1_000) == 1
    watched.let_go()
    expect(watched.page.locator("[data-row]")).to_have_count(2)


def test_a_server_that_is_away_is_asked_less_and_less_and_its_return_seen(watched: Watched) -> None:
    lost = watched.page.locator("#lost")
    watched.away = True
    watched.next_poll()
    watched.answered()
    expect(lost).to_be_hidden()
    for seconds in (2, 5, 10, 20, 30, 30):
        assert watched.next_poll() == seconds * 1_000
        watched.answered()
        expect(lost).to_contain_text("Not live since")
    expect(watched.page.locator("[data-live-text]").first).to_have_text("Not live")
    watched.away = False
    assert watched.next_poll() == 30_000
    expect(lost).to_be_hidden()
    expect(watched.page.locator("[data-live-text]").first).to_contain_text("Live,")


@pytest.mark.parametrize("event", ["online", "click"])
def test_a_lost_page_asks_at_once_when_told_to(watched: Watched, event: str) -> None:
    watched.away = True
    for _ in range(2):
        watched.next_poll()
        watched.answered()
    expect(watched.page.locator("#lost")).to_contain_text("Trying again in 5 s.")
    watched.away = False
    if event == "online":
        watched.page.evaluate("window.dispatchEvent(new Event('online'))")
    else:
        watched.page.locator("[data-try-now]").click()
    expect(watched.page.locator("#lost")).to_be_hidden()
    assert watched.sent() == 3


def test_what_a_person_does_takes_the_place_of_a_poll(visit: Visit, people: Cast) -> None:
    """An answer of before the change never shows over it."""
    alert = fail(1)
    page = visit(people.olu).open(f"/alerts/{alert}")
    held = list[Route]()

    def keep(route: Route) -> None:
        if "x-poll" in route.request.headers:
            held.append(route)
        else:
            route.continue_()

    page.route("**/*", keep)
    expect(page.locator("#alert-page.htmx-request")).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator(".subject-head")).to_contain_text("Acknowledged")
