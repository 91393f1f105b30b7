"""Files of tickets: read as they are, looked at, taken once however often they come."""

import io
import re
import uuid
from contextvars import Context
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update
from werkzeug.test import EnvironBuilder, run_wsgi_app

from console.infra import jobs
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.jobs import run
from console.infra.transaction import unit
from console.tickets.actions import imports
from console.tickets.jobs import importing
from console.tickets.models import Ticket, TicketEvent, TicketImport
from console.tickets.queries import imports as reads
from console.tickets.rules.sources import table
from tests.conftest import NOON, Cast, Clock, SignIn, give_session, make_cast
from tests.tickets.conftest import Api

HEAD = "Ticket ID;Betreff;Status;Created;Resolution due;Owner\n"
ROWS = (
    '1;"Drucker; kaputt";open;21.11.2026 10:00;2026-11-21T15:00Z;Jörg\n'
    "2;=HYPERLINK(1);closed;2026-11-21 10:30;;\n"
    "\n"
    ";ohne Nummer;open;2026-11-21 10:30;;\n"
    "4;Zukunft;open;2030-01-01;;\n"
    "5;Slashes;open;11/12/2026;;\n"
    "6;zu viel;open;2026-11-21;;;x;y\n"
)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ((HEAD + ROWS).encode("utf-8-sig"), "UTF-8 with a mark"),
        ((HEAD + ROWS).encode(), "UTF-8"),
        ((HEAD + ROWS).encode("cp1252"), "Windows-1252"),
        ((HEAD + ROWS).encode("latin-1") + b"\x81", "Latin-1"),
        ((HEAD + ROWS).encode("utf-16"), "UTF-16"),
    ],
)
def test_its_encoding_and_delimiter_are_found(body: bytes, encoding: str) -> None:
    text, said = table.decode(body)
    assert (said, table.delimiter_of(text)) == (encoding, ";")
    assert "Jörg" in text
    assert table.header_of(text, ";")[:2] == ["Ticket ID", "Betreff"]
    for delimiter in ",\t|":
        assert table.delimiter_of((HEAD + ROWS).replace(";", delimiter)) == delimiter


def upload(body: bytes = (HEAD + ROWS).encode("cp1252")) -> int:
    with unit():
        return imports.upload("desk", "tickets.csv", body, by=SYSTEM, at=NOON).id


def take(import_id: int) -> TicketImport:
    with unit():
        found = reads.get_for_change(import_id)
        importing.start(found, by=SYSTEM)
        job_id = found.job_id
    assert job_id is not None
    run.perform(job_id, worker="w1")
    db.session.rollback()
    db.session.expire_all()
    return reads.get(import_id)


def stored() -> tuple[int, int]:
    db.session.rollback()
    count = [db.session.scalar(select(func.count()).select_from(kind)) for kind in (Ticket, TicketEvent)]
    return count[0] or 0, count[1] or 0


def test_it_is_taken_once_however_often_it_comes(committed: Flask, clock: Clock) -> None:
    done = take(upload())
    assert (done.state, done.total, done.done, done.created, done.rejected, done.body) == ("done", 6, 6, 2, 4, None)
    told = {each.line: each.reason for each in reads.rejects(done.id)}
    assert told == {
        4: "external_id: it is empty",
        5: "created_at: it lies before 1970 or more than five minutes ahead",
        6: "created_at: '11/12/2026' is no time such as 2026-11-21 12:00:00+01:00",
        7: "it has 8 cells, the header 6",
    }
    first, second = db.session.scalars(select(Ticket).order_by(Ticket.external_id))
    assert (first.subject, first.assignee) == ("Drucker; kaputt", "Jörg")
    assert first.source_deadlines == {"resolution": "2026-11-21T15:00:00Z"}
    assert first.created_at.isoformat() == "2026-11-21T10:00:00+00:00"
    assert (second.subject, second.resolved_at) == ("=HYPERLINK(1)", NOON)
    before = stored()
    clock.advance(hours=1)
    again = take(upload())
    assert (again.created, again.rejected) == (0, 4)
    assert stored() == before


def test_a_worker_that_died_is_carried_on_where_it_stopped(committed: Flask, clock: Clock) -> None:
    rows = "".join(f"{n};T {n};open;2026-11-21T10:00Z;;\n" for n in range(1, 1301))
    found_id = upload((HEAD + rows).encode())
    with unit():
        found = reads.get_for_change(found_id)
        imports.begin(found, by=SYSTEM)
        judged = list(importing._judged(found))[:500]
    with unit():
        assert imports.take(found_id, judged, after=0, at=NOON)
    with unit():
        assert imports.take(found_id, judged, after=0, at=NOON) is False
    with unit():
        found = reads.get_for_change(found_id)
        found.job_id = jobs.request(importing.import_file, found_id, by=SYSTEM).id
        job_id = found.job_id
    run.perform(job_id, worker="w2")
    db.session.rollback()
    db.session.expire_all()
    done = reads.get(found_id)
    assert (done.state, done.done, done.created, done.rejected) == ("done", 1300, 1300, 0)


@pytest.mark.parametrize("forgotten", [False, True])
def test_one_whose_job_ended_early_goes_on_or_is_forgotten(api: Api, *, forgotten: bool) -> None:
    number = post(api, (HEAD + ROWS).encode(), **{"Content-Type": "text/csv"}).get_json()["id"]
    where = f"/ticket-imports/{number}"
    first = uuid.UUID(api("POST", f"{where}/run", status=202)["job_id"])
    api("DELETE", where, status=409)
    if forgotten:
        db.session.execute(delete(jobs.Job).where(jobs.Job.id == first))
    else:
        db.session.execute(update(jobs.Job).where(jobs.Job.id == first).values(state="failed"))
    db.session.commit()
    second = uuid.UUID(api("POST", f"{where}/run", status=202)["job_id"])
    assert second != first
    db.session.execute(update(jobs.Job).where(jobs.Job.id == second).values(state="cancelled"))
    db.session.commit()
    api("DELETE", where, status=204)


def test_a_mapping_is_guessed_and_the_last_one_remembered(committed: Flask, clock: Clock) -> None:
    with unit():
        options = reads.get(upload()).options
    assert options["columns"] == {
        "external_id": "Ticket ID", "subject": "Betreff", "status": "Status", "assignee": "Owner",
        "created_at": "Created", "resolution_due": "Resolution due",
    }  # fmt: skip
    with unit():
        found = reads.get_for_change(upload())
        imports.set_mapping(found, {"columns": {**options["columns"], "requester": "Owner"}}, by=SYSTEM)
    with unit():
        assert reads.get(upload()).options["columns"]["requester"] == "Owner"


def post(api: Api, body: bytes, **more: Any) -> Any:
    return api.client.post(
        "/api/v1/ticket-imports?source=desk&filename=t.csv", data=body, headers={**api.headers, **more}
    )


def test_over_the_api(api: Api) -> None:
    told = post(api, (HEAD + ROWS).encode(), **{"Content-Type": "text/csv"})
    assert told.status_code == 201
    one = told.get_json()
    assert (one["encoding"], one["delimiter"], one["state"], one["missing"]) == ("UTF-8", ";", "uploaded", [])
    assert [row["line"] for row in one["preview"] if row["faults"]] == [4, 5, 6, 7]
    where = f"/ticket-imports/{one['id']}"
    api("PUT", where, {"columns": {"subject": "Nothing"}}, 422)
    less = api("PUT", where, {"columns": {"subject": "Betreff"}}, 200)
    assert less["missing"] == ["external_id", "created_at"]
    api("POST", f"{where}/run", status=422)
    api("PUT", where, {"columns": one["columns"]}, 200)
    assert api("POST", f"{where}/run", status=202)["state"] == "importing"
    api("POST", f"{where}/run", status=409)
    api("DELETE", where, status=409)
    assert api("GET", "/ticket-imports", status=200)["items"][0]["id"] == one["id"]
    assert api("GET", f"{where}/rejects?limit=2", status=200) == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "body",
    [b"", b"\0\1\2", b"a;a\n1;2\n", b"\n\n", b'x;"' + b"y" * 200_000 + b'"\n1;2\n', (HEAD + ROWS).encode("utf-32")],
)
def test_what_is_no_table_is_refused(api: Api, body: bytes) -> None:
    assert post(api, body).status_code == 422


def test_on_the_pages_with_a_reject_file_that_no_spreadsheet_runs(
    app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock
) -> None:
    ada = sign_in(client, cast.ada)
    assert "No file was uploaded" in ada.get("/tickets/imports").text
    body = HEAD + "=cmd|' /C calc'!A0;;open;2026-11-21T10:00Z;;\n7;Fine;open;2026-11-21T10:00Z;;\n"
    sent = {"name": "desk", "file": (io.BytesIO(body.encode()), "t.csv")}
    answer = ada.post("/tickets/imports", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303
    page = ada.get(answer.location).text
    assert "separated by semicolon" in page
    assert "1 of 2 can be taken" in page
    assert ada.post(f"{answer.location}/run").status_code == 303
    job_id = db.session.scalars(select(TicketImport)).one().job_id
    assert job_id is not None
    run.perform(job_id, worker="w1")
    rejects = ada.get(f"{answer.location}/rejects.csv")
    assert rejects.mimetype == "text/csv"
    assert '"\'=cmd|\' /C calc\'!A0","","open"' in rejects.text
    assert '"subject: it is empty"' in rejects.text
    assert "refused row" in ada.get(answer.location).text
    empty = ada.post("/tickets/imports", data={"name": "Desk!"}, content_type="multipart/form-data")
    assert empty.status_code == 422
    vi = sign_in(client, cast.vi)
    assert vi.get("/tickets/imports").status_code == 200
    assert vi.post(f"{answer.location}/delete").status_code == 403


def test_the_reject_file_comes_where_requests_really_commit(committed: Flask, clock: Clock) -> None:
    ada = give_session(committed.test_client(), make_cast().ada)
    cookie = ada.get_cookie("session")
    assert cookie is not None
    path = f"/tickets/imports/{take(upload()).id}/rejects.csv"
    environ = EnvironBuilder(path, headers=[("Cookie", f"session={cookie.value}")]).get_environ()
    # As a server calls it: outside of this test's own context, the answer read after the request has ended.
    told, status, _ = Context().run(run_wsgi_app, committed.wsgi_app, environ, buffered=True)
    lines = b"".join(told).decode().splitlines()
    assert status == "200 OK"
    assert lines[0] == '"Ticket ID","Betreff","Status","Created","Resolution due","Owner","line","reason"'
    assert [line.split('","')[6] for line in lines[1:]] == ["4", "5", "6", "7"]


def test_refused_rows_come_a_page_at_a_time(committed: Flask, clock: Clock) -> None:
    found = take(upload())
    first = reads.rejects_page(found.id, limit=3)
    rest = reads.rejects_page(found.id, limit=3, cursor=first.next_cursor)
    assert [[row.line for row in page.items] for page in (first, rest)] == [[4, 5, 6], [7]]
    assert (first.next_cursor is None, rest.next_cursor) == (False, None)


def test_tags_that_nest_without_end_are_words_like_any(committed: Flask, clock: Clock) -> None:
    rows = f'id,subject,created,tags\n1,A,2026-11-21 10:00,{"[" * 50_000}\n2,B,2026-11-21 10:00,"[""x"", 3]"\n'
    found = take(upload(rows.encode()))
    assert (found.done, found.created, found.rejected) == (2, 1, 1)
    assert db.session.scalars(select(Ticket.tags)).one() == ["x", "3"]


def test_rows_that_were_refused_come_in_pages(
    app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn, api: Api
) -> None:
    rows = "".join(f"{n};;open;2026-11-21T10:00Z;;\n" for n in range(120))
    number = post(api, (HEAD + rows).encode(), **{"Content-Type": "text/csv"}).get_json()["id"]
    run.perform(uuid.UUID(api("POST", f"/ticket-imports/{number}/run", status=202)["job_id"]), worker="w1")
    lines: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api("GET", f"/ticket-imports/{number}/rejects?limit=50&cursor={cursor}", status=200)
        lines, cursor = lines + [each["line"] for each in page["items"]], page["next_cursor"]
    assert lines == list(range(2, 122))
    api("GET", f"/ticket-imports/{number}/rejects?cursor=forged", status=422)
    vi = sign_in(client, cast.vi)
    first = vi.get(f"/tickets/imports/{number}").text
    assert [int(line) for line in re.findall(r'id="refused-(\d+)"', first)] == list(range(2, 52))
    more = re.search(r'href="(/tickets/imports/\d+\?cursor=[^"]+)"', first)
    assert more is not None
    assert 'id="refused-52"' in vi.get(more[1]).text
    assert vi.get(f"/tickets/imports/{number}?cursor=forged").status_code == 422


def test_one_that_somebody_stopped_goes_on_when_told_to(
    app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn, api: Api
) -> None:
    number = post(api, (HEAD + ROWS).encode(), **{"Content-Type": "text/csv"}).get_json()["id"]
    job_id = api("POST", f"/ticket-imports/{number}/run", status=202)["job_id"]
    ada = sign_in(client, cast.ada)
    assert ada.post(f"/queues/jobs/{job_id}/cancellation").status_code == 303
    page = ada.get(f"/tickets/imports/{number}").text
    assert "Its job was stopped." in page
    assert "ended early" not in page
    assert "its stop" not in page
    assert f'action="/tickets/imports/{number}/run"' in page
