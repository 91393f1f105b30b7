"""Thousands of tickets late at one instant, and kill -9 while they are told: each is told once, none is forgotten."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from console.alerts.models import Alert, Occurrence
from console.config import Settings
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.transaction import unit
from console.tickets.actions import promises
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import SlaBreach, Ticket
from tests.faults.processes import Processes, eventually, kill_tree
from tests.faults.test_kill_under_load import RECOVERY_SECONDS
from tests.tickets.making import ALWAYS, calendar_body, policy_body

pytestmark = [pytest.mark.faults, pytest.mark.heavy, pytest.mark.timeout(600)]

LATE = 4_000
BATCH = 500


def make_late() -> None:
    """Tickets that were all due two hours ago, of which nobody was told yet."""
    now = clock.now()
    made = now - timedelta(hours=3)
    body = policy_body(targets={"default": {"resolution": 60}})
    with unit():
        promises.put_calendar("office", calendar_body(ALWAYS), by=SYSTEM, at=now)
        promises.put_policy("gold", body.pop("position"), body, by=SYSTEM, at=now)
    for first in range(0, LATE, BATCH):
        names = [str(number) for number in range(first, first + BATCH)]
        with unit():
            actions.put([TicketWanted("zendesk", name, made, given={"subject": name}) for name in names], at=now)


def told() -> int:
    with unit() as session:
        return session.scalar(select(func.count()).select_from(Alert).where(Alert.source == "tickets")) or 0


def reached(share: int) -> bool:
    return told() >= share


def test_a_scheduler_killed_in_the_middle_of_a_wave(committed: Flask, settings: Settings) -> None:
    make_late()
    with Processes(settings) as running:
        for share in (1, LATE // 3):
            scheduler = running.start("scheduler")
            eventually(partial(reached, share), within=RECOVERY_SECONDS)
            kill_tree(scheduler)
            assert told() < LATE
        running.start("scheduler")
        eventually(lambda: told() == LATE, within=RECOVERY_SECONDS)
        with unit() as session:
            occurrences = select(func.count(), func.count(Occurrence.alert_id.distinct())).select_from(Occurrence)
            assert tuple(session.execute(occurrences.where(Occurrence.source == "tickets")).one()) == (LATE, LATE)
            assert session.scalar(select(func.count()).select_from(SlaBreach)) == LATE
            assert session.scalar(select(func.count()).where(Ticket.sweep_at <= clock.now())) == 0
            assert session.scalar(select(func.count()).where(~Ticket.alarmed)) == 0
