"""axe finds nothing, and nothing moves sideways, on any page in light and dark, on a desk and on a phone."""

import json
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.conftest import Cast
from tests.e2e.conftest import TRACEBACK, Visit, Visitor, beat, fail, hush, promise

# Many pages a test, each looked at four times.
pytestmark = pytest.mark.timeout(600)

AXE = next((Path(__file__).parent / "vendor").glob("axe-*.min.js")).read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "alerts": (
        "/alerts",
        "/alerts?status=resolved&q=nothing",
        "/alerts?q=count:x",
        "/alerts/{alert}",
        "/alerts/{alert}/snooze",
        "/alerts/{alert}/assignment",
        "/alerts/{alert}/retry",
        "/alerts/{alert}/merges",
        "/alerts/{alert}/history",
        "/alerts/{alert}/occurrences",
    ),
    "noise": (
        "/alerts/insights",
        "/alerts/insights/response",
        "/alerts/insights/limits",
        "/alerts/silences",
        "/alerts/silences?kind=maintenance",
        "/alerts/silences/{silence}",
        "/alerts/silences/{silence}/edit",
        "/alerts/silences/new?kind=maintenance",
        "/heartbeats",
        "/heartbeats/new",
        "/heartbeats/{heartbeat}",
        "/heartbeats/{heartbeat}/edit",
        "/heartbeats/{heartbeat}/deletion",
    ),
    "on call": (
        "/queues",
        "/queues/jobs",
        "/on-call",
        "/on-call/channels/new?kind=email",
        "/on-call/channels/new?kind=webhook",
        "/on-call/rules/new",
        "/on-call/deliveries",
        "/on-call/acknowledge/forged",
    ),
    "promises": (
        "/tickets/calendars",
        "/tickets/calendars/office",
        "/tickets/calendars/office/edit",
        "/tickets/calendars/office/deletion",
        "/tickets/new-calendar",
        "/tickets/policies",
        "/tickets/policies/gold",
        "/tickets/policies/gold/edit",
        "/tickets/policies/gold/deletion",
        "/tickets/new-policy",
    ),
    "house": (
        "/audit",
        "/audit/1",
        "/settings",
        "/settings/users",
        "/settings/users/1",
        "/settings/tokens",
        "/settings/sessions",
        "/ui",
        "/more",
        "/jump?q=al",
        "/no/such/page",
    ),
}
SIZES: dict[str, ViewportSize] = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def violations(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES)
    return [f"{v['id']}: {json.dumps([n['target'] for n in v['nodes']][:3])}" for v in found["violations"]]


def sideways(page: Page) -> int:
    """Pixels by which the page is wider than the screen."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(wider, 0)


def faults(visitor: Visitor, paths: Iterable[str], **made: int) -> dict[str, tuple[list[str], int]]:
    """What is wrong with pages, in each size and theme: what axe finds, and by how much they are too wide."""
    found = {}
    for path in paths:
        page = visitor.open(path.format(**made))
        for (size, viewport), theme in product(SIZES.items(), THEMES):
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found[f"{path} {size} {theme}"] = violations(page), sideways(page)
    return {where: what for where, what in found.items() if what != ([], 0)}


@pytest.mark.parametrize("area", PAGES)
def test_every_page_is_accessible(visit: Visit, people: Cast, area: str) -> None:
    alert = fail(1, traceback=TRACEBACK, runbook_url="https://wiki.example.org/pdf", tags={"customer": "c1"})
    promise()
    assert faults(visit(people.ada), PAGES[area], alert=alert, heartbeat=beat(), silence=hush()) == {}


@pytest.mark.parametrize("theme", THEMES)
def test_the_first_page_and_the_doors_are_accessible(visit: Visit, people: Cast, theme: str) -> None:
    inside = visit(people.ada, color_scheme=theme)
    assert violations(inside.open("/alerts")) == []
    outside = visit(None, color_scheme=theme)
    for path in ("/sign-in", "/reset"):
        assert violations(outside.open(path)) == [], path


def test_what_a_finger_presses_is_large_enough(visit: Visit, people: Cast) -> None:
    alert, heartbeat = fail(1), beat()
    visitor = visit(people.olu, viewport=SIZES["phone"], has_touch=True)
    for path in ("/alerts", f"/alerts/{alert}", "/heartbeats", f"/heartbeats/{heartbeat}"):
        page = visitor.open(path)
        small = page.evaluate(
            """() => [...document.querySelectorAll(".btn, .tabs-bottom a, .phone-bar a, summary.btn")]
            .filter(e => e.checkVisibility()).map(e => [e.textContent.trim(), e.getBoundingClientRect().height])
            .filter(([, height]) => height < 44)"""
        )
        assert small == [], path
