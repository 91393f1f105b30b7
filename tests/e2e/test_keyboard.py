"""Everything by keyboard, and everything without JavaScript."""

import re

from playwright.sync_api import expect

from tests.conftest import Cast
from tests.e2e.conftest import Visit, fail


def test_j_k_x_and_a_work_on_rows(visit: Visit, people: Cast) -> None:
    ids = sorted((fail(n) for n in range(3)), reverse=True)
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(f"#alert-{ids[1]}")).to_have_class(re.compile(r"\bhere\b"))
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk]")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("1 alert acknowledged.")
    expect(page.locator(f"#group-acknowledged #alert-{ids[0]}")).to_be_visible()
    expect(page.locator("[data-bulk]")).to_be_hidden()


def test_a_key_acts_on_the_row_one_stands_on(visit: Visit, people: Cast) -> None:
    fail(1)
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("1 alert resolved.")


def test_enter_opens_and_s_asks_until_when(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{alert}?among=open")
    page.keyboard.press("s")
    expect(page.locator("#ask")).to_be_visible()
    expect(page.locator("#ask")).to_contain_text("until when?")
    page.keyboard.press("Enter")
    expect(page.locator(".subject-head")).to_contain_text("Snoozed")
    expect(page.locator("#ask")).to_be_hidden()
    page.locator("#toasts button", has_text="Undo").click()
    expect(page.locator(".subject-head")).to_contain_text("Open")


def test_slash_searches_and_letters_stay_in_the_field(visit: Visit, people: Cast) -> None:
    fail(1)
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("/")
    page.keyboard.type("jax")
    expect(page.locator("[data-search]")).to_have_value("jax")
    expect(page.locator(".here")).to_have_count(0)
    page.keyboard.press("Enter")
    page.wait_for_url("**q=jax**")
    expect(page.locator(".nothing")).to_contain_text("No alert matches")


def test_g_goes_and_the_palette_jumps(visit: Visit, people: Cast) -> None:
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url("**/queues")
    page.keyboard.press("Control+k")
    page.keyboard.type("alerts")
    expect(page.locator("#jump-results [role=option]").first).to_contain_text("Alerts")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts")


def test_question_mark_lists_the_keys_and_escape_closes(visit: Visit, people: Cast) -> None:
    page = visit(people.vi).open("/alerts")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_the_theme_switches_and_the_server_remembers(visit: Visit, people: Cast) -> None:
    visitor = visit(people.vi, color_scheme="light")
    page = visitor.open("/alerts")
    page.locator(".sidebar [data-theme-switch] button").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert 'data-theme="dark"' in visitor.context.request.get(page.url).text()


def test_nothing_needs_javascript(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    visitor = visit(people.olu, java_script_enabled=False)
    page, base = visitor.page, visitor.url
    page.goto(f"{base}/alerts/{alert}")
    page.locator("#alert-actions button", has_text="Acknowledge").click()
    expect(page.locator(".subject-head")).to_contain_text("Acknowledged")
    expect(page.locator("#toasts")).to_contain_text(f"#{alert} is acknowledged.")
    page.locator("#alert-actions a", has_text="Snooze").click()
    page.locator("button", has_text="4 hours").click()
    expect(page.locator(".subject-head")).to_contain_text("Snoozed")
    page.locator("#note-text").fill("All by hand.")
    page.locator("button", has_text="Add note").click()
    expect(page.locator("#history")).to_contain_text("All by hand.")
    page.goto(f"{base}/alerts?status=snoozed")
    page.locator(".pick[name=ids]").check()
    page.locator("[data-bulk] button", has_text="Resolve").click()
    expect(page.locator("#toasts")).to_contain_text("1 alert resolved.")
