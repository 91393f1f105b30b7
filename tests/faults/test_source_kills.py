"""Schedulers that follow a changing helpdesk are killed: no ticket is lost, none is doubled, no cursor runs ahead."""

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from flask import Flask
from sqlalchemy import text

from console.config import Settings
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.transaction import unit
from console.tickets.actions import sources
from console.tickets.actions.sources import SourceWanted
from console.tickets.forms.sources import COLUMNS
from console.tickets.rules.sources.rows import RESOLVED
from tests.conftest import Database
from tests.faults.processes import Processes, eventually, kill_tree
from tests.tickets.sources.helpdesk import Helpdesk, helpdesk

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

ROWS, KILLS, STATUSES = 1_500, 6, ("open", "pending", "closed")
# Who comes second leaves the ticket alone: the two transactions must not wait for each other.
CHANGE = """UPDATE helpdesk_ticket SET subject = :word, status = :status, updated_at = clock_timestamp()
            WHERE id = :id AND pg_try_advisory_xact_lock(id)"""
ADD = """INSERT INTO helpdesk_ticket (subject, status, created_at, updated_at)
         SELECT 'T', 'open', now() - interval '1 hour', {at} FROM generate_series(1, :n)"""
LISTED = "SELECT id::text, subject, status, updated_at FROM helpdesk_ticket ORDER BY id"
KEPT = "SELECT external_id, subject, status, source_updated_at FROM tickets ORDER BY external_id::int"
TOLD = "SELECT count(*), count(DISTINCT (ticket_id, kind, value, at)) FROM ticket_events"
# In one snapshot: the cursor, and the last change of any ticket that was kept with it.
STOOD = "SELECT (cursor ->> 'at')::timestamptz, (SELECT max(source_updated_at) FROM tickets) FROM ticket_sources"


class Agents:
    """They change tickets without pause: in transactions that commit late, and many at one instant."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk, self.stopped, self.changes = desk, threading.Event(), 0
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.thread.join()

    def _work(self) -> None:
        chance = random.Random(7)  # noqa: S311 - to shuffle tickets
        while not self.stopped.wait(0.05):
            with self.desk.engine.begin() as late:
                self._change(late, chance)
                with self.desk.engine.begin() as other:
                    self._change(other, chance)
                    other.execute(text(ADD.format(at="now()")), {"n": 3})
                self.stopped.wait(chance.random() / 20)
            self.changes += 1

    def _change(self, connection: Any, chance: random.Random) -> None:
        for number in chance.sample(range(1, ROWS + 1), 4):
            values = {"id": number, "word": f"T {self.changes}", "status": chance.choice(STATUSES)}
            connection.execute(text(CHANGE), values)


@pytest.fixture
def desk(new_database: Callable[[], Database]) -> Iterator[Helpdesk]:
    with helpdesk(new_database) as made:
        made.run(ADD.format(at="clock_timestamp()"), n=ROWS)
        yield made


@pytest.fixture
def running(committed: Flask, settings: Settings) -> Iterator[Processes]:
    key = settings.secret_key or ""
    with Processes(settings, PROBE_ALLOWED_NETWORKS="127.0.0.0/8", SECRET_KEY=key) as started:
        yield started


def follow(desk: Helpdesk) -> None:
    names = ("external_id", "subject", "status", "created_at", "updated_at")
    options = {
        "query": "SELECT * FROM helpdesk_ticket", "columns": {name: COLUMNS[name] for name in names},
        "timezone": "UTC", "resolved_statuses": list(RESOLVED), "overlap_seconds": 5,
    }  # fmt: skip
    with unit():
        wanted = SourceWanted("sql", options, 1, url=desk.url, place="here")
        sources.put("desk", wanted, by=SYSTEM, at=clock.now())


def asked(statement: str) -> list[tuple[Any, ...]]:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(text(statement))]


def moved_from(before: object) -> Callable[[], bool]:
    def moved() -> bool:
        at, newest = asked(STOOD)[0]
        assert at is None or (newest is not None and newest >= at), "the cursor is ahead of its rows"
        return bool(at != before)

    return moved


def differing(truth: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(set(truth) ^ set(asked(KEPT)))[:10]


def let_the_lease_run_out() -> None:
    """As two minutes would, after the death of its holder."""
    with unit():
        db.session.execute(text("UPDATE ticket_sources SET lease_until = now(), next_at = now()"))


def test_a_follower_that_is_killed_loses_and_doubles_nothing(desk: Helpdesk, running: Processes) -> None:
    follow(desk)
    chance = random.Random(3)  # noqa: S311 - when to kill
    with Agents(desk) as agents:
        for _ in range(KILLS):
            scheduler = running.start("scheduler")
            eventually(moved_from(asked(STOOD)[0][0]), within=60, every=0.02)
            agents.stopped.wait(chance.random())
            kill_tree(scheduler)
            moved_from(None)()
            let_the_lease_run_out()
        assert agents.changes > KILLS
    with desk.engine.connect() as connection:
        truth = [tuple(row) for row in connection.execute(text(LISTED))]
    running.start("scheduler")
    eventually(lambda: not differing(truth), within=120, every=1.0)
    assert len(truth) > ROWS
    events, distinct = asked(TOLD)[0]
    assert events == distinct
