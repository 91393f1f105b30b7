"""Nobody is told of what is silenced; when the silence ends and it is still open, everybody is, once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from console.alerts import actions as alerts
from console.alerts import jobs as alert_jobs
from console.alerts.models import Silence, SilenceKind
from console.alerts.queries import silences as reads
from console.alerts.rules.silences.wanted import of_service
from console.alerts.rules.states import Severity
from console.infra.db import db
from console.infra.transaction import unit
from console.oncall import queries
from console.oncall.actions import delivering
from console.oncall.models import Kind, Notice
from tests.alerts.silences.making import wanted
from tests.conftest import Clock
from tests.oncall.making import OLU, alert_of, change, channel, fail, rule, states, work
from tests.oncall.peers import HookServer, MailServer


def silence(at: datetime, *texts: str, **fields: Any) -> int:
    with unit():
        asked = wanted(at, *(texts or ("service = billing",)), **fields)
        return alerts.create_silence(SilenceKind.SILENCE, asked, by=OLU, at=at).id


def expire(silence_id: int, at: datetime) -> None:
    with unit():
        alerts.expire_silence(reads.get_for_change(silence_id, SilenceKind.SILENCE), by=OLU, at=at)


def round_() -> None:
    """A second of the scheduler: silences begin and end, people are told."""
    alert_jobs.keep_silences()
    work()


def subjects(smtp: MailServer) -> list[str]:
    return [str(mail["Subject"]) for mail in smtp.mails]


@pytest.fixture
def mail(room: Flask, clock: Clock, smtp: MailServer) -> MailServer:
    channel("team", Kind.EMAIL, recipients=["olu@example.com"])
    rule("everything", "team")
    return smtp


def test_it_is_told_when_the_silence_ends_and_once(mail: MailServer, clock: Clock) -> None:
    silence(clock.at)
    fail()
    round_()
    clock.advance(minutes=59, seconds=59)
    fail()
    round_()
    assert mail.mails == []
    clock.advance(seconds=1)
    round_()
    assert subjects(mail) == ["[error] billing: ValueError: bad invoice in send_invoice"]
    clock.advance(minutes=5)
    round_()
    fail()
    round_()
    assert len(mail.mails) == 1


def test_what_is_silenced_is_stored_counted_and_listed(mail: MailServer, clock: Clock) -> None:
    silence(clock.at)
    alert = fail()
    fail()
    found = alert_of(alert)
    assert (found.count, found.silenced, found.state.status.word) == (2, True, "open")


def test_others_are_told_of_meanwhile(mail: MailServer, clock: Clock) -> None:
    silence(clock.at, "service = billing", "title =~ .*invoice.*", "tags.region = eu")
    fail("a", tags={"region": "eu"})
    fail("b", tags={"region": "us"})
    fail("c", tags={"region": "eu"}, service="search")
    round_()
    assert sorted(subjects(mail)) == [
        "[error] billing: ValueError: bad invoice in b",
        "[error] search: ValueError: bad invoice in c",
    ]


def test_ended_early_it_is_told_at_once(mail: MailServer, clock: Clock) -> None:
    held = silence(clock.at)
    fail()
    round_()
    clock.advance(minutes=10)
    expire(held, clock.at)
    round_()
    assert len(mail.mails) == 1


def test_what_was_resolved_or_taken_meanwhile_is_not_told(mail: MailServer, clock: Clock) -> None:
    silence(clock.at)
    over, taken = fail("a"), fail("b")
    round_()
    change(over, alerts.resolve)
    change(taken, alerts.acknowledge)
    clock.advance(hours=1)
    round_()
    assert mail.mails == []


def test_it_stays_silent_when_it_gets_worse(mail: MailServer, clock: Clock) -> None:
    silence(clock.at)
    fail(severity=Severity.WARNING)
    round_()
    fail(severity=Severity.CRITICAL)
    round_()
    assert mail.mails == []
    clock.advance(hours=1)
    round_()
    assert subjects(mail) == ["[critical] billing: ValueError: bad invoice in send_invoice"]


def test_a_silence_of_a_severity_lets_a_worse_one_through(mail: MailServer, clock: Clock) -> None:
    silence(clock.at, "service = billing", "severity = warning")
    alert = fail(severity=Severity.WARNING)
    round_()
    fail(severity=Severity.CRITICAL)
    assert alert_of(alert).silenced is False
    round_()
    assert len(mail.mails) == 1


def test_reminders_wait_and_one_comes_when_it_ends(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager", renotify_minutes=10)
    fail()
    round_()
    clock.advance(minutes=5)
    silence(clock.at)
    for _ in range(5):
        round_()
        clock.advance(minutes=10)
    assert len(hooks.hooks) == 1
    clock.advance(minutes=10)
    round_()
    assert [hook.json["type"] for hook in hooks.hooks] == ["alert.opened", "alert.reminder"]
    clock.advance(minutes=10)
    round_()
    assert len(hooks.hooks) == 3


def test_what_was_told_before_is_told_again_when_it_ends(mail: MailServer, clock: Clock) -> None:
    fail()
    round_()
    silence(clock.at)
    round_()
    clock.advance(hours=1)
    round_()
    clock.advance(hours=5)
    round_()
    assert len(mail.mails) == 2


def test_what_waits_for_its_channel_is_held_back_too(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    hooks.status = 503
    fail()
    round_()
    hooks.status = 200
    heard = len(hooks.hooks)
    silence(clock.at)
    clock.advance(minutes=5)
    round_()
    assert len(hooks.hooks) == heard
    assert states() == [("skipped", "pager", 0)]
    clock.advance(minutes=55)
    round_()
    assert states() == [("skipped", "pager", 0), ("sent", "pager", 1)]


def test_a_silence_over_before_anybody_looks_owes_what_it_kept_back(
    room: Flask, hooks: HookServer, clock: Clock
) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    hooks.status = 503
    fail()
    round_()
    hooks.status = 200
    silence(clock.at, hours=0.1)
    clock.advance(minutes=5)
    with unit():
        (pager,) = queries.channels()
        assert delivering.claim(pager.id, home="https://console.example.org", at=clock.at) is None
    clock.advance(minutes=1)
    round_()
    assert states() == [("skipped", "pager", 0), ("sent", "pager", 1)]


def test_one_silence_after_another_is_one_silence(mail: MailServer, clock: Clock) -> None:
    silence(clock.at)
    fail()
    round_()
    clock.advance(minutes=30)
    silence(clock.at)
    round_()
    clock.advance(minutes=30)
    round_()
    assert mail.mails == []
    clock.advance(minutes=30)
    round_()
    assert len(mail.mails) == 1


def test_a_longer_end_holds_longer_and_a_shorter_one_is_told_then(mail: MailServer, clock: Clock) -> None:
    held = silence(clock.at)
    fail()
    round_()
    for hours in (3, 2):
        with unit():
            found = reads.get_for_change(held, SilenceKind.SILENCE)
            alerts.change_silence(found, wanted(clock.at, "service = billing", hours=hours), by=OLU, at=clock.at)
    clock.advance(minutes=119)
    round_()
    assert mail.mails == []
    clock.advance(minutes=1)
    round_()
    assert len(mail.mails) == 1


def test_a_silence_begins_at_its_time(mail: MailServer, clock: Clock) -> None:
    silence(clock.at, starts_at=clock.at + timedelta(minutes=10))
    fail("a")
    round_()
    clock.advance(minutes=10)
    round_()
    fail("b")
    round_()
    assert len(mail.mails) == 1
    clock.advance(minutes=50)
    round_()
    assert len(mail.mails) == 3


def test_opened_again_during_it_is_told_once_when_it_ends(mail: MailServer, clock: Clock) -> None:
    alert = fail()
    round_()
    change(alert, alerts.resolve)
    round_()
    silence(clock.at)
    clock.advance(minutes=5)
    fail()
    round_()
    change(alert, alerts.resolve)
    round_()
    clock.advance(minutes=5)
    fail()
    round_()
    assert len(mail.mails) == 1
    clock.advance(minutes=50)
    round_()
    clock.advance(minutes=50)
    round_()
    assert len(mail.mails) == 2


def test_given_back_during_it_is_told_when_it_ends(mail: MailServer, clock: Clock) -> None:
    silence(clock.at)
    alert = fail()
    round_()
    change(alert, alerts.acknowledge)
    round_()
    change(alert, alerts.unacknowledge)
    round_()
    assert mail.mails == []
    clock.advance(hours=1)
    round_()
    assert len(mail.mails) == 1


def test_a_maintenance_window_keeps_a_service_quiet_every_week(mail: MailServer, clock: Clock) -> None:
    start = clock.at
    weekly = wanted(start, weekly_in="Europe/Berlin", starts_at=start)
    asked = replace(weekly, matchers=of_service("billing", "production"))
    with unit():
        alerts.create_silence(SilenceKind.MAINTENANCE, asked, by=OLU, at=start)
    alert = fail()
    round_()
    assert mail.mails == []
    change(alert, alerts.resolve)
    clock.advance(days=1)
    fail()
    round_()
    assert len(mail.mails) == 1
    change(alert, alerts.resolve)
    clock.set(start + timedelta(days=7, minutes=59))
    round_()
    fail()
    round_()
    assert len(mail.mails) == 1
    clock.advance(minutes=1)
    round_()
    assert len(mail.mails) == 2


def test_held_openings_wait_for_the_end_whatever_becomes_of_the_marks(mail: MailServer, clock: Clock) -> None:
    silence(clock.at)
    fail()
    work()
    db.session.expire_all()
    (notice,) = db.session.scalars(select(Notice)).all()
    assert (notice.held, notice.step, notice.next_step_at) == (True, -1, clock.at + timedelta(hours=1))
    clock.advance(hours=1)
    work()
    assert len(mail.mails) == 1
    assert db.session.scalar(select(Silence.turn_at)) is not None
