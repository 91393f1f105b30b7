"""Following a helpdesk's own PostgreSQL: nothing lost, nothing doubled, nothing written there."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from console.alerts.models import Alert
from console.alerts.rules.states import Status
from console.infra import clock as clock_module
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.transaction import unit
from console.tickets import client
from console.tickets.actions import following, sources
from console.tickets.forms.sources import TicketSourceIn, read_source
from console.tickets.jobs.following import follow
from console.tickets.models import Ticket, TicketEvent, TicketSource
from console.tickets.queries import sources as reads
from console.tickets.rules.sources.feed import Batch, Feed
from tests.conftest import Clock
from tests.tickets.sources.conftest import sql_body
from tests.tickets.sources.helpdesk import Helpdesk


@pytest.fixture
def room(committed: Flask) -> Flask:
    return committed


def add(desk: Helpdesk, **more: Any) -> None:
    wanted = read_source(TicketSourceIn.model_validate(sql_body(desk, **more)))
    with unit():
        sources.put("helpdesk", wanted, by=SYSTEM, at=clock_module.now())


def claim() -> tuple[int, str]:
    with unit():
        (found,) = following.claim(at=clock_module.now(), most=9)
    return found


def run(clock: Clock) -> int:
    clock.advance(minutes=20)
    return follow(*claim())


def tickets() -> dict[str, Ticket]:
    db.session.rollback()
    return {ticket.external_id: ticket for ticket in db.session.scalars(select(Ticket))}


def source() -> TicketSource:
    db.session.rollback()
    return db.session.scalars(select(TicketSource)).one()


def events() -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(TicketEvent)).one()


def feed(lease: tuple[int, str]) -> Feed:
    with unit():
        found = reads.feed(*lease)
    assert found is not None
    return found


def test_rows_become_tickets_with_the_helpdesks_own_deadlines(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    desk.put(
        1, subject="100% down; see {it}", status="open", priority="high", organization="Acme", assigned_agent="Kim",
        sla_policy="Gold", first_response_due="2026-11-21T13:00:00+01:00", tags=["vip", "a,b"],
    )  # fmt: skip
    add(desk)
    run(clock)
    (ticket,) = tickets().values()
    told = (ticket.source, ticket.subject, ticket.status, ticket.priority, ticket.organization, ticket.assignee)
    assert told == ("helpdesk", "100% down; see {it}", "open", "high", "Acme", "Kim")
    assert ticket.tags == ["vip", "a,b"]
    assert ticket.source_deadlines == {
        "policy": "Gold", "first_response": "2026-11-21T12:00:00Z", "resolution": None,
    }  # fmt: skip
    assert (source().rows, source().error, source().lease_id) == (1, None, None)


def test_it_follows_changes_in_batches_and_reads_nothing_twice_for_long(
    room: Flask, desk: Helpdesk, clock: Clock
) -> None:
    desk.run(
        "INSERT INTO helpdesk_ticket (subject, created_at, updated_at) SELECT 'T' || n, '2026-11-21T10:00Z',"
        " '2026-11-21T11:00Z'::timestamptz + make_interval(secs => n / 700) FROM generate_series(1, 1201) n"
    )
    add(desk)
    assert run(clock) == 3
    assert len(tickets()) == source().rows == source().last_rows == 1201
    desk.run("UPDATE helpdesk_ticket SET status = 'pending', updated_at = '2026-11-21T12:10Z' WHERE subject = 'T7'")
    assert run(clock) == 1
    # The overlap reaches back from when it was read, on the helpdesk's clock; what is older is not read again.
    assert source().last_rows == 1
    assert [ticket.subject for ticket in tickets().values() if ticket.status == "pending"] == ["T7"]


def test_a_transaction_that_commits_late_is_not_missed(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    add(desk, overlap_seconds=300)
    with desk.engine.connect() as early:
        slow = early.begin()
        late = (
            "INSERT INTO helpdesk_ticket (id, subject, created_at, updated_at) VALUES (:n, 'T', :a, clock_timestamp())"
        )
        early.execute(text(late), {"n": 1, "a": "2026-11-21T10:00Z"})
        with desk.engine.begin() as other:
            other.execute(text(late), {"n": 2, "a": "2026-11-21T10:00Z"})
        clock.set(_desk_now(desk))
        run(clock)
        assert set(tickets()) == {"2"}
        slow.commit()
    run(clock)
    assert set(tickets()) == {"1", "2"}


def _desk_now(desk: Helpdesk) -> Any:
    with desk.engine.connect() as connection:
        return connection.scalar(text("SELECT now()"))


def test_a_follower_that_dies_between_loses_and_doubles_nothing(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    for number in range(1, 4):
        desk.put(number, status="open")
    add(desk)
    lease = claim()
    seen = feed(lease)
    batch = client.fetch(seen)
    with pytest.raises(KeyboardInterrupt):
        _keep_and_die(seen, lease[1], batch)
    assert (tickets(), source().cursor) == ({}, None)
    # Its lease holds for a while, then another takes over; what the dead one had read counts for nothing.
    with unit():
        assert following.claim(at=clock_module.now(), most=9) == []
    assert run(clock) == 1
    with unit():
        assert following.keep(seen, lease[1], batch, at=clock_module.now()) is False
    assert (len(tickets()), source().rows) == (3, 3)
    before = events()
    assert run(clock) == 1
    assert (len(tickets()), events()) == (3, before)


def _keep_and_die(seen: Feed, lease_id: str, batch: Batch) -> None:
    with unit():
        following.keep(seen, lease_id, batch, at=clock_module.now())
        raise KeyboardInterrupt


def test_of_two_schedulers_one_reads(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    desk.put(1)
    add(desk)
    with unit():
        first = following.claim(at=clock_module.now(), most=9)
        with unit():
            second = following.claim(at=clock_module.now(), most=9)
    assert (len(first), second) == (1, [])


def test_resolving_and_reopening_show_in_the_clocks(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    desk.put(1, status="open")
    add(desk)
    run(clock)
    desk.put(1, updated="2026-11-21T12:05:00Z", status="Closed", resolved_at="2026-11-21T12:04:00Z")
    run(clock)
    (ticket,) = tickets().values()
    assert ticket.resolved_at is not None
    assert ticket.resolved_at.isoformat() == "2026-11-21T12:04:00+00:00"
    desk.put(1, updated="2026-11-21T12:50:00Z", status="open", resolved_at=None)
    run(clock)
    (ticket,) = tickets().values()
    assert (ticket.resolved_at, ticket.status) == (None, "open")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * FROM helpdesk_ticket WHERE (SELECT wipe()) IS NULL", "tries to write"),
        ("SELECT * FROM helpdesk_ticket FOR UPDATE", "tries to write"),
        ("SELECT *, nextval('helpdesk_ticket_id_seq') FROM helpdesk_ticket", "tries to write"),
        ("SELECT * FROM helpdesk_ticket WHERE set_config('transaction_read_only', 'off', true) = 'off' AND wipe()", ""),
        ("WITH gone AS (DELETE FROM helpdesk_ticket RETURNING *) SELECT * FROM gone", "top level"),
        ("SELECT *, pg_sleep(60) FROM helpdesk_ticket", "took longer"),
        ("SELECT * FROM nothing", "does not exist"),
    ],
)
def test_a_query_that_writes_or_hangs_is_refused_with_words(
    room: Flask, desk: Helpdesk, clock: Clock, query: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.tickets.client import postgres

    monkeypatch.setitem(postgres.SETTINGS, "statement_timeout", "300ms")
    desk.run(
        "CREATE OR REPLACE FUNCTION wipe() RETURNS boolean LANGUAGE plpgsql AS"
        " $$BEGIN DELETE FROM helpdesk_ticket; RETURN true; END$$"
    )
    desk.put(1)
    add(desk, query=query)
    run(clock)
    assert said in (source().error or "")
    assert source().error
    assert (tickets(), source().cursor) == ({}, None)
    with desk.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM helpdesk_ticket")) == 1


def test_it_backs_off_says_since_when_and_raises_one_alert(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    desk.put(1)
    add(desk, interval_seconds=60)
    desk.run("ALTER TABLE helpdesk_ticket RENAME TO away")
    began = clock.at
    try:
        follow(*claim())
        waits = []
        while clock.at - began < timedelta(minutes=25):
            waits.append((source().next_at - clock.at).total_seconds())
            clock.set(source().next_at)
            follow(*claim())
        assert waits[:4] == [60, 120, 240, 480]
        assert (source().failing_since, source().failures) == (began, len(waits) + 1)
        assert "does not exist" in (source().error or "")
        alert = db.session.scalars(select(Alert)).one()
        assert (alert.service, alert.task, alert.count) == ("helpdesk", "tickets.source", 1)
    finally:
        desk.run("ALTER TABLE away RENAME TO helpdesk_ticket")
    clock.set(source().next_at)
    follow(*claim())
    assert (source().error, source().failing_since, len(tickets())) == (None, None, 1)
    assert db.session.scalars(select(Alert.status)).one() is Status.RESOLVED


def test_a_row_that_cannot_be_taken_is_said_and_holds_up_nothing(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    desk.put(1, subject="  ")
    desk.put(2, created_at="2030-01-01T00:00Z")
    desk.put(3)
    add(desk)
    run(clock)
    assert set(tickets()) == {"3"}
    told = {each["key"]: each["reason"] for each in source().rejects}
    assert "subject: it is empty" in told["1"]
    assert "created_at: it lies before 1970 or more than five minutes ahead" in told["2"]
    assert source().rejected == 2


def test_the_overlap_reaches_back_to_the_first_batch_of_a_run(
    room: Flask, desk: Helpdesk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.tickets.client import sql

    monkeypatch.setattr(sql, "BATCH", 2)
    for number in range(1, 6):
        desk.put(number, updated=f"2026-11-21T10:0{number}:00Z")
    add(desk)
    lease = claim()
    seen = feed(lease)
    with unit():
        assert following.keep(seen, lease[1], client.fetch(seen), at=clock_module.now()) is True
    first = source().cursor or {}
    # Between two batches may lie a restart, and hours: what committed late meanwhile must be within the overlap.
    assert follow(*lease) == 2
    last = source().cursor or {}
    assert (len(tickets()), last["more"], last["at"][:16]) == (5, False, "2026-11-21 10:05")
    assert (first["more"], last["read_at"]) == (True, first["read_at"])


def test_a_resolution_is_not_dated_before_the_reopening(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    first = {"status": "closed", "resolved_at": "2026-11-21T11:50:00Z"}
    desk.put(1, status="open")
    add(desk)
    run(clock)
    desk.put(1, updated="2026-11-21T12:05:00Z", **first)
    run(clock)
    desk.put(1, updated="2026-11-21T12:30:00Z", status="open", resolved_at=first["resolved_at"])
    run(clock)
    assert tickets()["1"].resolved_at is None
    # This helpdesk keeps the instant of its first resolution for ever.
    desk.put(1, updated="2026-11-21T12:55:00Z", **first)
    run(clock)
    assert str(tickets()["1"].resolved_at) == "2026-11-21 12:55:00+00:00"


def test_a_helpdesk_whose_clock_is_ahead_of_ours_loses_no_row(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    now = _desk_now(desk)
    desk.put(1, updated=now.isoformat(), created_at=now.isoformat())
    add(desk)
    clock.set(now - timedelta(hours=2))
    run(clock)
    assert (set(tickets()), source().rejects) == ({"1"}, [])


@pytest.mark.parametrize("updated", ["infinity", "0044-03-15 12:00:00+00 BC", "30000-01-01 00:00:00+00"])
def test_an_instant_beyond_our_calendar_is_a_row_refused_and_no_more(
    room: Flask, desk: Helpdesk, clock: Clock, updated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.tickets.client import sql

    monkeypatch.setattr(sql, "BATCH", 1)
    desk.put(1, updated=updated)
    add(desk)
    lease = claim()
    seen = feed(lease)
    with unit():
        assert following.keep(seen, lease[1], client.fetch(seen), at=clock_module.now()) is True
    assert reads.lag_of(source(), now=clock.at) == 0
    assert "is no time" in source().rejects[0]["reason"]


def test_texts_in_no_encoding_are_said(room: Flask, desk: Helpdesk, clock: Clock) -> None:
    name = f"ascii_{desk.engine.url.database}"
    server = desk.engine.execution_options(isolation_level="AUTOCOMMIT")
    settings = "ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" {settings}'))
    try:
        words = "convert_from(decode('ff', 'hex'), 'SQL_ASCII') AS subject, now() AS created_at, now() AS updated_at"
        columns = {field: field for field in ("subject", "created_at", "updated_at")}
        url = desk.url.replace(f"/{desk.engine.url.database}?", f"/{name}?")
        add(desk, url=url, query=f"SELECT 1 AS id, {words}", columns={**columns, "external_id": "id"})
        run(clock)
        assert "invalid byte sequence" in (source().error or "")
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
