"""Two who share the load out at once: one of them gets it, and nobody gets more for being asked twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.errors import Conflict
from console.infra.transaction import unit
from console.tickets.actions import promises, sharing
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketWanted
from console.tickets.models import Ticket
from console.tickets.queries.lists import Filters
from console.tickets.queries.sharing import Chosen
from tests.conftest import NOON
from tests.tickets.making import ALWAYS, calendar_body, policy_body
from tests.tickets.test_concurrency import all_at_once, keep_policy, send

EACH = 6
NOW = NOON + timedelta(hours=2)


@pytest.fixture
def house(committed: Flask) -> Iterator[Flask]:
    """Tickets of two organizations that nobody has."""
    clock.freeze(NOW)
    body = policy_body(targets={"default": {"resolution": 600}})
    with unit():
        promises.put_calendar("office", calendar_body(ALWAYS), by=SYSTEM, at=NOON)
        promises.put_policy("gold", body.pop("position"), body, by=SYSTEM, at=NOON)
        actions.put([
            TicketWanted("zendesk", f"{name}{n}", NOON, given={"subject": "Fire", "organization": name})
            for name in ("Acme", "Other") for n in range(EACH)
        ], at=NOW)  # fmt: skip
    yield committed
    clock.freeze(None)


def owners() -> Counter[str | None]:
    with unit() as session:
        return Counter(session.scalars(select(Ticket.assignee)))


def test_one_of_two_shares_what_nobody_has(house: Flask) -> None:
    ends: list[str] = []

    def work() -> None:
        try:
            with unit():
                chosen = Chosen(filters=Filters(assignee="none"))
                sharing.share(chosen, ["ann", "bob"], expect=2 * EACH, key=None, by=SYSTEM, at=NOW)
        except Conflict:
            ends.append("refused")
        else:
            ends.append("done")

    all_at_once(house, [work] * 4)
    assert sorted(ends) == ["done", "refused", "refused", "refused"]
    assert owners() == {"ann": EACH, "bob": EACH}


def test_two_who_share_different_tickets_see_what_the_other_gave(house: Flask) -> None:
    def work(organization: str) -> None:
        with unit():
            chosen = Chosen(filters=Filters(organization=organization))
            sharing.share(chosen, ["ann", "bob", "cat", "dan"], expect=EACH, key=None, by=SYSTEM, at=NOW)

    all_at_once(house, [lambda: work("Acme"), lambda: work("Other")])
    # Six and six among four: three each, whoever came first.
    assert owners() == dict.fromkeys(["ann", "bob", "cat", "dan"], 3)


def test_edits_and_senders_at_the_same_time_hold_nobody_up(house: Flask) -> None:
    def work() -> None:
        for names in (["ann", "bob"], ["cat"], ["ann", "dan"]):
            with unit():
                chosen = Chosen(filters=Filters(organization="Acme"))
                sharing.share(chosen, names, expect=EACH, key=None, by=SYSTEM, at=NOW)

    def edit() -> None:
        for minutes in (500, 550, 650):
            with unit():
                keep_policy(minutes)

    all_at_once(house, [work, edit, lambda: send(1), lambda: send(2), work])
    with unit() as session:
        rows = select(Ticket.assignee).where(Ticket.organization == "Acme")
        assert set(session.scalars(rows)) == {"ann", "dan"}
