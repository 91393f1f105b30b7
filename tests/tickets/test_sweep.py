"""What time does: clocks at risk and overdue become alerts, each once; breaches are recorded and stay."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from console.alerts.models import Alert, Occurrence
from console.alerts.rules.states import Severity, Status
from console.infra import clock as clock_module
from console.infra.db import db
from console.infra.transaction import unit
from console.tickets import jobs
from console.tickets.actions import promises
from console.tickets.actions import tickets as actions
from console.tickets.actions.sweep import sweep
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import SlaBreach, Ticket
from tests.conftest import NOON, Clock
from tests.tickets.conftest import Api, ticket
from tests.tickets.making import ALWAYS, calendar_body, policy_body


def alert() -> Alert:
    db.session.expire_all()
    return db.session.scalars(select(Alert).where(Alert.source == "tickets")).one()


def breaches() -> list[SlaBreach]:
    db.session.expire_all()
    return list(db.session.scalars(select(SlaBreach).order_by(SlaBreach.due_at)))


def told() -> int:
    return sweep(at=clock_module.now())


def test_a_clock_at_risk_and_then_over_is_one_alert_told_twice(api: Api, clock: Clock) -> None:
    api.office(targets={"default": {"resolution": 60}})
    api("PUT", "/tickets/zendesk/9", ticket(), 201)
    assert told() == 0
    clock.set(NOON + timedelta(minutes=15))
    assert told() == 1
    assert told() == 0
    assert (alert().severity, alert().count, alert().status) == (Severity.WARNING, 1, Status.OPEN)
    assert alert().last_seen == NOON + timedelta(minutes=15)
    assert breaches() == []
    # What is due at noon is met at noon, and late after it.
    clock.set(NOON + timedelta(minutes=30))
    assert told() == 0
    clock.advance(seconds=1)
    assert told() == 1
    assert told() == 0
    assert (alert().severity, alert().count) == (Severity.ERROR, 2)
    (breach,) = breaches()
    assert (breach.clock, breach.due_at, breach.settled_at) == ("resolution", NOON + timedelta(minutes=30), None)
    assert api("GET", "/tickets?state=breached")["items"][0]["sla"]["state"] == "breached"


def test_resolving_the_ticket_resolves_the_alert_and_settles_the_breach(api: Api, clock: Clock) -> None:
    api.office(targets={"default": {"resolution": 60}})
    api("PUT", "/tickets/zendesk/9", ticket(), 201)
    clock.set(NOON + timedelta(minutes=40))
    told()
    over = {"id": "r", "at": "2026-11-21T12:40:00Z", "type": "resolved"}
    api("PUT", "/tickets/zendesk/9", ticket(events=[over]), 200)
    assert alert().status is Status.RESOLVED
    (breach,) = breaches()
    assert (breach.settled_at, breach.late_seconds) == (NOON + timedelta(minutes=40), 600)
    assert breach.overturned_at is None


def test_pausing_calms_and_going_on_tells_again(api: Api, clock: Clock) -> None:
    api.office(targets={"default": {"resolution": 60}})
    api("PUT", "/tickets/zendesk/9", ticket(), 201)
    clock.set(NOON + timedelta(minutes=20))
    told()
    api("PUT", "/tickets/zendesk/9", ticket(status="pending"), 200)
    assert alert().status is Status.RESOLVED
    clock.advance(days=3)
    assert told() == 0
    assert alert().status is Status.RESOLVED
    api("PUT", "/tickets/zendesk/9", ticket(status="open"), 200)
    assert told() == 1
    assert (alert().status, alert().count) == (Status.OPEN, 2)


def test_imported_tickets_that_are_over_alarm_nobody_and_are_on_record(api: Api) -> None:
    api.office()
    over = {"id": "r", "at": "2025-03-04T12:00:00Z", "type": "resolved"}
    api("PUT", "/tickets/zendesk/9", ticket(created_at="2025-03-03T12:00:00Z", events=[over]), 201)
    assert told() == 0
    assert db.session.scalar(select(func.count()).select_from(Alert)) == 0
    assert {breach.clock: breach.late_seconds for breach in breaches()} == {
        "first_response": 23 * 3_600,
        "resolution": 16 * 3_600,
    }


def test_a_reply_that_is_heard_of_late_overturns_the_breach(api: Api, clock: Clock) -> None:
    api.office(targets={"default": {"first_response": 60}})
    api("PUT", "/tickets/zendesk/9", ticket(), 201)
    clock.set(NOON + timedelta(minutes=40))
    told()
    reply = {"id": "a", "at": "2026-11-21T12:10:00Z", "type": "agent_reply"}
    api("PUT", "/tickets/zendesk/9", ticket(events=[reply]), 200)
    (breach,) = breaches()
    assert (breach.overturned_at, breach.overturned_why) == (clock.at, "events")
    assert alert().status is Status.RESOLVED
    assert api.sla()["first_response"]["state"] == "met"


def test_an_edit_rescues_what_runs_and_rewrites_nothing_that_is_settled(api: Api, clock: Clock) -> None:
    api.office(targets={"default": {"first_response": 30, "resolution": 60}})
    reply = {"id": "a", "at": "2026-11-21T12:20:00Z", "type": "agent_reply"}
    clock.set(NOON + timedelta(minutes=40))
    api("PUT", "/tickets/zendesk/9", ticket(events=[reply]), 201)
    told()
    first, resolution = breaches()
    assert (first.clock, first.late_seconds, resolution.settled_at) == ("first_response", 1_200, None)
    api("PUT", "/sla/calendars/office", calendar_body(ALWAYS, exceptions={"2026-11-21": []}), 200)
    first, resolution = breaches()
    assert (first.overturned_at, first.late_seconds, first.due_at) == (None, 1_200, NOON)
    assert (resolution.overturned_at, resolution.overturned_why) == (clock.at, "policy")
    assert alert().status is Status.RESOLVED


def test_an_edit_rewrites_nothing_of_what_is_over_whatever_is_heard_of_it_later(api: Api, clock: Clock) -> None:
    api.office(targets={"default": {"first_response": 20, "resolution": 60}})
    over = {"id": "r", "at": "2026-11-21T12:00:00Z", "type": "resolved"}
    api("PUT", "/tickets/zendesk/9", ticket(events=[over], updated_at="2026-11-21T12:00:00Z"), 201)
    (before,) = breaches()
    known = (before.due_at, before.late_seconds, before.policy_version_id, before.calendar_version_id)
    clock.advance(hours=1)
    api("PUT", "/sla/calendars/office", calendar_body(ALWAYS, exceptions={"2026-11-21": []}), 200)
    # The source changes a field, then remembers a message.
    api("PUT", "/tickets/zendesk/9", ticket(subject="Fire", updated_at="2026-11-21T12:30:00Z"), 200)
    assert (api.sla()["state"], api("GET", "/tickets/zendesk/9")["subject"]) == ("breached", "Fire")
    message = {"id": "m", "at": "2026-11-21T11:31:00Z", "type": "customer_message"}
    api("PUT", "/tickets/zendesk/9", ticket(events=[message]), 200)
    (after,) = breaches()
    assert after.overturned_at is None
    assert (after.due_at, after.late_seconds, after.policy_version_id, after.calendar_version_id) == known
    # A reply in time that is heard of only now is another matter.
    reply = {"id": "a", "at": "2026-11-21T11:35:00Z", "type": "agent_reply"}
    api("PUT", "/tickets/zendesk/9", ticket(events=[reply]), 200)
    assert breaches()[0].overturned_why == "events"


def test_two_schedulers_tell_of_each_ticket_once(committed: Flask) -> None:
    at = NOON + timedelta(hours=3)
    with unit():
        _promise()
        wanted = [
            TicketWanted("zendesk", str(number), NOON, given={"subject": f"Ticket {number}"}) for number in range(60)
        ]
        actions.put(wanted, at=at)
    clock_module.freeze(at)
    together = Barrier(2)

    def work() -> None:
        with committed.app_context():
            together.wait()
            jobs.sweep()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock_module.freeze(None)
    with unit() as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 60
        assert session.scalar(select(func.count()).select_from(Occurrence)) == 60
        assert session.scalar(select(func.count()).select_from(SlaBreach)) == 60
        assert session.scalar(select(func.count()).select_from(Ticket).where(Ticket.sweep_at <= at)) == 0


def _promise() -> None:
    from console.infra.actor import SYSTEM

    body: dict[str, Any] = policy_body(targets={"default": {"resolution": 60}})
    promises.put_calendar("office", calendar_body(ALWAYS), by=SYSTEM, at=NOON)
    promises.put_policy("gold", body.pop("position"), body, by=SYSTEM, at=NOON)


@pytest.mark.parametrize("years", [10, 30])
def test_deadlines_of_long_ago_are_told_too(api: Api, years: int) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/9", ticket(created_at=f"{2026 - years}-11-21T11:30:00Z"), 201)
    assert told() == 1
    assert alert().severity is Severity.ERROR
