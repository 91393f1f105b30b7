"""The page of one ticket: how it stands, why its deadline is where it is, who can take it, what was broken."""

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from console.alerts.models import Alert
from console.infra import clock as clock_module
from console.infra.db import db
from console.tickets.actions.sweep import sweep
from console.tickets.models import Ticket
from tests.conftest import NOON, Cast, Clock, SignIn
from tests.tickets.conftest import Api
from tests.tickets.making import calendar_body, policy_body
from tests.tickets.test_queue import aged, id_of, owner_of, shown, words

# Noon of the tests is a Saturday.
BERLIN = {"mon": [["08:00", "17:00"]], "tue": [["08:00", "17:00"]], "sat": [["08:00", "17:00"]]}


def office(api: Api, minutes: float, **calendar: Any) -> None:
    body = calendar_body(BERLIN, "Europe/Berlin", **calendar)
    api("PUT", "/sla/calendars/Berlin", body, 201)
    api("PUT", "/sla/policies/gold", policy_body("Berlin", targets={"default": {"resolution": minutes}}), 201)


def page(client: FlaskClient, external_id: str, ask: str = "") -> str:
    return words(shown(client, f"/tickets/{id_of(external_id)}{ask}"))


def test_why_in_words_and_day_by_day(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    # Sat 16:30 in Berlin: half an hour until it closes, half an hour on Monday.
    office(api, 60)
    api("PUT", "/tickets/zendesk/1", aged(-210 + 240), 201)
    late = {**aged(0), "created_at": "2026-11-16T15:30:00Z"}
    api("PUT", "/tickets/zendesk/2", late, 201)
    sign_in(client, cast.vi)
    found = page(client, "2")
    assert "60 business minutes from Mon 16 Nov 16:30: 30 min Mon 16:30 to 17:00, closed overnight, " in found
    assert "30 min Tue 08:00 to 08:30 → due Tue 17 Nov 08:30." in found
    assert "policy gold, version 1, and calendar Berlin, version 1. Times of Europe/Berlin." in found


def test_holds_and_holidays_are_told(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    office(api, 900, holidays=[{"date": "2026-11-17", "name": "Founders' Day"}])
    events = [
        {"id": "1", "at": "2026-11-16T09:00:00Z", "type": "status", "status": "pending"},
        {"id": "2", "at": "2026-11-16T10:00:00Z", "type": "status", "status": "open"},
    ]
    api("PUT", "/tickets/zendesk/1", {**aged(0), "created_at": "2026-11-16T08:00:00Z", "events": events}, 201)
    sign_in(client, cast.vi)
    found = page(client, "1")
    assert "Status pending from Mon 16 Nov 10:00 to Mon 16 Nov 11:00 stopped the clock for 60 business min" in found
    assert "Tue 17 Nov was a holiday, Founders' Day: nothing counted." in found
    assert "Without the holds it would have been due" in found
    assert "09:00 to 10:00 counted, 60 min; 10:00 to 11:00 on hold (pending), 60 min" in found


def test_what_was_broken_is_told_with_its_versions(
    client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast, clock: Clock
) -> None:
    office(api, 60)
    api("PUT", "/tickets/zendesk/1", aged(30), 201)
    clock.set(NOON + timedelta(minutes=20))
    sweep(at=clock_module.now())
    clock.set(NOON + timedelta(minutes=47))
    sweep(at=clock_module.now())
    end = {"id": "9", "at": (NOON + timedelta(minutes=47)).isoformat(), "type": "resolved"}
    sign_in(client, cast.vi)
    assert "The resolution is overdue by 17 min of business time." in page(client, "1")
    alert = db.session.scalars(select(Alert)).one()
    assert alert.title == "SLA breached: resolution of zendesk 1, Aged 30"
    api("PUT", "/tickets/zendesk/1", {**aged(30), "events": [end]}, 200)
    found = page(client, "1")
    assert "Resolution breached 12:30 by 17 min of business time" in found
    assert "under policy gold v1, calendar Berlin v1" in found
    assert f"Alert #{alert.id}, resolved" in found


def test_it_is_given_to_whoever_has_room(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    office(api, 60)
    api("PUT", "/tickets/zendesk/1", aged(30), 201)
    api("PUT", "/tickets/zendesk/2", aged(5, assignee="kim"), 201)
    sign_in(client, cast.olu)
    assert "Give to kim" in page(client, "1")
    done = client.post(f"/tickets/{id_of('1')}/assignment", data={"assignee": "kim"}, follow_redirects=True)
    assert "kim has it now." in done.get_data(as_text=True)
    assert owner_of("1") == "kim"
    named = client.post(f"/tickets/{id_of('1')}/assignment", data={"assignee": "kim", "other": "Lee Ann"})
    assert (named.status_code, owner_of("1")) == (303, "Lee Ann")


def test_tickets_of_all_kinds_have_a_page(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    api("PUT", "/tickets/zendesk/free", aged(30), 201)
    office(api, 60)
    sign_in(client, cast.vi)
    for external_id, more, told in (
        ("held", {"status": "pending"}, "The clock stands still: pending."),
        ("new", {"created_at": NOON.isoformat()}, "business time are left"),
        ("ancient", {"created_at": "2001-01-01T00:00:00Z"}, "of days left out"),
        ("done", {"events": [{"id": "1", "at": NOON.isoformat(), "type": "resolved"}]}, "every promise kept"),
    ):
        api("PUT", f"/tickets/zendesk/{external_id}", {**aged(30), **more}, 201)
        assert told in page(client, external_id), external_id
        for name in ("first_response", "next_response", "resolution", "rubbish"):
            page(client, external_id, f"?clock={name}")
    assert client.get("/tickets/999999999").status_code == 404


def test_the_source_own_deadlines_stand_beside_ours(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    office(api, 60)
    api("PUT", "/tickets/zendesk/1", aged(30), 201)
    ticket = db.session.scalars(select(Ticket)).one()
    due = NOON + timedelta(minutes=30)
    ticket.source_deadlines = {
        "policy": "Silver",
        "resolution": (due + timedelta(minutes=45)).isoformat(),
        "first_response": "2026-11-21T12:00:00Z",
    }
    db.session.flush()
    sign_in(client, cast.vi)
    found = page(client, "1")
    assert "What zendesk promised" in found
    assert "Silver" in found
    assert "45 min later than ours" in found
    assert "ours does not run" in found


def test_a_long_story_is_told_from_its_end(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    office(api, 900)
    events = [
        {"id": str(n), "at": f"2026-11-16T{9 + n // 60:02d}:{n % 60:02d}:00Z", "type": "status", "status": f"s{n:03d}"}
        for n in range(120)
    ]
    api("PUT", "/tickets/zendesk/1", {**aged(0), "created_at": "2026-11-16T08:00:00Z", "events": events}, 201)
    sign_in(client, cast.vi)
    found = page(client, "1")
    assert "Show 21 earlier lines" in found
    assert "s119" in found
    assert "s010" not in found
    whole = page(client, "1", "?timeline=all")
    assert "earlier lines" not in whole
    assert "s010" in whole


def test_a_source_whose_clock_is_over_here(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    api.office()
    replied = {"id": "1", "at": (NOON - timedelta(minutes=5)).isoformat(), "type": "agent_reply"}
    api("PUT", "/tickets/zendesk/1", aged(30, events=[replied]), 201)
    db.session.scalars(select(Ticket)).one().source_deadlines = {"first_response": NOON.isoformat()}
    db.session.flush()
    sign_in(client, cast.vi)
    assert "ours ended 11:55" in page(client, "1")


def test_a_wait_that_goes_on_is_told_beside_the_longest(
    client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast
) -> None:
    api.office()
    kinds = {50: "customer_message", 30: "agent_reply", 10: "customer_message"}
    events = [
        {"id": f"{60 - ago}", "at": (NOON - timedelta(minutes=ago)).isoformat(), "type": kind}
        for ago, kind in {55: "agent_reply", **kinds}.items()
    ]
    api("PUT", "/tickets/zendesk/1", aged(60, events=events), 201)
    sign_in(client, cast.vi)
    found = words(shown(client, f"/tickets/{id_of('1')}").split('id="clock-next_response"')[1].split("</li>")[0])
    assert "10 of " in found
    assert "The longest wait so far took 20 min" in found


def test_the_story_begins_with_the_opening(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    api.office()
    opened = aged(30, requester="Ines", events=[])
    wrote = {"id": "1", "at": opened["created_at"], "type": "customer_message"}
    api("PUT", "/tickets/zendesk/1", {**opened, "events": [wrote]}, 201)
    sign_in(client, cast.vi)
    told = page(client, "1")
    assert 0 < told.index("Ines wrote") < told.index("Ines opened it")
