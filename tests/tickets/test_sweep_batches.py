"""However many tickets a sweep takes at once, the same is told of each: by ones, by a few, by all."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from console.alerts import actions as alerts
from console.alerts import queries
from console.alerts.models import Alert
from console.alerts.rules.states import Severity, Status
from console.infra.actor import SYSTEM
from console.tickets.actions import promises
from console.tickets.actions import tickets as actions
from console.tickets.actions.sweep import sweep
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import SlaBreach, Ticket
from console.tickets.rules.history import Event, Kind
from console.tickets.rules.policy import CLOCKS
from console.tickets.rules.standing import State
from tests.alerts.making import ADA
from tests.alerts.silences.making import silence
from tests.conftest import NOON
from tests.tickets.making import ALWAYS, calendar_body, policy_body

TICKETS = 60
LATER = [NOON + timedelta(minutes=minutes) for minutes in (10, 25, 60, 300)]
PRIORITIES = ("urgent", "normal", None)
# What is stored of tickets and alerts, each alert by its fingerprint; numbers that are merely given out are left away.
STORED = {
    "tickets": "SELECT t.id AS who, to_jsonb(t) AS row FROM tickets AS t",
    "breaches": "SELECT b.ticket_id AS who, to_jsonb(b) - 'id' AS row FROM sla_breaches AS b",
    "alerts": "SELECT fingerprint AS who, to_jsonb(a) - 'id' AS row FROM alerts AS a",
    "events": "SELECT event_id AS who, to_jsonb(e) - 'occurrence_id' AS row FROM failure_events AS e",
    **{
        table: f"SELECT a.fingerprint AS who, to_jsonb(r) - 'id' - 'alert_id' - 'target_id' AS row "  # noqa: S608
        f"FROM {table} AS r JOIN alerts AS a ON a.id = r.alert_id"
        for table in (
            "alert_details", "alert_counts", "alert_history", "alert_openings", "alert_news", "alert_merges",
            "occurrences",
        )
    },
}  # fmt: skip


def happened(chance: random.Random, made: datetime) -> list[Event]:
    """What may have happened to a ticket until noon."""
    minutes = sorted(chance.sample(range(1, int((NOON - made).total_seconds() // 60)), k=chance.randrange(4)))
    values: dict[Kind, list[str | None]] = {
        Kind.STATUS: ["pending", "open"],
        Kind.ASSIGNED: ["olu@example.com", None],
    }
    kinds = (Kind.CUSTOMER_MESSAGE, Kind.AGENT_REPLY, Kind.STATUS, Kind.ASSIGNED, Kind.RESOLVED)
    found = []
    for minute in minutes:
        kind = chance.choices(kinds, weights=(4, 3, 3, 2, 1))[0]
        value = chance.choice(values.get(kind, [None]))
        found.append(Event(f"e{minute}", made + timedelta(minutes=minute), kind, value))
    return found


def make(chance: random.Random) -> None:
    """Tickets under two policies or none, in all states that there are."""
    promises.put_calendar("office", calendar_body(ALWAYS), by=SYSTEM, at=NOON - timedelta(days=1))
    for name, position, (first, other, last) in (("fast", 1, (20, 30, 60)), ("slow", 2, (40, 90, 240))):
        targets = {"default": {"first_response": first, "next_response": other, "resolution": last}}
        match = {"priority": ["urgent" if name == "fast" else "normal"]}
        body = policy_body(targets=targets, match=match)
        body.pop("position")
        promises.put_policy(name, position, body, by=SYSTEM, at=NOON - timedelta(days=1))
    wanted = []
    for number in range(TICKETS):
        made = NOON - timedelta(minutes=chance.randrange(5, 200))
        given = {
            "subject": chance.choice(["Printer on fire", "password=hunter2 leaked", "Ünïcode ☃", f"Ticket {number}"]),
            "priority": chance.choice(PRIORITIES),
            "organization": chance.choice(["Initech", None]),
            "url": chance.choice([f"https://desk.example.com/{number}", None]),
        }
        source = chance.choice(["zendesk", "zammad"])
        wanted.append(TicketWanted(source, str(number), made, given=given, events=happened(chance, made)))
    actions.put(wanted, at=NOON)


def meddle(chance: random.Random, session: Session) -> None:
    """People see to some of the alerts, and a silence hides others."""
    ids = list(session.scalars(select(Alert.id).where(Alert.status == Status.OPEN).order_by(Alert.fingerprint)))
    chance.shuffle(ids)
    acknowledged, snoozed, resolved, target, merged = ids[:5]
    alerts.acknowledge(queries.get_for_change(acknowledged), by=ADA, at=NOON)
    alerts.snooze(queries.get_for_change(snoozed), NOON + timedelta(minutes=20), by=ADA, at=NOON)
    alerts.resolve(queries.get_for_change(resolved), by=ADA, at=NOON)
    session.flush()
    alerts.merge(target, [merged], by=ADA, at=NOON)
    silence(NOON, "service = zammad", "tags.clock = resolution")
    session.flush()


def swept(at: datetime, limit: int) -> int:
    """Everything that is due, so many at a time."""
    total = 0
    while found := sweep(at=at, limit=limit):
        assert found <= limit
        total += found
    return total


def stored(session: Session) -> dict[str, Counter[tuple[str, str]]]:
    """All rows, in no order."""
    session.flush()
    found = {name: session.execute(text(question)).all() for name, question in STORED.items()}
    return {
        name: Counter((str(who), orjson.dumps(row, option=orjson.OPT_SORT_KEYS).decode()) for who, row in rows)
        for name, rows in found.items()
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_is_stored_by_ones_by_sevens_and_at_once(db_session: Session, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same chances each time
    make(chance)
    assert swept(NOON, TICKETS)
    meddle(chance, db_session)
    found: list[Any] = []
    for limit in (1, 7, TICKETS):
        with db_session.begin_nested() as attempt:
            told = [swept(at, limit) for at in LATER]
            found.append((told, stored(db_session)))
            attempt.rollback()
        db_session.expire_all()
    by_ones, by_sevens, at_once = found
    assert by_ones == by_sevens == at_once
    assert all(by_ones[0][:3])
    assert all(by_ones[1].values())


def test_all_that_can_become_of_a_ticket_is_among_them(db_session: Session) -> None:
    make(random.Random(1))  # noqa: S311 - the same chances each time
    states: set[str] = set()
    told: set[tuple[Severity, int]] = set()
    for at in (NOON, *LATER):
        swept(at, TICKETS)
        states |= set(db_session.scalars(select(Ticket.state)))
        told |= {(alert.severity, alert.count) for alert in db_session.scalars(select(Alert))}
    assert states == {state.value for state in State}
    assert {severity for severity, _ in told} == {Severity.WARNING, Severity.ERROR}
    assert {count for _, count in told} >= {1, 2, 3}
    assert set(db_session.scalars(select(SlaBreach.clock))) == set(CLOCKS)
