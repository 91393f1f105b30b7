"""A watched broker that stays away is an alert of its service: one, resolved when it is back, none for a blink."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from console.alerts import actions as alert_actions
from console.alerts.models import Alert
from console.alerts.rules.states import Status
from console.infra import clock as time_of
from console.infra.actor import SYSTEM
from console.infra.brokers import parse
from console.infra.db import db
from console.infra.transaction import unit
from console.queues import actions, queries
from console.queues.jobs import Sampler
from console.queues.rules.brokers import Kind
from console.queues.rules.samples import Sample
from tests.conftest import Clock
from tests.elsewhere import Elsewhere, elsewhere
from tests.oncall.making import allow_loopback

LOOK = timedelta(seconds=5)
Look = Callable[..., None]


@pytest.fixture
def room(committed: Flask, clock: Clock) -> Flask:
    watch("billing")
    watch("other")
    return committed


@pytest.fixture
def look(room: Flask, clock: Clock) -> Look:
    """Look at the broker every five seconds for so long, and find it there or not."""

    def go_on(seconds: int, *, there: bool, broker: str = "billing") -> None:
        for _ in range(seconds // 5):
            at = clock.advance(seconds=5)
            with unit():
                actions.claim_look(broker, at=at, every=LOOK * 0.8)
                if there:
                    actions.keep_sample(broker, Sample(at=at), seconds=0.01, at=at)
                else:
                    actions.keep_failure(broker, "No answer in time.", at=at)

    return go_on


def wanted(url: str = "redis://127.0.0.1:7001/0", **changes: Any) -> actions.BrokerWanted:
    facts: dict[str, Any] = {"kind": Kind.RQ, "service": "shop", "environment": "staging"} | changes
    return actions.BrokerWanted(url=url, address=parse(url), **facts)


def watch(name: str, **changes: Any) -> None:
    address = {"url": "redis://127.0.0.1:7002/0"} if name == "other" else {}
    with unit():
        actions.put_broker(name, wanted(**address | changes), by=SYSTEM, at=time_of.now())


def told() -> list[tuple[str, str, str, Status, int]]:
    db.session.rollback()
    rows = db.session.scalars(select(Alert).order_by(Alert.id))
    return [(a.service, a.environment, a.title, a.status, a.count) for a in rows]


def test_it_is_told_once_and_resolved_when_it_is_back(look: Look) -> None:
    look(10, there=True)
    look(30, there=False)
    assert told() == []
    look(5, there=False)
    title = "Broker billing does not answer"
    assert told() == [("shop", "staging", title, Status.OPEN, 1)]
    look(60, there=False)
    assert told() == [("shop", "staging", title, Status.OPEN, 1)]
    look(30, there=True)
    assert told()[0][3] is Status.OPEN
    look(5, there=True)
    assert told() == [("shop", "staging", title, Status.RESOLVED, 1)]
    look(60, there=True)
    look(60, there=False)
    assert told() == [("shop", "staging", title, Status.OPEN, 2)]


def test_a_restart_and_single_misses_are_told_to_nobody(look: Look) -> None:
    for _ in range(4):
        look(25, there=False)
        look(5, there=True)
    assert told() == []


def test_one_that_comes_and_goes_is_one_absence(look: Look) -> None:
    for _ in range(4):
        look(40, there=False)
        look(20, there=True)
    assert [(status, count) for *_, status, count in told()] == [(Status.OPEN, 1)]


def test_no_alert_where_we_do_not_look(look: Look) -> None:
    watch("billing", enabled=False)
    look(120, there=False)
    assert told() == []


def test_one_that_we_only_read_is_missed_too(look: Look) -> None:
    watch("billing", read_only=True)
    look(60, there=False)
    assert [status for *_, status, _ in told()] == [Status.OPEN]


@pytest.mark.parametrize("changes", [{"enabled": False}, {"service": "till"}, {"url": "redis://127.0.0.1:7003/0"}])
def test_a_change_resolves_what_was_told_of_it(look: Look, changes: dict[str, Any]) -> None:
    look(60, there=False)
    watch("billing", **changes)
    assert [status for *_, status, _ in told()] == [Status.RESOLVED]


def test_one_absence_stays_one_when_the_switch_for_reading_is_turned(look: Look, clock: Clock) -> None:
    look(60, there=False)
    with unit():
        same_place = replace(wanted(read_only=True), url=None, address=None)
        actions.put_broker("billing", same_place, by=SYSTEM, at=clock.at)
    look(60, there=False)
    with unit():
        actions.set_read_only(queries.get_for_change("billing"), read_only=False, by=SYSTEM, at=clock.at)
    look(60, there=False)
    assert [(status, count) for *_, status, count in told()] == [(Status.OPEN, 1)]


def test_a_change_that_mends_nothing_is_told_again(look: Look) -> None:
    look(60, there=False)
    watch("billing", service="till")
    look(60, there=False)
    assert [(service, status) for service, _, _, status, _ in told()] == [
        ("shop", Status.RESOLVED),
        ("till", Status.OPEN),
    ]


def test_a_removed_one_is_away_no_longer(look: Look, clock: Clock) -> None:
    look(60, there=False)
    look(60, there=False, broker="other")
    with unit():
        actions.delete_broker(queries.get_for_change("billing"), by=SYSTEM, at=clock.at)
    assert [(title, status) for _, _, title, status, _ in told()] == [
        ("Broker billing does not answer", Status.RESOLVED),
        ("Broker other does not answer", Status.OPEN),
    ]


def test_what_a_person_resolved_stays_so_until_the_next_absence(look: Look, clock: Clock) -> None:
    look(60, there=False)
    with unit():
        found = db.session.scalars(select(Alert)).one()
        alert_actions.resolve(found, by=SYSTEM, at=clock.at)
    look(60, there=False)
    assert [status for *_, status, _ in told()] == [Status.RESOLVED]
    look(60, there=True)
    look(60, there=False)
    assert [(status, count) for *_, status, count in told()] == [(Status.OPEN, 2)]


def test_our_own_is_told_as_the_consoles(look: Look) -> None:
    look(60, there=False, broker="console")
    assert [one[:3] for one in told()] == [("console", "production", "Broker console does not answer")]


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path_factory.mktemp("elsewhere")) as made:
        yield made


def test_a_real_one_that_stops_and_starts(room: Flask, other: Elsewhere, clock: Clock) -> None:
    before = allow_loopback(room)
    watch("billing", url=other.url)
    sampler = Sampler()
    for stop, status in ((True, Status.OPEN), (False, Status.RESOLVED)):
        other.stop() if stop else other.start()
        for _ in range(8):
            clock.advance(seconds=5)
            sampler.sample()
        assert [(title, now) for _, _, title, now, _ in told() if "billing" in title] == [
            ("Broker billing does not answer", status)
        ]
    room.extensions["console.settings"] = before
