"""Who is told of which alert, and when again."""

from flask import Flask

from console.alerts import actions as alerts
from console.alerts.rules.states import Severity
from console.infra.transaction import unit
from console.oncall import queries
from console.oncall.models import Kind
from tests.conftest import Clock
from tests.oncall.making import OLU, change, channel, fail, rule, states, work
from tests.oncall.peers import HookServer, MailServer


def test_an_alert_is_told_once_however_often_it_fails(room: Flask, hooks: HookServer) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    for _ in range(3):
        fail()
        work()
    assert states() == [("sent", "pager", 0)]
    assert len(hooks.hooks) == 1


def test_the_first_rule_that_matches_decides_alone(room: Flask, smtp: MailServer, hooks: HookServer) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    channel("mail", Kind.EMAIL, recipients=["olu@example.com"])
    rule("critical-billing", "mail", services=["bill*"], severities=["critical"], tags={"team": "money"})
    rule("the-rest", "pager")
    fail("a", severity=Severity.CRITICAL, tags={"team": "money", "host": "w1"})
    fail("b", severity=Severity.CRITICAL, tags={"team": "other"})
    fail("c", severity=Severity.ERROR, tags={"team": "money"})
    fail("d", service="search", severity=Severity.CRITICAL, tags={"team": "money"})
    work()
    assert [mail["Subject"] for mail in smtp.mails] == ["[critical] billing: ValueError: bad invoice in a"]
    assert len(hooks.hooks) == 3


def test_what_no_rule_matches_is_told_to_nobody_and_counted(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("search-only", "pager", services=["search"])
    rule("switched-off", "pager", enabled=False)
    fail()
    work()
    assert states() == []
    assert queries.unmatched_since(clock.at) == 1


def test_reminders_come_until_somebody_acknowledges(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager", renotify_minutes=10)
    alert = fail()
    work()
    clock.advance(minutes=9)
    work()
    assert len(hooks.hooks) == 1
    clock.advance(minutes=1)
    work()
    clock.advance(minutes=10)
    work()
    assert [hook.json["type"] for hook in hooks.hooks] == ["alert.opened", "alert.reminder", "alert.reminder"]
    change(alert, alerts.acknowledge)
    clock.advance(minutes=60)
    work()
    assert len(hooks.hooks) == 3


def test_given_back_it_is_told_again_after_the_interval(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager", renotify_minutes=10)
    alert = fail()
    work()
    change(alert, alerts.acknowledge)
    work()
    change(alert, alerts.unacknowledge)
    work()
    assert len(hooks.hooks) == 1
    clock.advance(minutes=10)
    work()
    assert [hook.json["data"]["alerts"][0]["step"] for hook in hooks.hooks] == [0, 1]


def test_a_snooze_that_runs_out_is_told_at_once(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    alert = fail()
    work()
    until = clock.at.replace(hour=13)
    change(alert, alerts.snooze, until=until)
    work()
    clock.set(until)
    with unit():
        alerts.wake_due(at=until)
    work()
    assert [hook.json["type"] for hook in hooks.hooks] == ["alert.opened", "alert.reminder"]


def test_opened_again_or_worse_it_is_told_anew(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    alert = fail(severity=Severity.WARNING)
    work()
    fail(severity=Severity.CRITICAL)
    work()
    change(alert, alerts.resolve)
    clock.advance(minutes=5)
    fail(severity=Severity.INFO)
    work()
    told = [hook.json["data"]["alerts"][0] for hook in hooks.hooks]
    assert [(one["opening"], one["step"], one["severity"]) for one in told] == [
        (1, 0, "warning"),
        (2, 0, "critical"),
        (3, 0, "critical"),
    ]


def test_one_person_behind_two_channels_is_told_once(room: Flask, smtp: MailServer) -> None:
    channel("team", Kind.EMAIL, recipients=["olu@example.com", "ada@example.com"])
    channel("leads", Kind.EMAIL, recipients=["ada@example.com", "max@example.com"])
    rule("everything", "leads", "team")
    fail()
    work()
    assert sorted(mail["X-Rcpt"] for mail in smtp.mails) == ["ada@example.com", "max@example.com", "olu@example.com"]


def test_a_channel_that_is_off_is_skipped_and_says_so(room: Flask, hooks: HookServer) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1", enabled=False)
    rule("everything", "pager")
    fail()
    work()
    assert states() == [("skipped", "pager", 0)]
    assert hooks.hooks == []


def test_it_is_told_by_whom_it_was_acknowledged_meanwhile(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager", renotify_minutes=1)
    alert = fail()
    hooks.status = 503
    work()
    change(alert, alerts.acknowledge)
    hooks.status = 200
    clock.advance(minutes=2)
    work()
    (hook,) = hooks.hooks
    assert hook.json["data"]["alerts"][0]["acknowledged_by"] == OLU.label
    assert states() == [("sent", "pager", 0)]
