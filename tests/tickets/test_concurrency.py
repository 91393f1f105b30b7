"""Senders, editors, sweeps and rebuilds at once: nothing is lost, nobody waits in a circle, what is stored is right."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.errors import NotFound
from console.infra.transaction import unit
from console.tickets import jobs
from console.tickets.actions import forgetting, promises, rebuilds
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import Rebuild, Ticket, TicketEvent
from console.tickets.queries import promises as books
from console.tickets.queries import tickets as reads
from console.tickets.rules.history import Event, Kind
from console.tickets.rules.policy import CLOCKS
from console.tickets.rules.standing import pack
from tests.conftest import NOON
from tests.tickets.making import ALWAYS, calendar_body, policy_body

TICKETS, SENDERS, ROUNDS = 12, 4, 6
NOW = NOON + timedelta(hours=2)


@pytest.fixture
def house(committed: Flask) -> Iterator[Flask]:
    clock.freeze(NOW)
    with unit():
        promises.put_calendar("office", calendar_body(ALWAYS), by=SYSTEM, at=NOON)
        keep_policy(60)
    yield committed
    clock.freeze(None)


def keep_policy(minutes: int) -> Rebuild | None:
    body: dict[str, Any] = policy_body(targets={"default": dict.fromkeys(CLOCKS, minutes)})
    return promises.put_policy("gold", body.pop("position"), body, by=SYSTEM, at=NOW).rebuild


def send(sender: int) -> None:
    """All tickets, in an order of the sender's own, each time with an event that no other tells of."""
    for number in range(ROUNDS):
        name = f"{sender}-{number}"
        event = Event(name, NOON + timedelta(minutes=sender + number), list(Kind)[number % 4], f"s{sender}")
        order = range(TICKETS) if sender % 2 else range(TICKETS - 1, -1, -1)
        with unit():
            given = {"subject": f"from {sender}"}
            actions.put([TicketWanted("zendesk", str(n), NOON, given=given, events=[event]) for n in order], at=NOW)


def edit() -> None:
    for number in range(ROUNDS):
        with unit():
            keep_policy(100 + number)


def rebuild() -> None:
    for _ in range(ROUNDS):
        with unit() as session:
            newest = session.scalar(select(func.max(Rebuild.id)))
        with unit():
            rebuilds.step(newest or 0, at=NOW, limit=5)


def forget(sending: list[int]) -> None:
    """One ticket after the other, while anybody sends."""
    number = 0
    while sending:
        number += 1
        with suppress(NotFound), unit() as session:
            found = session.scalar(select(Ticket).where(Ticket.external_id == str(number % TICKETS)))
            if found is not None:
                forgetting.delete(found, by=SYSTEM, at=NOW)


def all_at_once(app: Flask, works: list[Callable[[], None]]) -> None:
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        with app.app_context():
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - a thread's failure must fail the test
                failures.append(error)

    threads = [Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_everything_at_once_ends_as_if_it_had_come_one_after_the_other(house: Flask) -> None:
    senders = [lambda sender=sender: send(sender) for sender in range(SENDERS)]
    all_at_once(house, [*senders, edit, rebuild, jobs.sweep, jobs.sweep])
    with unit() as session:
        found = session.scalars(select(Ticket)).all()
        assert len(found) == TICKETS
        assert session.scalar(select(func.count()).select_from(TicketEvent)) == TICKETS * SENDERS * ROUNDS
        book = books.book()
        for ticket in found:
            promise = book.of(ticket)
            history = reads.history_of(ticket, reads.events_of([ticket.id])[ticket.id], promise)
            facts = reads.facts_of(history, promise)
            assert ticket.clocks == {name: pack(each) for name, each in zip(CLOCKS, facts, strict=True)}
            assert promise is not None
            assert ticket.policy_version_id == promise.policy_version_id


def test_nobody_waits_in_a_circle_for_what_is_forgotten_meanwhile(house: Flask) -> None:
    sending = list(range(SENDERS))

    def sends(sender: int) -> None:
        try:
            for _ in range(4):
                send(sender)
        finally:
            sending.remove(sender)

    senders = [lambda sender=sender: sends(sender) for sender in range(SENDERS)]
    all_at_once(house, [*senders, lambda: forget(sending), lambda: forget(sending), jobs.sweep])
    send(0)
    with unit() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == TICKETS
