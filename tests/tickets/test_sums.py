"""Sums of promises are what counting each gives, whatever happens to tickets and however many write at once."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from console.app import create_app
from console.config import Settings
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.migrations import downgrade, migrate
from console.infra.transaction import unit
from console.tickets import jobs
from console.tickets.actions import forgetting, promises, sums
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import Ticket
from console.tickets.queries import reports
from console.tickets.queries.reports import Asked, By
from console.tickets.rules.history import Event, Kind
from console.tickets.rules.policy import CLOCKS
from tests.conftest import Database
from tests.tickets.making import ALWAYS, calendar_body, policy_body
from tests.tickets.summing import all_outcomes, assert_drills_match, changes, kept_sums, report_of, sums_of
from tests.tickets.test_concurrency import all_at_once

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WRITERS = 3
FIRST = datetime(2025, 8, 1, tzinfo=UTC)
ORGANIZATIONS = (None, "", "none", "Acme", "Umbrella", "Ünïcode & Söhne")
VALUES = {
    Kind.STATUS: ("open", "pending"),
    Kind.PRIORITY: ("urgent", "low", None),
    Kind.ASSIGNED: ("sam", "kim", None),
}


def promise(minutes: int) -> None:
    """Two policies over two calendars far from each other."""
    for number, zone in enumerate(("Asia/Tokyo", "America/New_York")):
        promises.put_calendar(zone, calendar_body(ALWAYS, zone), by=SYSTEM, at=NOW)
        body = policy_body(zone, targets={"default": dict.fromkeys(CLOCKS, minutes + 60 * number)})
        match = {"organization": ["Acme"]} if number == 0 else {}
        body |= {"match": match}
        promises.put_policy(f"policy {number}", body.pop("position") + number, body, by=SYSTEM, at=NOW)


class Life:
    """What happens to tickets, by chance that is the same each time."""

    def __init__(self, seed: int, tickets: int) -> None:
        self.chance, self.tickets = random.Random(seed), tickets  # noqa: S311 - the same each time
        # Each ticket began somewhere in sixteen months, for all lives alike.
        dates = random.Random(0)  # noqa: S311 - the same each time
        self.began = [FIRST + timedelta(minutes=dates.randrange(470 * 1_440)) for _ in range(tickets)]
        self.said = 0

    def event(self, began: datetime) -> Event:
        """Anything, up to two days after the ticket came: earlier than what is known as often as later."""
        kinds = [*Kind, Kind.RESOLVED, Kind.RESOLVED, Kind.AGENT_REPLY, Kind.CUSTOMER_MESSAGE]
        kind, self.said = self.chance.choice(kinds), self.said + 1
        at = began + timedelta(seconds=self.chance.randrange(2 * 86_400))
        value = self.chance.choice(VALUES[kind]) if kind in VALUES else None
        return Event(f"{self.chance.random()}-{self.said}", at, kind, value)

    def tell(self) -> None:
        """A few tickets, each with a few events, and another organization now and then."""
        wanted = []
        for number in sorted(self.chance.sample(range(self.tickets), 5)):
            began = self.began[number]
            given = {"subject": "x", "initial_status": "open"}
            if self.chance.random() < 0.5:
                given["organization"] = self.chance.choice(ORGANIZATIONS)  # type: ignore[assignment]
            events = [self.event(began) for _ in range(self.chance.randrange(5))]
            wanted.append(TicketWanted("zendesk", str(number), began, given=given, events=events))
        actions.put(wanted, at=NOW)

    def forget(self) -> None:
        """Delete a ticket, if it is there."""
        number = str(self.chance.randrange(self.tickets))
        found = db.session.scalar(select(Ticket).where(Ticket.external_id == number))
        if found is not None:
            forgetting.delete(found, by=SYSTEM, at=NOW)

    def live(self) -> None:
        """One thing of many."""
        work: Callable[[], object] = self.chance.choices(
            [self.tell, self.forget, lambda: sums.fold(self.chance.randrange(1, 40)), lambda: promise(self._minutes())],
            weights=[12, 2, 6, 1],
        )[0]
        work()

    def _minutes(self) -> int:
        return self.chance.choice((5, 60, 600))

    def asked(self) -> Asked:
        """A period of any length, edges anywhere."""
        first = FIRST.date() + timedelta(days=self.chance.randrange(-40, 480))
        length = self.chance.choice((0, 6, 29, 30, 89, 364, self.chance.randrange(500)))
        return Asked(self.chance.choice(CLOCKS), first, first + timedelta(days=length))


@pytest.fixture
def frozen(app: Flask) -> Iterator[None]:
    clock.freeze(NOW)
    yield
    clock.freeze(None)


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("seed", range(4))
def test_every_report_is_what_counting_gives(seed: int) -> None:
    life = Life(seed, tickets=40)
    promise(60)
    for _ in range(60):
        life.live()
        asked, by = life.asked(), life.chance.choice(list(By))
        expected = report_of(all_outcomes(), asked, by)
        assert reports.report(asked, by) == expected, (asked, by)
        few = reports.report(asked, by, limit=2)
        assert list(few.items.items()) == list(reports.report(asked, by).items.items())[: len(few.items)]
        assert len(few.items) + few.more == len(expected.items)
    year = Asked("resolution", date(2025, 8, 4), date(2026, 8, 4))
    for by in By:
        found = reports.report(year, by)
        assert found.total.broken
        assert found.total.kept
        assert_drills_match(year, by, found)
    jobs.fold_sums()
    assert changes() == 0
    assert kept_sums() == sums_of(all_outcomes())
    for ticket in db.session.scalars(select(Ticket)):
        forgetting.delete(ticket, by=SYSTEM, at=NOW)
    sums.fold()
    assert kept_sums() == {}


class Crowd:
    """Several who write, fold, forget and read until all writing is over."""

    def __init__(self) -> None:
        self.over: list[int] = []

    def write(self, seed: int) -> None:
        life = Life(seed, tickets=30)
        try:
            for _ in range(25):
                with unit():
                    life.tell()
        finally:
            self.over.append(seed)

    def forget(self) -> None:
        life = Life(WRITERS, tickets=30)
        while len(self.over) < WRITERS:
            with unit():
                life.forget()

    def fold(self) -> None:
        while len(self.over) < WRITERS:
            with unit():
                sums.fold(25)

    def read(self) -> None:
        life = Life(99, tickets=1)
        while len(self.over) < WRITERS:
            asked, by = life.asked(), life.chance.choice(list(By))
            with unit() as session:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                assert reports.report(asked, by) == report_of(all_outcomes(), asked, by), (asked, by)


def test_a_report_is_of_one_moment_while_many_write(committed: Flask) -> None:
    """Whoever reads meanwhile finds no promise twice and none missing."""
    clock.freeze(NOW)
    with unit():
        promise(60)
    crowd = Crowd()
    writers = [lambda seed=seed: crowd.write(seed) for seed in range(WRITERS)]
    all_at_once(committed, [*writers, crowd.forget, crowd.fold, crowd.fold, crowd.read])
    clock.freeze(None)
    jobs.fold_sums()
    with unit():
        assert all_outcomes()
        assert kept_sums() == sums_of(all_outcomes())


def test_what_was_there_before_the_sums_is_in_them(new_database: Callable[[], Database], settings: Settings) -> None:
    made = new_database()
    migrate(made.owner_url)
    own = settings.model_copy(update={"database_url": made.owner_url, "database_owner_url": made.owner_url})
    with create_app(own).app_context():
        with unit():
            promise(60)
            life = Life(7, tickets=40)
            for _ in range(30):
                life.tell()
        db.engine.dispose()
        downgrade(made.owner_url, "0023_ticket_lists")
        migrate(made.owner_url)
        with unit():
            assert all_outcomes()
            assert changes() == 0
            assert kept_sums() == sums_of(all_outcomes())
            life.tell()
            life.forget()
        jobs.fold_sums()
        with unit():
            assert kept_sums() == sums_of(all_outcomes())
        db.engine.dispose()
