"""Edits of calendars and policies: what they would do, and the rebuild of many tickets in a worker."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from console.infra import clock as clock_module
from console.infra.actor import SYSTEM
from console.infra.jobs import Job, JobState, request, run
from console.infra.transaction import unit
from console.tickets import jobs
from console.tickets.actions import promises, rebuilds
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import Rebuild, Ticket
from tests.conftest import NOON, Clock
from tests.tickets.conftest import Api, ticket
from tests.tickets.making import ALWAYS, calendar_body, policy_body

CLOSED_TODAY = calendar_body(ALWAYS, exceptions={"2026-11-21": []})
MANY = rebuilds.AT_ONCE + 50


def test_a_preview_of_a_calendar_says_what_would_move_and_changes_nothing(api: Api, clock: Clock) -> None:
    api.office(targets={"default": {"resolution": 60}})
    api("PUT", "/tickets/zendesk/soon", ticket(), 201)
    api("PUT", "/tickets/zendesk/late", ticket(created_at="2026-11-21T10:00:00Z"), 201)
    over = {"id": "r", "at": "2026-11-21T12:00:00Z", "type": "resolved"}
    api("PUT", "/tickets/zendesk/over", ticket(events=[over]), 201)
    before = api("GET", "/tickets")
    found = api("POST", "/sla/calendars/office/preview", CLOSED_TODAY, 200)
    assert [found[name] for name in ("state", "tickets", "moved", "breached", "rescued")] == ["done", 2, 2, 0, 1]
    first = found["changes"][0]
    assert (first["external_id"], first["before_state"], first["after_state"]) == ("late", "breached", "ok")
    assert (first["before_due_at"], first["after_due_at"]) == ("2026-11-21T11:00:00Z", "2026-11-22T01:00:00Z")
    assert api("GET", "/tickets") == before
    api("POST", "/sla/calendars/office/preview", CLOSED_TODAY | {"timezone": "Nowhere"}, 422)


def test_a_preview_of_a_policy_knows_its_place(api: Api) -> None:
    api.office(targets={"default": {"resolution": 60}}, position=5)
    api("PUT", "/tickets/zendesk/9", ticket(), 201)
    strict = policy_body(targets={"default": {"resolution": 10}})
    assert api("POST", "/sla/policies/strict/preview", strict | {"position": 9}, 200)["moved"] == 0
    assert api("POST", "/sla/policies/strict/preview", strict | {"position": None}, 200)["moved"] == 0
    for position in (5, 1):
        found = api("POST", "/sla/policies/strict/preview", strict | {"position": position}, 200)
        assert (found["moved"], found["breached"]) == (1, 1)
    assert api("POST", "/sla/policies/gold/preview", strict | {"position": None}, 200)["breached"] == 1
    api("POST", "/sla/policies/strict/preview", strict | {"calendar": "nowhere"}, 422)
    assert [one["name"] for one in api("GET", "/sla/policies")["items"]] == ["gold"]


@pytest.fixture
def many(committed: Flask) -> Iterator[Flask]:
    """More open tickets than an edit counts in its request."""
    clock_module.freeze(NOON)
    body: dict[str, Any] = policy_body()
    with unit():
        promises.put_calendar("office", calendar_body(ALWAYS), by=SYSTEM, at=NOON)
        promises.put_policy("gold", body.pop("position"), body, by=SYSTEM, at=NOON)
        created = NOON - timedelta(minutes=30)
        wanted = [TicketWanted("zendesk", str(n), created, given={"subject": f"Ticket {n}"}) for n in range(MANY)]
        actions.put(wanted, at=NOON)
    yield committed
    clock_module.freeze(None)


def edit(body: dict[str, Any]) -> Rebuild:
    with unit() as session:
        rebuild = promises.put_calendar("office", body, by=SYSTEM, at=NOON).rebuild
        jobs.carry_on(rebuild, by=SYSTEM)
        session.flush()
        assert rebuild is not None
        session.refresh(rebuild)
        session.expunge(rebuild)
    return rebuild


def perform(rebuild: Rebuild) -> JobState:
    assert rebuild.job_id is not None
    run.perform(rebuild.job_id, worker="w1")
    with unit() as session:
        return session.get_one(Job, rebuild.job_id).state


def rebuilt(rebuild_id: int) -> Rebuild:
    with unit() as session:
        found = session.get_one(Rebuild, rebuild_id)
        session.expunge(found)
    return found


def due_later() -> int:
    with unit() as session:
        rows = select(func.count()).select_from(Ticket).where(Ticket.next_due_at > NOON + timedelta(hours=12))
        return session.scalar(rows) or 0


def test_many_tickets_are_counted_anew_by_a_worker(many: Flask) -> None:
    rebuild = edit(CLOSED_TODAY)
    assert (rebuild.total, rebuild.done, due_later()) == (MANY, 0, 0)
    assert perform(rebuild) is JobState.SUCCEEDED
    assert due_later() == MANY
    found = rebuilt(rebuild.id)
    assert (found.done, found.moved, found.breached) == (MANY, MANY, 0)
    assert found.finished_at == NOON


def test_a_newer_edit_takes_over(many: Flask) -> None:
    older = edit(CLOSED_TODAY)
    with unit():
        assert rebuilds.step(older.id, at=NOON, limit=100).more
    newer = edit(calendar_body(ALWAYS, exceptions={"2026-11-21": [], "2026-11-22": []}))
    assert perform(older) is JobState.SUCCEEDED
    assert (rebuilt(older.id).done, rebuilt(older.id).superseded_at) == (100, NOON)
    assert perform(newer) is JobState.SUCCEEDED
    assert (rebuilt(newer.id).done, rebuilt(newer.id).superseded_at) == (MANY, None)
    with unit() as session:
        dues = session.scalars(select(Ticket.next_due_at).distinct()).all()
    assert dues == [NOON + timedelta(hours=37)]


def test_a_preview_of_many_tickets_is_a_job(many: Flask) -> None:
    with unit():
        job_id = request(jobs.preview_edit, jobs.CALENDAR, "office", None, CLOSED_TODAY, by=SYSTEM).id
    run.perform(job_id, worker="w1")
    with unit() as session:
        result = session.get_one(Job, job_id).result
    assert result is not None
    assert (result["moved"], len(result["changes"])) == (MANY, 100)
    assert due_later() == 0
