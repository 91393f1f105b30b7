"""People are told that an alert flaps, once, and that it has settled, once; in between nothing."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from console.alerts import actions as alerts
from console.alerts import jobs as alert_jobs
from console.alerts.models import NoiseSettings
from console.alerts.rules.states import Severity
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.transaction import unit
from console.oncall.actions import telling
from console.oncall.models import Delivery, Kind
from tests.conftest import Clock
from tests.oncall.making import change, channel, fail, rule, work
from tests.oncall.peers import HookServer, MailServer, text_of


@pytest.fixture
def mail(room: Flask, smtp: MailServer) -> MailServer:
    channel("mail", Kind.EMAIL, recipients=["olu@example.com"])
    rule("everything", "mail", renotify_minutes=10)
    return smtp


def subjects(server: MailServer) -> list[str]:
    return [" ".join(str(mail["Subject"]).split()) for mail in server.mails]


def to_and_fro(clock: Clock, times: int, *, minutes: float = 2, task: str = "send_invoice") -> int:
    """Fail and be resolved by the console, again and again, with the scheduler at work after each; ends open."""
    for _ in range(times):
        alert = fail(task)
        work()
        clock.advance(minutes=minutes / 2)
        change(alert, alerts.resolve, by=SYSTEM)
        work()
        clock.advance(minutes=minutes / 2)
    alert = fail(task)
    work()
    return alert


def settle(clock: Clock, **by: float) -> None:
    """Time passes, second by second as far as the scheduler is concerned."""
    end = clock.at + timedelta(**by)
    while clock.at < end:
        clock.advance(minutes=1)
        alert_jobs.settle_flapping()
        work()


def test_a_flapping_alert_is_told_of_once_and_then_not_until_it_has_settled(mail: MailServer, clock: Clock) -> None:
    to_and_fro(clock, 12)
    assert subjects(mail) == [
        "[error] billing: ValueError: bad invoice in send_invoice",
        "[error] billing: ValueError: bad invoice in send_invoice",
        "[error] billing: ValueError: bad invoice in send_invoice",
        "[error] billing: is flapping: ValueError: bad invoice in send_invoice",
    ]
    assert "It changed state 6 times in 30 minutes." in text_of(mail.mails[-1])
    settle(clock, minutes=27)
    assert len(mail.mails) == 4
    settle(clock, minutes=2)
    assert len(mail.mails) == 5
    assert subjects(mail)[-1] == "[error] billing: has settled, open: ValueError: bad invoice in send_invoice"
    assert "It changed state 24 times between" in text_of(mail.mails[-1])
    assert "It is open now." in text_of(mail.mails[-1])


def test_after_it_has_settled_open_reminders_go_on(mail: MailServer, clock: Clock) -> None:
    to_and_fro(clock, 3)
    settle(clock, minutes=30)
    told = len(mail.mails)
    settle(clock, minutes=10)
    assert subjects(mail)[told:] == ["[error] billing: still open: ValueError: bad invoice in send_invoice"]


def test_settled_and_resolved_it_says_so_and_leaves_it_at_that(mail: MailServer, clock: Clock) -> None:
    alert = to_and_fro(clock, 3)
    change(alert, alerts.resolve, by=SYSTEM)
    settle(clock, minutes=60)
    assert subjects(mail)[-1] == "[error] billing: has settled, resolved: ValueError: bad invoice in send_invoice"
    assert [s for s in subjects(mail) if "settled" in s or "flapping" in s] == subjects(mail)[-2:]


def test_the_next_time_it_flaps_is_told_anew(mail: MailServer, clock: Clock) -> None:
    for _ in range(2):
        alert = to_and_fro(clock, 4)
        change(alert, alerts.resolve, by=SYSTEM)
        settle(clock, minutes=90)
    assert sum("is flapping" in s for s in subjects(mail)) == 2
    assert sum("has settled" in s for s in subjects(mail)) == 2


def test_what_gets_worse_while_it_flaps_is_told(mail: MailServer, clock: Clock) -> None:
    to_and_fro(clock, 4)
    told = len(mail.mails)
    fail(severity=Severity.CRITICAL)
    work()
    fail(severity=Severity.CRITICAL)
    work()
    assert subjects(mail)[told:] == ["[critical] billing: is flapping: ValueError: bad invoice in send_invoice"]


def test_no_step_is_told_twice_and_webhooks_say_what_it_is(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    to_and_fro(clock, 6)
    work()
    settle(clock, minutes=31)
    kinds = [hook.json["type"] for hook in hooks.hooks]
    assert kinds == ["alert.opened"] * 3 + ["alert.flapping", "alert.settled"]
    assert len({hook.headers["webhook-id"] for hook in hooks.hooks}) == 5
    steps = db.session.execute(select(Delivery.opening, Delivery.step)).all()
    assert len(steps) == len(set(steps)) == 5


def test_what_a_person_resolves_again_and_again_is_told_each_time(mail: MailServer, clock: Clock) -> None:
    for _ in range(5):
        alert = fail()
        work()
        change(alert, alerts.resolve)
        work()
        clock.advance(minutes=6)
    assert len(mail.mails) == 5
    assert not any("flapping" in subject for subject in subjects(mail))


def test_switched_off_everything_is_told_and_what_flapped_has_settled(mail: MailServer, clock: Clock) -> None:
    to_and_fro(clock, 4)
    with unit() as session:
        off = {"flapping_enabled": False}
        session.add(NoiseSettings(id=1, values=off, updated_at=clock.at, updated_by="ada@example.com"))
    alert_jobs.settle_flapping()
    work()
    assert "has settled" in subjects(mail)[-1]
    told = len(mail.mails)
    to_and_fro(clock, 4)
    assert len(mail.mails) == told + 5 - 1


def lose_a_round(clock: Clock) -> None:
    with unit():
        assert telling.tell(at=clock.at).steps == 1
        raise ConnectionAbortedError


def test_a_round_that_is_lost_tells_nobody_twice(mail: MailServer, clock: Clock) -> None:
    """The steps of a round are one transaction: dying before its end, it leaves everything for the next one."""
    alert = to_and_fro(clock, 2)
    change(alert, alerts.resolve, by=SYSTEM)
    fail()
    with pytest.raises(ConnectionAbortedError):
        lose_a_round(clock)
    work()
    work()
    assert [s for s in subjects(mail) if "flapping" in s] == subjects(mail)[-1:]
