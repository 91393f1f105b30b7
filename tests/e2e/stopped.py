"""A live page whose clock stands still: when it asks depends on the test alone, not on how fast a machine is."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import come_true

# In ms of the page's clock: how often live.js looks whether it is time to ask.
TICK = 250
COUNT = """() => {
  window.polls = {sent: 0, answered: 0};
  const count = (name, to) => document.addEventListener(name, ({detail}) => {
    if (detail.elt.hasAttribute("data-live")) window.polls[to] += 1;
  });
  count("htmx:beforeRequest", "sent");
  count("htmx:afterRequest", "answered");
}"""


class Stopped:
    """The clock of a page with one live region; no poll is under way when it has been made."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.clock.install()
        page.goto(url)
        expect(page.locator("[data-live-text]").first).to_contain_text("Live,")
        page.clock.pause_at(page.evaluate("Date.now() + 60_000"))
        expect(page.locator("[data-live].htmx-request")).to_have_count(0)
        page.evaluate(COUNT)

    def later(self, milliseconds: int) -> int:
        """Move the clock; how many polls have been sent so far."""
        self.page.clock.run_for(milliseconds)
        return self.sent()

    def next_poll(self) -> int:
        """Move the clock until a poll is sent; how many milliseconds that took."""
        before = self.sent()
        return next(passed for passed in range(TICK, 60_000, TICK) if self.later(TICK) > before)

    def sent(self) -> int:
        count: int = self.page.evaluate("window.polls.sent")
        return count

    def answered(self) -> None:
        """Wait until each poll has been answered, or has come to nothing."""
        come_true(self.page, "window.polls.answered === window.polls.sent")
