"""The pages of calendars: the form and its buttons, the look before a save, who may, what cannot be read."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from console.audit.models import AuditEntry
from console.infra.db import db
from tests.conftest import Cast, Clock, SignIn
from tests.tickets.conftest import Api, ticket
from tests.tickets.making import ALWAYS, calendar_body

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EDIT = "/tickets/calendars/office/edit"
ICS = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Inventory\r\nDTSTART;VALUE=DATE:20261228\r\n"
    "DTEND;VALUE=DATE:20261230\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def ada(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> FlaskClient:
    return sign_in(client, cast.ada)


def form(**more: Any) -> dict[str, Any]:
    """What the form of a calendar sends: open around the clock."""
    return {**dict.fromkeys(DAYS, "24 h"), "timezone": "UTC", "version": "1", "do": "dry", "exceptions": "", **more}


def press(client: FlaskClient, address: str = EDIT, *, status: int = 200, **fields: Any) -> str:
    reply: TestResponse = client.post(address, data=form(**fields), content_type="multipart/form-data")
    assert reply.status_code == status, reply.text
    return reply.text


def send_file(client: FlaskClient, size: int, status: int) -> str:
    """A file of so many bytes; put together here, for the test client would leave a temporary file open."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}' for name, text in form().items()]
    text = "\r\n".join(parts).replace("\r\n\r\ndry", "\r\n\r\nfile")
    file = '\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="days.ics"\r\n\r\n'
    body = (text + file).encode() + b"x" * size + b"\r\n--x--\r\n"
    reply = client.post(EDIT, data=body, content_type="multipart/form-data; boundary=x")
    assert reply.status_code == status, reply.text
    return reply.text


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_an_edit_is_looked_at_before_it_is_saved(ada: FlaskClient, api: Api) -> None:
    api.office(targets={"default": {"resolution": 60}})
    api("PUT", "/tickets/zendesk/late", ticket(created_at="2026-11-21T10:00:00Z"), 201)
    api("PUT", "/tickets/zendesk/soon", ticket(), 201)
    closed: dict[str, Any] = {"exceptions": "2026-11-21 closed"}
    looked = press(ada, **closed)
    assert "2 deadlines move, 0 become breached, 1 is rescued." in looked
    assert "Printer on fire" in looked
    assert api("GET", "/sla/calendars/office")["version"] == 1
    press(ada, do="save", looked=hidden(looked, "looked"), status=303, **closed)
    assert api("GET", "/sla/calendars/office")["exceptions"] == {"2026-11-21": []}
    shown = ada.get("/tickets/calendars/office").text
    assert "2 deadlines moved, 0 became breached, 1 was rescued" in shown
    assert "Version 2</a> holds" in shown
    assert "in use by 2 open tickets" in shown
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.action, entry.actor_label) == ("sla_calendar.changed", "ada@example.com")


def test_what_was_changed_after_the_look_is_looked_at_again(ada: FlaskClient, api: Api) -> None:
    api.office()
    looked = hidden(press(ada, mon="8-12"), "looked")
    again = press(ada, do="save", looked=looked, mon="8-11")
    assert "The form was changed after the look" in again
    assert api("GET", "/sla/calendars/office")["version"] == 1


def test_somebody_else_saved_meanwhile(ada: FlaskClient, api: Api) -> None:
    api.office()
    looked = hidden(press(ada, mon="8-12"), "looked")
    api("PUT", "/sla/calendars/office", calendar_body(), 200)
    refused = press(ada, do="save", looked=looked, mon="8-12", status=422)
    assert "saved version 2 meanwhile" in refused
    press(ada, do="save", looked=looked, mon="8-12", version=hidden(refused, "version"), status=303)
    assert api("GET", "/sla/calendars/office")["hours"]["mon"] == [["08:00", "12:00"]]


def test_what_cannot_be_read_is_said_beside_its_field(ada: FlaskClient, api: Api) -> None:
    api.office()
    cases: list[tuple[dict[str, Any], str]] = [
        (dict.fromkeys(DAYS, ""), "It is never open"),
        ({"mon": "8-12, 11-13"}, "11:00 to 13:00 overlaps another interval"),
        ({"mon": "18-8"}, "18:00 to 08:00 is no time"),
        ({"mon": "8-25"}, "is no time of day from 00:00 to 24:00"),
        ({"tue": "morning"}, "“morning” is no interval such as 08:00-12:00"),
        ({"timezone": "Europe/Berln"}, "Did you mean Europe/Berlin?"),
        ({"timezone": ""}, "is no time zone"),
        ({"exceptions": "2026-12-24 8-12\n2026-13-01 closed"}, "Line 2: “2026-13-01” is no date"),
        ({"exceptions": "2026-12-24 12-8"}, "2026-12-24: 12:00 to 08:00 is no time"),
        ({"days": "someday Feast", "on": "someday"}, "Nothing was saved"),
    ]
    for fields, sentence in cases:
        for button in ("dry", "save"):
            page = press(ada, do=button, status=422, **fields)
            assert sentence in page, (fields, button)
    assert api("GET", "/sla/calendars/office")["version"] == 1


def test_the_buttons_change_the_form_and_save_nothing(ada: FlaskClient, api: Api) -> None:
    api.office()
    copy: dict[str, Any] = {"from": "mon", "to": "weekend"}
    copied = press(ada, do="copy", mon="8-12, 13-18", **copy)
    assert copied.count('value="8-12, 13-18"') == 3
    filled = press(ada, do="country", country="DE", region="Bayern", first_year="2026", last_year="2027")
    assert "2026-01-06 Epiphany" in filled
    assert "2027-12-25" in filled
    sent: dict[str, Any] = {"days": "2026-12-25 Christmas\n2026-12-26 Boxing Day", "on": "2026-12-25"}
    again = press(ada, do="country", country="GB", first_year="2026", last_year="2026", **sent)
    assert "2026-12-26 Boxing Day" in again
    assert 'value="2026-12-26" checked' not in again
    assert "Boxing Day" not in press(ada, do="prune", **sent)
    assert "2026-06-03 Company day" in press(ada, do="one", new_date="2026-06-03", new_name="Company day")
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"do": "one", "new_date": "soon"}, "Write a date"),
        ({"do": "country", "country": "XX"}, "is no country"),
        ({"do": "country", "country": "DE", "region": "Texas"}, "“Texas” is no region of DE"),
        ({"do": "country", "country": "DE", "first_year": "1026"}, "Up to 10 years"),
        ({"do": "country", "country": "DE", "first_year": "x"}, "two years such as"),
    ]
    for wrong, said in wrongs:
        assert said in press(ada, status=422, **wrong), wrong
    assert api("GET", "/sla/calendars/office")["version"] == 1


def test_a_holiday_file_becomes_rows(ada: FlaskClient, api: Api) -> None:
    api.office()
    page = press(ada, do="file", first_year="2026", last_year="2026", file=(io.BytesIO(ICS.encode()), "days.ics"))
    assert "2 added of 2 days in 2026 to 2026" in page
    assert "2026-12-29 Inventory" in page
    assert "2026-12-30 Inventory" not in page
    assert "no calendar file" in press(ada, do="file", status=422, file=(io.BytesIO(b"PK\x03\x04\xff"), "days.ics"))
    assert "Choose a file first" in press(ada, do="file", status=422)
    assert "larger than 2 MB" in send_file(ada, 2_100_000, 422)
    assert "too large" in send_file(ada, 3_200_000, 413)


def test_a_calendar_is_made_and_deleted(ada: FlaskClient, api: Api) -> None:
    new = "/tickets/new-calendar"
    assert "09:00-17:00" in ada.get(new).text
    assert "This is no name" not in press(ada, new, do="save", name="night shift", status=303)
    assert api("GET", "/sla/calendars/night%20shift")["hours"] == ALWAYS
    assert "There is a calendar “night shift” already" in press(ada, new, do="save", name="night shift", status=422)
    assert "1 to 100 printable characters" in press(ada, new, do="save", name="a/b", status=422)
    assert "No policy counts by it" in ada.get("/tickets/calendars/night shift/deletion").text
    assert ada.post("/tickets/calendars/night shift/delete").status_code == 303
    assert ada.get("/tickets/calendars/night shift").status_code == 404
    api.office()
    assert "Policy gold counts by it, so it stays" in ada.get("/tickets/calendars/office/deletion").text
    assert ada.post("/tickets/calendars/office/delete").status_code == 409
    assert "office" in ada.get("/tickets/calendars").text


def test_a_day_draws_itself_while_it_is_written(ada: FlaskClient, api: Api) -> None:
    api.office()
    reply = ada.post(EDIT, data=form(do="draw", mon="8-12", tue="8-"), headers={"HX-Request": "true"})
    assert reply.text.count("<section") == 2
    assert "08:00\N{EN DASH}12:00" in reply.text
    assert "“8-” is no interval" in reply.text


def test_old_versions_stay_readable(ada: FlaskClient, api: Api) -> None:
    api.office()
    api("PUT", "/sla/calendars/office", calendar_body(timezone="Asia/Tokyo"), 200)
    assert "This is version 1 of 2." in ada.get("/tickets/calendars/office/versions/1").text
    assert ada.get("/tickets/calendars/office/versions/3").status_code == 404


@pytest.mark.parametrize("who", ["vi", "olu", "max_"])
def test_others_read_and_do_not_write(client: FlaskClient, cast: Cast, sign_in: SignIn, api: Api, who: str) -> None:
    api.office()
    reader = sign_in(client, getattr(cast, who))
    for path in ("/tickets/calendars", "/tickets/calendars/office", "/tickets/calendars/office/versions/1"):
        page = reader.get(path)
        assert page.status_code == 200
        assert "/edit" not in page.text
    for path in (EDIT, "/tickets/new-calendar", "/tickets/calendars/office/deletion"):
        assert reader.get(path).status_code == 403
    for path in (EDIT, "/tickets/new-calendar", "/tickets/calendars/office/delete"):
        assert reader.post(path, data=form(do="save")).status_code == 403


def test_holidays_are_there_for_programs(api: Api, client: FlaskClient, token: Callable[..., str]) -> None:
    found = api("GET", "/sla/holidays?country=de&region=BY&first_year=2026&last_year=2026", status=200)["items"]
    assert {"date": "2026-01-06", "name": "Epiphany", "enabled": True} in found
    assert {"code": "DE", "name": "Germany"} in api("GET", "/sla/holidays/countries", status=200)["items"]
    assert {"code": "BY", "name": "Bayern"} in api("GET", "/sla/holidays/countries/DE", status=200)["items"]
    api("GET", "/sla/holidays?country=DE&first_year=2027&last_year=2026", status=422)
    headers = {**api.headers, "Content-Type": "text/calendar"}
    sent = client.post("/api/v1/sla/holidays/file?first_year=2026", data=ICS, headers=headers)
    assert [day["date"] for day in sent.get_json()["items"]] == ["2026-12-28", "2026-12-29"]
    assert client.post("/api/v1/sla/holidays/file", data=b"x" * 2_000_001, headers=headers).status_code == 413
    assert client.post("/api/v1/sla/holidays/file", json={}, headers=api.headers).status_code == 415
    body = calendar_body(holidays=found)
    api("PUT", "/sla/calendars/office", body, 201)
    assert len(api("GET", "/sla/calendars/office")["holidays"]) == len(found)
