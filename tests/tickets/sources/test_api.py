"""Sources over the API and on their pages."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from console.audit.models import AuditEntry
from console.infra import crypto
from console.infra.db import db
from console.infra.resealing import reseal_all
from console.tickets.models import TicketSource
from tests.conftest import Cast, SignIn
from tests.tickets.conftest import Api
from tests.tickets.sources.conftest import sql_body
from tests.tickets.sources.helpdesk import Helpdesk


def test_it_is_kept_shown_without_its_secret_listed_and_deleted(api: Api, desk: Helpdesk) -> None:
    told = api("PUT", "/ticket-sources/helpdesk", sql_body(desk), 201)
    assert (told["name"], told["kind"], told["state"], told["rows"]) == ("helpdesk", "sql", "waiting", 0)
    assert "pass@word" not in str(told)
    assert "pass%40word" not in str(told)
    assert told["place"] == f"127.0.0.1:{desk.proxy.port}/{desk.engine.url.database}"
    assert api("GET", "/ticket-sources/helpdesk", status=200) == told
    assert api("GET", "/ticket-sources", status=200)["items"] == [told]
    body = sql_body(desk)
    del body["url"]
    assert api("PUT", "/ticket-sources/helpdesk", {**body, "interval_seconds": 90}, 200)["interval_seconds"] == 90
    assert api("POST", "/ticket-sources/helpdesk/run", status=202)["state"] == "waiting"
    api("PUT", "/ticket-sources/helpdesk", {**body, "enabled": False}, 200)
    api("POST", "/ticket-sources/helpdesk/run", status=409)
    api("DELETE", "/ticket-sources/helpdesk", status=204)
    api("GET", "/ticket-sources/helpdesk", status=404)
    trail = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [action for action in trail if action.startswith("ticket_source.")] == [
        "ticket_source.created", "ticket_source.changed", "ticket_source.run", "ticket_source.changed",
        "ticket_source.deleted",
    ]  # fmt: skip


def test_its_secret_is_sealed_and_rotated(api: Api, desk: Helpdesk) -> None:
    api("PUT", "/ticket-sources/helpdesk", sql_body(desk), 201)
    before = db.session.scalars(select(TicketSource.url)).one()
    assert "pass" not in before
    assert reseal_all()[0] >= 1
    db.session.expire_all()
    after = db.session.scalars(select(TicketSource.url)).one()
    assert after != before
    assert crypto.unseal(after) == desk.url


def test_the_test_shows_five_rows_mapped_and_keeps_none(api: Api, desk: Helpdesk) -> None:
    for number in range(1, 8):
        desk.put(number, status="closed", sla_policy="Gold")
    api("PUT", "/ticket-sources/helpdesk", sql_body(desk), 201)
    found = api("POST", "/ticket-sources/helpdesk/test", status=200)
    assert (found["ok"], found["errors"], len(found["rows"])) == (True, [], 5)
    row = found["rows"][0]
    assert (row["external_id"], row["fields"]["subject"], row["resolved"]) == ("1", "Printer 1", True)
    assert row["fields"]["source_deadlines"]["policy"] == "Gold"
    assert api("GET", "/tickets?source=helpdesk", status=200)["items"] == []


def test_a_column_that_is_missing_or_of_a_wrong_type_is_told_by_its_field(api: Api, desk: Helpdesk) -> None:
    columns = {**sql_body(desk)["columns"], "subject": "title", "updated_at": "subject", "resolution_due": "status"}
    api("PUT", "/ticket-sources/helpdesk", sql_body(desk, columns=columns), 201)
    found = api("POST", "/ticket-sources/helpdesk/test", status=200)
    told = {error["pointer"]: error["detail"] for error in found["errors"]}
    assert found["ok"] is False
    assert set(told) == {"/columns/subject", "/columns/updated_at", "/columns/resolution_due"}
    assert "no column title; it has assigned_agent, created_at" in told["/columns/subject"]
    assert told["/columns/updated_at"].endswith("is of type text; it must be a timestamp.")


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"query": "DELETE FROM helpdesk_ticket"}, "/query"),
        ({"query": "SELECT 1; COMMIT; DROP TABLE victim"}, "/query"),
        ({"query": "SELECT 1) AS a; DROP TABLE victim; SELECT (1"}, "/query"),
        ({"columns": {"subject": "subject"}}, "/columns/external_id"),
        ({"columns": {"nothing": "subject"}}, "/columns/nothing/[key]"),
        ({"query": "SELECT dblink_exec('dbname=x', 'DROP TABLE t') FROM helpdesk_ticket"}, "/query"),
        ({"query": "SELECT *, public.\"dblink\"('dbname=x', 'SELECT 1') FROM helpdesk_ticket"}, "/query"),
        ({"url": "mysql://a@b/c"}, "/url"),
        ({"url": "postgresql://reader@10.0.0.1/helpdesk"}, "/url"),
        ({"url": "postgresql://reader@127.0.0.1/helpdesk?options=-c%20x=y"}, "/url"),
        ({"timezone": "Mars/North"}, "/timezone"),
        ({"interval_seconds": 1}, "/interval_seconds"),
        ({"token": "x"}, ""),
    ],
)
def test_what_cannot_be_followed_is_refused(api: Api, desk: Helpdesk, more: dict[str, Any], pointer: str) -> None:
    refusal = api("PUT", "/ticket-sources/helpdesk", sql_body(desk, **more), 422)
    assert pointer in {error["pointer"] for error in refusal["errors"]}
    api("GET", "/ticket-sources/helpdesk", status=404)


def test_a_helpdesk_that_is_away_or_silent_is_an_answer(
    api: Api, desk: Helpdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.tickets.client import postgres

    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 2)
    api("PUT", "/ticket-sources/helpdesk", sql_body(desk), 201)
    desk.proxy.silent = True
    assert api("POST", "/ticket-sources/helpdesk/test", status=200)["ok"] is False
    api("PUT", "/ticket-sources/helpdesk", sql_body(desk, url="postgresql://a:b@127.0.0.1:1/c"), 200)
    found = api("POST", "/ticket-sources/helpdesk/test", status=200)
    assert "refused" in found["said"]


def test_an_admin_follows_one_on_the_pages_and_others_read(
    app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn, desk: Helpdesk
) -> None:
    ada = sign_in(client, cast.ada)
    assert "No helpdesk is followed" in ada.get("/tickets/sources").text
    assert "FROM helpdesk_ticket t" in ada.get("/tickets/new-source").text
    body = sql_body(desk)
    columns = {f"column-{name}": column for name, column in body["columns"].items()}
    form = {"kind": "sql", "name": "helpdesk", "url": body["url"], "query": body["query"], **columns, "enabled": "on",
            "timezone": "UTC", "resolved_statuses": "closed\nsolved", "interval_seconds": "30",
            "overlap_seconds": "60"}  # fmt: skip
    again = ada.post("/tickets/new-source", data={**form, "query": "DROP TABLE victim", "column-subject": ""})
    assert again.status_code == 422
    assert "it begins with SELECT or WITH" in again.text
    assert "subject needs a column" in again.text
    assert body["url"] not in again.text
    assert ada.post("/tickets/new-source", data=form).status_code == 303
    desk.put(1, subject="<b>Bold</b>", status="closed")
    tested = ada.post("/tickets/sources/helpdesk/test").text
    assert "&lt;b&gt;Bold&lt;/b&gt;" in tested
    assert "1 of 1 rows can be taken" in tested
    assert ada.post("/tickets/sources/helpdesk/edit", data={**form, "url": ""}).status_code == 303
    for verb in ("run", "pause", "pause/delete"):
        assert ada.post(f"/tickets/sources/helpdesk/{verb}").status_code == 303
    vi = sign_in(client, cast.vi)
    assert "helpdesk" in vi.get("/tickets/sources").text
    assert "Needs the admin role." in vi.get("/tickets/sources/helpdesk").text
    assert vi.post("/tickets/sources/helpdesk/delete").status_code == 403
    assert sign_in(client, cast.ada).post("/tickets/sources/helpdesk/delete").status_code == 303
