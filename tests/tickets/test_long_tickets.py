"""The page of a ticket to which thousands of things happened: the same answers, and as many statements as of any."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from console.infra import clock as clock_module
from console.tickets.actions.sweep import sweep
from console.tickets.views import one
from tests.conftest import NOON, Cast, Clock, SignIn
from tests.tickets.conftest import Api
from tests.tickets.test_queue import aged, id_of, shown, words
from tests.tickets.test_queue_polls import asked_of_the_database

KINDS = ("customer_message", "agent_reply", "status", "assigned")


def happened(number: int, after: float) -> dict[str, Any]:
    """One event, so many minutes after the ticket was opened; ids run the other way than the order of sending."""
    kind = KINDS[number % 4]
    value = {"status": {"status": f"s{number:04d}"}, "assigned": {"assignee": f"a{number:04d}"}}.get(kind, {})
    at = (NOON - timedelta(minutes=70) + timedelta(minutes=after)).isoformat()
    return {"id": f"{9999 - number}", "at": at, "type": kind, **value}


def lines(page: str) -> list[str]:
    """The timeline, newest first."""
    found = re.search(r'<ul class="timeline">(.*?)</ul>', page, re.DOTALL)
    return [words(line).strip() for line in re.findall(r"<li>(.*?)</li>", found[1], re.DOTALL)] if found else []


@pytest.mark.parametrize("apart", [0.0, 0.01, 1.0], ids=["at one instant", "close", "far"])
def test_the_first_lines_are_those_of_the_whole_story(
    client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch,
    apart: float,
) -> None:  # fmt: skip
    api.office(targets={"default": {"first_response": 5, "resolution": 60}}, paused_statuses=[])
    made = aged(70)
    api("PUT", "/tickets/zendesk/1", made, 201)
    sweep(at=clock_module.now())
    api("PUT", "/tickets/zendesk/1", {**made, "events": [happened(n, n * apart) for n in range(69)]}, 200)
    sign_in(client, cast.vi)
    path = f"/tickets/{id_of('1')}"
    whole = shown(client, f"{path}?timeline=all")
    assert "earlier line" not in whole
    told = lines(whole)
    assert len(told) >= 70
    for most in (1, 10, 60, 68, 69, len(told) - 1, len(told)):
        monkeypatch.setattr(one, "LINES", most)
        page = shown(client, path)
        assert lines(page) == told[:most]
        assert (f"Show {len(told) - most} earlier line" in page) == (most < len(told))


def test_it_sends_as_many_statements_as_any_other(
    client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast, clock: Clock
) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/short", aged(60), 201)
    for first in range(0, 1_200, 400):
        events = [happened(number, number / 60) for number in range(first, first + 400)]
        api("PUT", "/tickets/zendesk/long", {**aged(70), "events": events})
    sign_in(client, cast.vi)
    short, long = (f"/tickets/{id_of(name)}" for name in ("short", "long"))
    asked_of_the_database(client, short)
    sent = {path: asked_of_the_database(client, path) for path in (short, long)}
    # The ticket, its events, its broken promises, its alert; the menu's alerts and heartbeats.
    assert [len(each) for each in sent.values()] == [6, 6], sent
    page = shown(client, long)
    assert len(lines(page)) == one.LINES
    assert "Show 1,101 earlier lines" in page
