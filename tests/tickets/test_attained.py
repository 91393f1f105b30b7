"""Beside the queue: whether clocks were kept in the last weeks."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from console.web.once import Renderings
from tests.conftest import NOON, Cast, Clock, SignIn
from tests.tickets.conftest import Api
from tests.tickets.test_queue import shown, words


@pytest.fixture(autouse=True)
def unread(app: Flask) -> Iterator[None]:
    """Nothing is kept from another test, whose clock stood at the same half minute."""
    app.extensions["console.lasting"] = Renderings()
    yield
    app.extensions["console.lasting"] = Renderings()


def ended(api: Api, name: str, weeks_ago: int, minutes: int, *, resolution: bool = True) -> None:
    """A ticket that was answered after so many minutes and, if asked, resolved then; the budget of both is an hour."""
    created = NOON - timedelta(weeks=weeks_ago, days=1)
    over = (created + timedelta(minutes=minutes)).isoformat()
    kinds = ("agent_reply", "resolved") if resolution else ("agent_reply",)
    events = [{"id": kind, "at": over, "type": kind} for kind in kinds]
    body = {"subject": "Fire", "created_at": created.isoformat(), "events": events}
    api("PUT", f"/tickets/zendesk/{name}", body, 201)


@pytest.fixture
def weeks(api: Api, clock: Clock) -> Api:
    """This week one of two kept, a week before both; the week at the left end none of one; noise before that."""
    api.office(targets={"default": {"first_response": 60, "resolution": 60}})
    ended(api, "now-kept", 0, 30, resolution=False)
    ended(api, "now-broken", 0, 90, resolution=False)
    ended(api, "before", 1, 30)
    ended(api, "left-end", 7, 90, resolution=False)
    ended(api, "noise", 8, 90)
    return api


def label(page: str) -> str:
    found = re.search(r'class="kept-plot"[^>]*aria-label="([^"]+)"', page)
    return found[1] if found else ""


def test_the_card_tells_each_week(client: FlaskClient, weeks: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    page = shown(client)
    assert label(page) == (
        "Clocks kept: week 40: 0 %, week 41: no clock ended, week 42: no clock ended, week 43: no clock ended, "
        "week 44: no clock ended, week 45: no clock ended, week 46: 100 %, week 47: 50 %"
    )
    card = words(page.split('id="attained"')[1])
    assert "50 week 40 week 47 so far" in re.sub(r" +", " ", card.replace("week 40week", "week 40 week"))
    assert "the bottom 0 %" in card


def test_each_clock_leads_to_its_report(client: FlaskClient, weeks: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    found = re.findall(r'<dt><a href="(/tickets/reports[^"]*)">([^<]+)</a></dt><dd>([^<]+)</dd>', shown(client))
    assert [(name, share) for _, name, share in found] == [("First response", "50 %"), ("Resolution", "100 %")]
    report = words(shown(client, found[0][0]))
    assert "First response, 2026-09-28 to 2026-11-22" in report
    assert "2 of 4 promises were broken: 50.0 % kept" in report


def test_no_clock_ended_no_card(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/1", {"subject": "Fire", "created_at": NOON.isoformat()}, 201)
    sign_in(client, cast.vi)
    assert "Clocks kept" not in shown(client)


def test_what_ends_is_there_half_a_minute_later(
    client: FlaskClient, weeks: Api, sign_in: SignIn, cast: Cast, clock: Clock
) -> None:
    sign_in(client, cast.vi)
    assert "week 47: 50 %" in label(shown(client))
    ended(weeks, "more", 0, 20, resolution=False)
    assert "week 47: 50 %" in label(shown(client))
    clock.advance(seconds=30)
    assert "week 47: 66.6 %" in label(shown(client))


def test_a_new_week_begins_on_monday(
    client: FlaskClient, weeks: Api, sign_in: SignIn, cast: Cast, clock: Clock
) -> None:
    clock.advance(seconds=2 * 86_400)
    sign_in(client, cast.vi)
    page = shown(client)
    assert label(page).startswith("Clocks kept: week 41: no clock ended")
    assert label(page).endswith("week 47: 50 %, week 48: no clock ended")
    assert "none yet" in words(page)
