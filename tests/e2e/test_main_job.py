"""The first minute: from `up` on an empty folder to a failed job taken, retried and resolved, in a real browser."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from console.web import once
from tests.e2e.stopped import Stopped
from tests.live import LiveConsole, live_console

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveConsole]:
    folder: Path = tmp_path_factory.mktemp("first-minute")
    with live_console(folder) as running:
        yield running


def link_of(console: LiveConsole) -> str:
    console.wait(lambda: any("/link/" in line for line in console.output), "no sign-in link was printed")
    found = re.search(r"http\S+/link/\S+", "".join(console.output))
    assert found
    return found.group()


def come_in(page: Page, console: LiveConsole) -> None:
    page.goto(link_of(console))
    page.get_by_label("E-mail").fill("mara@example.com")
    page.get_by_label("Your name").fill("Mara Lindqvist")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Alerts")).to_be_visible()


def test_a_job_fails_is_taken_retried_and_resolves_itself(console: LiveConsole, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    come_in(page, console)
    watching = context.new_page()
    watching.goto(f"{console.url}/alerts")
    page.goto(f"{console.url}/alerts")
    page.get_by_role("button", name="Run a job that fails").click()

    # The second tab did nothing but wait: the failure comes to it.
    alert = watching.get_by_role("link", name=re.compile("InvoiceTotalMismatch"))
    expect(alert).to_be_visible()
    alert.click()
    expect(watching.locator("span", has_text="raise InvoiceTotalMismatch")).to_be_visible()
    number = watching.url.partition("?")[0].rsplit("/", 1)[1]

    watching.get_by_role("button", name=re.compile("Acknowledge")).click()
    expect(watching.get_by_role("button", name="Give back")).to_be_visible()
    expect(watching.get_by_role("button", name=re.compile("Acknowledge"))).to_have_count(0)

    watching.get_by_role("link", name=re.compile("Retry 1 job")).click()
    watching.get_by_role("button", name=re.compile("Retry 1 job")).click()
    expect(watching.get_by_text("Resolved").first).to_be_visible()

    with console.api("read") as api:
        events = [row["event"] for row in api.get(f"/alerts/{number}/history").raise_for_status().json()["items"]]
        alert_now = api.get(f"/alerts/{number}").raise_for_status().json()
    assert alert_now["status"] == "resolved"
    assert {"opened", "acknowledged", "retried", "resolved"} <= set(events)
    page.goto(f"{console.url}/audit")
    for action in ("alert.acknowledged", "alert.retried"):
        expect(page.get_by_text(action).first).to_be_visible()
    assert console.cli("audit", "verify").returncode == 0
    context.close()


def test_a_failure_shows_with_the_next_poll(console: LiveConsole, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{console.url}/sign-in")
    made = console.cli(
        "user", "create", "olu@example.com", "--role", "responder", "--password-stdin", stdin="two words and two more"
    )
    assert made.returncode == 0, made.stderr
    page.get_by_label("E-mail").fill("olu@example.com")
    page.get_by_label("Password").fill("two words and two more")
    page.get_by_role("button", name="Sign in").click()
    watched = Stopped(page, f"{console.url}/alerts")
    watched.next_poll()
    watched.answered()
    # The page's clock runs ahead of the server's: what it was last given must not be young there.
    time.sleep(once.OLDEST)
    with console.api("ingest") as api:
        failure = {"service": "shop", "task": "pay", "message": "the bank is closed"}
        api.post("/failures", json=failure).raise_for_status()
    assert watched.next_poll() <= 2_000
    expect(page.get_by_text("the bank is closed")).to_be_visible()
    page.close()
