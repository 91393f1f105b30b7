"""Following a Zammad, on the shapes of its own API and webhooks."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from console.infra import clock as clock_module
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.transaction import unit
from console.tickets.actions import following, sources
from console.tickets.forms.sources import TicketSourceIn, read_source
from console.tickets.jobs.following import follow
from console.tickets.models import Ticket, TicketEvent, TicketSource
from tests.conftest import Clock
from tests.tickets.conftest import Api
from tests.tickets.sources.zammad_server import TOKEN, Zammad, zammad

SECRET = "hook-secret"


@pytest.fixture
def room(committed: Flask, clock: Clock) -> Flask:
    return committed


@pytest.fixture
def desk() -> Iterator[Zammad]:
    with zammad() as made:
        yield made


def body(desk: Zammad, **more: Any) -> dict[str, Any]:
    return {"kind": "zammad", "url": desk.url, "token": TOKEN, "webhook_secret": SECRET, **more}


def add(desk: Zammad, **more: Any) -> None:
    wanted = read_source(TicketSourceIn.model_validate(body(desk, **more)))
    with unit():
        sources.put("zammad", wanted, by=SYSTEM, at=clock_module.now())


def run(clock: Clock, minutes: int = 20) -> int:
    clock.advance(minutes=minutes)
    with unit():
        (lease,) = following.claim(at=clock_module.now(), most=9)
    return follow(*lease)


def tickets() -> dict[str, Ticket]:
    db.session.rollback()
    return {ticket.external_id: ticket for ticket in db.session.scalars(select(Ticket))}


def source() -> TicketSource:
    db.session.rollback()
    return db.session.scalars(select(TicketSource)).one()


def events() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = select(TicketEvent).where(~TicketEvent.ours).order_by(TicketEvent.at, TicketEvent.event_id)
    return [(event.event_id, event.kind) for event in db.session.scalars(rows)]


def test_tickets_and_articles_become_ours(room: Flask, desk: Zammad, clock: Clock) -> None:
    desk.put(7, owner="kim@example.org")
    desk.write(7, 1, "Customer", "2026-11-21T11:00:00.000Z")
    desk.write(7, 2, "Agent", "2026-11-21T11:10:00.000Z", type="note")
    desk.write(7, 3, "Agent", "2026-11-21T11:20:00.000Z", internal=True)
    desk.write(7, 4, "System", "2026-11-21T11:21:00.000Z")
    desk.write(7, 5, "Agent", "2026-11-21T11:30:00.000Z")
    add(desk)
    run(clock)
    (ticket,) = tickets().values()
    told = (ticket.subject, ticket.status, ticket.priority, ticket.organization, ticket.assignee, ticket.group)
    assert told == ("Ticket 7", "open", "2 normal", "Acme", "kim@example.org", "Users")
    assert ticket.url == f"{desk.url}/#ticket/zoom/7"
    assert ticket.source_deadlines == {
        "first_response": "2026-11-21T13:00:00Z", "next_response": None, "resolution": "2026-11-22T11:00:00Z",
    }  # fmt: skip
    assert events() == [("article:1", "customer_message"), ("article:5", "agent_reply")]


def test_states_pause_end_and_reopen(room: Flask, desk: Zammad, clock: Clock) -> None:
    desk.put(1)
    add(desk)
    run(clock)
    assert tickets()["1"].assignee is None
    desk.put(1, "2026-11-21T12:20:00.000Z", state="pending reminder")
    run(clock)
    assert (tickets()["1"].status, tickets()["1"].resolved_at) == ("pending reminder", None)
    desk.put(1, "2026-11-21T12:40:00.000Z", state="closed", close_at="2026-11-21T12:39:00.000Z")
    desk.put(2, "2026-11-21T12:41:00.000Z", state="merged")
    run(clock)
    found = {key: str(ticket.resolved_at) for key, ticket in tickets().items()}
    assert found == {"1": "2026-11-21 12:39:00+00:00", "2": "2026-11-21 12:41:00+00:00"}
    desk.put(1, "2026-11-21T13:05:00.000Z", state="open", close_at="2026-11-21T12:39:00.000Z")
    run(clock)
    assert (tickets()["1"].status, tickets()["1"].resolved_at) == ("open", None)


def states() -> list[tuple[str, str, str | None]]:
    db.session.rollback()
    kinds = TicketEvent.kind.in_(["status", "resolved", "reopened"])
    rows = select(TicketEvent).where(kinds).order_by(TicketEvent.at, TicketEvent.event_id)
    return [(event.at.strftime("%H:%M"), event.kind, event.value) for event in db.session.scalars(rows)]


def test_what_happened_between_two_readings_is_in_its_history(room: Flask, desk: Zammad, clock: Clock) -> None:
    desk.put(1, "2026-11-21T11:30:00.000Z", state="open")
    desk.change(1, 9, "2026-11-21T11:05:00.000Z", "new", "pending reminder")
    desk.change(1, 10, "2026-11-21T11:30:00.000Z", "pending reminder", "open")
    desk.change(1, 11, "2026-11-21T11:31:00.000Z", "open", "closed")
    add(desk)
    run(clock)
    # What is newer than the ticket that was read comes with the next reading.
    assert states() == [("11:05", "status", "pending reminder"), ("11:30", "status", "open")]
    assert tickets()["1"].initial_status == "new"
    desk.put(1, "2026-11-21T12:40:00.000Z", state="open", last_close_at="2026-11-21T12:38:00.000Z")
    desk.change(1, 12, "2026-11-21T12:35:00.000Z", "closed", "open")
    desk.change(1, 99, "2026-11-21T12:38:00.000Z", "open", "closed")
    desk.change(1, 100, "2026-11-21T12:38:00.000Z", "closed", "open")
    desk.change(1, 101, "2026-11-21T12:39:00.000Z", "2 normal", "3 high", attribute="priority")
    run(clock)
    run(clock)
    assert (tickets()["1"].status, tickets()["1"].resolved_at) == ("open", None)
    assert states()[2:] == [
        ("11:31", "status", "closed"), ("11:31", "resolved", None),
        ("12:35", "status", "open"), ("12:35", "reopened", None),
        ("12:38", "status", "closed"), ("12:38", "resolved", None),
        ("12:38", "status", "open"), ("12:38", "reopened", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "history",
    [
        None,
        [{"id": "9", "object": "Ticket", "attribute": "state"}],
        [{"id": 9, "object": "Ticket", "attribute": "state", "value_from": "new", "value_to": "", "created_at": "x"}],
        [{"id": 9, "object": "Ticket", "attribute": "state", "value_from": "new", "value_to": "renamed",
          "created_at": "2026-11-21T11:05:00.000Z"}],
        ["rubbish", None, 5],
    ],
)  # fmt: skip
def test_a_history_that_tells_nothing_leaves_what_the_ticket_says(
    room: Flask, desk: Zammad, clock: Clock, history: list[Any] | None
) -> None:
    desk.put(1, state="closed", close_at="2026-11-21T11:40:00.000Z")
    desk.secretive = history is None
    desk.changes[1] = history or []
    add(desk)
    run(clock)
    assert (source().error, str(tickets()["1"].resolved_at)) == (None, "2026-11-21 11:40:00+00:00")


def test_many_at_one_instant_are_read_to_the_end_and_once(room: Flask, desk: Zammad, clock: Clock) -> None:
    for number in range(1, 41):
        desk.put(number, "2026-11-21T11:45:00.000Z" if number > 3 else "2026-11-21T11:40:00.000Z")
    add(desk, overlap_seconds=0)
    run(clock)
    assert len(tickets()) == 40
    read_at = clock.at.isoformat().replace("+00:00", "Z")
    assert source().cursor == {"at": "2026-11-21T11:45:00Z", "page": 1, "more": False, "read_at": read_at}
    desk.put(41, "2026-11-21T12:10:00.000Z")
    run(clock)
    assert len(tickets()) == 41


@pytest.mark.parametrize(
    ("answer", "said", "wait"),
    [
        ((429, {"Retry-After": "1800"}, b""), "too many requests", 1800),
        ((500, {}, b"<h1>We're sorry</h1>"), "it answered 500", 60),
        ((503, {"Retry-After": "soon"}, b""), "it answered 503", 60),
        ((200, {}, b"<html>a captive portal</html>"), "did not answer in JSON", 60),
        ((200, {}, b'{"tickets": [1]}'), "not answer the search with a list", 60),
        ((200, {}, b"[1, null]"), "without updated_at", 60),
        ((200, {}, b'[{"id": 1, "updated_at": "yesterday"}]'), "without updated_at", 60),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "it answered 302", 60),
        ((401, {}, b"{}"), "refuses the token", 60),
    ],
)
def test_what_goes_wrong_is_said_and_moves_nothing(
    room: Flask, desk: Zammad, clock: Clock, answer: tuple[int, dict[str, str], bytes], said: str, wait: int
) -> None:
    desk.put(1)
    add(desk)
    run(clock)
    before = source().cursor
    desk.answer = answer
    run(clock)
    found = source()
    assert said.casefold() in (found.error or "").casefold()
    assert (found.cursor, found.failing_since, len(tickets())) == (before, clock.at, 1)
    assert (found.next_at - clock.at).total_seconds() == wait
    assert TOKEN not in (found.error or "")
    desk.answer = None
    desk.put(2, "2026-11-21T12:10:00.000Z")
    run(clock, minutes=40)
    assert (source().error, len(tickets())) == (None, 2)


def sign(raw: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()
    return {"X-Hub-Signature": f"sha1={digest}", "X-Zammad-Delivery": "d-1", "Content-Type": "application/json"}


def test_a_webhook_has_its_ticket_fetched_and_takes_nothing_it_says(api: Api, desk: Zammad, clock: Clock) -> None:
    api("PUT", "/ticket-sources/zammad", body(desk), 201)
    assert TOKEN not in str(api("GET", "/ticket-sources/zammad", status=200))
    raw = json.dumps({"ticket": {"id": 9, "title": "Forged", "state": "closed"}, "article": {}}).encode()
    where = "/api/v1/webhooks/zammad/zammad"
    client = api.client
    for headers in ({}, sign(raw, "wrong"), {"X-Hub-Signature": "sha1=é"}):
        assert client.post(where, data=raw, headers=headers).status_code == 401
    assert client.post("/api/v1/webhooks/zammad/other", data=raw, headers=sign(raw)).status_code == 401
    assert client.post(where, data=b"{}", headers=sign(b"{}")).status_code == 422
    assert client.post(where, data=b"[", headers=sign(b"[")).status_code == 400
    # Sent again, it is asked for once.
    assert [client.post(where, data=raw, headers=sign(raw)).status_code for _ in range(2)] == [202, 202]
    assert api("GET", "/tickets?source=zammad", status=200)["items"] == []


def test_what_a_webhook_named_is_fetched_first(room: Flask, desk: Zammad, clock: Clock) -> None:
    desk.put(9, title="As it is")
    add(desk)
    run(clock)
    desk.asked.clear()
    desk.put(10, "2026-11-21T12:15:00.000Z")
    with unit():
        found = db.session.scalars(select(TicketSource)).one()
        for key in ("10", "404"):
            sources.want(found, key, at=clock_module.now())
    assert source().next_at == clock.at
    run(clock)
    assert [path.partition("?")[0] for path in desk.asked[:3]] == [
        "/api/v1/tickets/10", "/api/v1/tickets/404", "/api/v1/ticket_articles/by_ticket/10",
    ]  # fmt: skip
    assert {key: ticket.subject for key, ticket in tickets().items()} == {"9": "As it is", "10": "Ticket 10"}
    desk.asked.clear()
    run(clock)
    assert not any(path.startswith("/api/v1/tickets/1") for path in desk.asked)


def test_its_test_shows_tickets_mapped(api: Api, desk: Zammad) -> None:
    desk.put(1, state="closed", last_close_at="2026-11-21T11:44:00.000Z")
    api("PUT", "/ticket-sources/zammad", body(desk), 201)
    found = api("POST", "/ticket-sources/zammad/test", status=200)
    assert (found["ok"], found["rows"][0]["resolved"]) == (True, True)
    api("PUT", "/ticket-sources/zammad", body(desk, token="wrong"), 200)
    assert "refuses the token" in api("POST", "/ticket-sources/zammad/test", status=200)["said"]
    for url in ("ftp://127.0.0.1/", "https://a:b@127.0.0.1/", "http://10.1.2.3/"):
        api("PUT", "/ticket-sources/other", body(desk, url=url), 422)
