"""The pages of policies: the form, the look before a save, the order, who may, what cannot be read."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from console.audit.models import AuditEntry
from console.infra.db import db
from tests.conftest import Cast, Clock, SignIn
from tests.tickets.conftest import Api, ticket
from tests.tickets.making import policy_body
from tests.tickets.test_calendar_pages import hidden

EDIT = "/tickets/policies/gold/edit"
TARGETS = ("priority", "first_response", "next_response", "resolution")


@pytest.fixture
def ada(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> FlaskClient:
    return sign_in(client, cast.ada)


def form(*rows: str, **more: Any) -> dict[str, Any]:
    """What the form of a policy sends; rows read "urgent 15m - none", a dash for what is left empty."""
    cells = [row.split() for row in rows or ("default 1h 2h 8h",)]
    columns = {f"target_{name}": [row[n].replace("-", "") for row in cells] for n, name in enumerate(TARGETS)}
    usual = {"calendar": "office", "position": "", "at_risk": "25%", "paused_statuses": "pending\non_hold"}
    return {**usual, **columns, "version": "1", "do": "dry", **more}


def press(client: FlaskClient, fields: dict[str, Any], status: int = 200, address: str = EDIT) -> str:
    reply = client.post(address, data=fields)
    assert reply.status_code == status, reply.text
    return reply.text


def test_an_edit_is_looked_at_before_it_is_saved(ada: FlaskClient, api: Api) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/9", ticket(), 201)
    wanted = form("default 1h30 2h 1.5h", "urgent 15m - none", organization="", at_risk="30m")
    looked = press(ada, wanted)
    assert "1 deadline moves, 0 become breached, 0 are rescued." in looked
    assert api("GET", "/sla/policies/gold")["version"] == 1
    press(ada, {**wanted, "do": "save", "looked": hidden(looked, "looked")}, 303)
    saved = api("GET", "/sla/policies/gold")
    assert saved["targets"] == {
        "default": {"first_response": 90, "next_response": 120, "resolution": 90},
        "urgent": {"first_response": 15, "resolution": None},
    }
    assert (saved["at_risk"], saved["position"], saved["version"]) == ({"minutes": 30}, 1, 2)
    shown = ada.get("/tickets/policies/gold").text
    assert "in use by 1 open ticket<" in shown
    assert "1h30" in shown
    assert "This is version 1 of 2." in ada.get("/tickets/policies/gold/versions/1").text


def test_what_is_opened_and_saved_unchanged_is_no_new_version(ada: FlaskClient, api: Api) -> None:
    body = policy_body(
        match={"organization": ["Acme, Inc.", "Northwind"], "tags": ["vip"]},
        targets={"default": {"first_response": 0.1, "resolution": None}, "Urgent": {"next_response": 90}},
        at_risk={"fraction": 0.333},
    )
    api.office()
    api("PUT", "/sla/policies/gold", body, 200)
    fields = form(
        "default 0.1m - none", "Urgent - 1h30 -", organization="Acme, Inc.\r\nNorthwind", tags="vip", at_risk="33.3%"
    )
    page = ada.get(EDIT).text
    assert 'value="0.1m"' in page
    assert 'value="33.3%"' in page
    looked = press(ada, {**fields, "version": "2"})
    assert "No deadline moves." in looked
    press(ada, {**fields, "version": "2", "do": "save", "looked": hidden(looked, "looked")}, 303)
    assert api("GET", "/sla/policies/gold")["version"] == 2


def test_what_cannot_be_read_is_said(ada: FlaskClient, api: Api) -> None:
    api.office()
    cases: list[tuple[dict[str, Any], str]] = [
        (form("default soon - -"), "“soon” is no length of time such as 15m"),
        (form("default 2d - -"), "“2d” is no length of time"),
        (form("default 0m - -"), "greater than 0"),
        (form("- 1h - -"), "A row of targets needs its priority."),
        (form("default 1h - -", "default 2h - -"), "“default” stands there twice."),
        (form("- - - -"), "Nothing was saved"),
        (form(at_risk="lots"), "neither a share such as 25%"),
        (form(at_risk="140%"), "less than or equal to 1"),
        (form(position="first"), "Write a whole number"),
        (form(calendar="nowhere"), "There is no calendar “nowhere”"),
        (form(version="0"), "saved version 1 meanwhile"),
    ]
    for fields, sentence in cases:
        assert sentence in press(ada, fields, 422).replace("&#39;", "'"), sentence
    assert api("GET", "/sla/policies/gold")["version"] == 1


def test_a_policy_is_made_moved_and_deleted(ada: FlaskClient, api: Api) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/9", ticket(priority="urgent"), 201)
    new = "/tickets/new-policy"
    assert "There is a policy “gold” already" in press(ada, form(name="gold", version="0"), 422, new)
    wanted = form("default 10m - -", name="strict", version="0", priority="urgent")
    looked = press(ada, wanted, 200, new)
    assert "No deadline moves." in looked
    press(ada, {**wanted, "do": "save", "looked": hidden(looked, "looked")}, 303, new)
    assert api("GET", "/sla/policies/strict")["position"] == 2
    assert api.sla()["policy"] == "gold"
    moved = ada.post("/tickets/policies/strict/earlier", headers={"HX-Request": "true"}).text
    assert "strict is asked earlier now. 1 deadline moved" in moved
    assert api.sla()["policy"] == "strict"
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.action, entry.details["order"]) == ("sla_policy.moved", ["strict", "gold"])
    assert (
        "strict is asked first already"
        in ada.post("/tickets/policies/strict/earlier", headers={"HX-Request": "true"}).text
    )
    assert [each["name"] for each in api("GET", "/sla/policies")["items"]] == ["strict", "gold"]
    question = ada.get("/tickets/policies/strict/deletion").text
    assert "It is in use by 1 open ticket" in question
    assert "1 deadline moves" in question
    assert ada.post("/tickets/policies/strict/delete").status_code == 303
    assert api.sla()["policy"] == "gold"
    assert ada.get("/tickets/policies/strict").status_code == 404


@pytest.mark.parametrize("who", ["vi", "olu", "max_"])
def test_others_read_and_do_not_write(client: FlaskClient, cast: Cast, sign_in: SignIn, api: Api, who: str) -> None:
    api.office()
    reader = sign_in(client, getattr(cast, who))
    for path in ("/tickets/policies", "/tickets/policies/gold", "/tickets/policies/gold/versions/1"):
        page = reader.get(path)
        assert page.status_code == 200
        assert "/edit" not in page.text
        assert "/earlier" not in page.text
    for path in (EDIT, "/tickets/new-policy", "/tickets/policies/gold/deletion"):
        assert reader.get(path).status_code == 403
    for path in (
        EDIT,
        "/tickets/new-policy",
        *(f"/tickets/policies/gold/{do}" for do in ("earlier", "later", "delete")),
    ):
        assert reader.post(path, data=form(do="save")).status_code == 403
