"""What leaves the console, what comes of it, and that nobody is told twice or not at all."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from console.alerts.models import Alert
from console.alerts.rules.states import Severity, Status
from console.infra import clock as clock_module
from console.infra.db import db
from console.infra.mail import SmtpMailer
from console.infra.transaction import unit
from console.oncall import client, jobs, queries
from console.oncall.actions import again, delivering
from console.oncall.actions.delivering import Outcome
from console.oncall.models import Channel, Delivery, DeliveryAttempt, DeliveryState, Kind
from console.oncall.rules import pacing
from tests.conftest import Clock
from tests.oncall.making import ADA, allow_loopback, channel, fail, failing_jobs, rule, states, work
from tests.oncall.peers import HookServer, MailServer, mail_server


def pager(hooks: HookServer) -> int:
    """The webhook channel for everything; returns its id."""
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager", services=["billing"])
    return queries.get_channel("pager").id


def health() -> Channel:
    db.session.expire_all()
    return queries.get_channel("pager")


def outcomes() -> list[str]:
    rows = select(DeliveryAttempt.outcome).order_by(DeliveryAttempt.delivery_id, DeliveryAttempt.attempt)
    return list(db.session.scalars(rows))


def claim(channel_id: int) -> delivering.Claim:
    with unit():
        taken = delivering.claim(channel_id, home="https://console.example.org", at=clock_module.now())
    assert taken is not None
    return taken


def settle(taken: delivering.Claim, outcome: Outcome) -> bool:
    with unit():
        return delivering.settle(taken, outcome, at=clock_module.now())


def test_a_channel_that_is_down_is_tried_until_it_is_back(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager(hooks)
    hooks.status = 503
    fail()
    for _ in range(4):
        work()
        clock.advance(seconds=100)
    assert hooks.hooks == []
    assert health().last_error == "It answered 503."
    hooks.status = 200
    work()
    assert outcomes() == ["failed"] * 4 + ["sent"]
    assert len(hooks.hooks) == 1
    assert (health().failures, health().failing_since, health().retry_at) == (0, None, None)


def test_nothing_is_tried_before_the_back_off_is_over(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager(hooks)
    hooks.status, hooks.headers = 429, {"Retry-After": "40"}
    fail()
    work()
    clock.advance(seconds=39)
    work()
    assert outcomes() == ["failed"]
    clock.advance(seconds=1)
    work()
    assert outcomes() == ["failed", "failed"]


def test_after_an_outage_comes_one_summary(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager(hooks)
    hooks.status = 500
    for number in range(3):
        fail(f"task-{number}")
        work()
    hooks.status = 200
    clock.advance(minutes=5)
    work()
    (hook,) = hooks.hooks
    assert (hook.json["type"], hook.json["data"]["total"]) == ("alerts.summary", 3)
    assert states() == [("sent", "pager", 0)] * 3


def test_a_flood_is_one_summary_that_names_the_worst(room: Flask, smtp: MailServer) -> None:
    channel("mail", Kind.EMAIL, recipients=["olu@example.com"])
    rule("everything", "mail")
    for number in range(120):
        fail(f"task-{number}", severity=Severity.CRITICAL if number == 7 else Severity.WARNING)
    work()
    (mail,) = smtp.mails
    assert mail["Subject"] == "[critical] 120 alerts: 1 critical, 119 warning"
    (text,) = smtp.texts()
    assert text.index("task-7") < text.index("warning, open")
    assert "… and 70 more." in text
    assert [state for state, _, _ in states()] == ["sent"] * 120


def test_five_a_minute_and_then_the_rest_together(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager(hooks)
    for number in range(12):
        fail(f"task-{number}")
        work()
        clock.advance(seconds=2)
    assert [hook.json["data"]["total"] for hook in hooks.hooks] == [1] * 5
    clock.advance(seconds=60)
    work()
    assert [hook.json["data"]["total"] for hook in hooks.hooks] == [1] * 5 + [7]


def test_a_worker_that_died_before_sending_is_made_up_for(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager_id = pager(hooks)
    fail()
    jobs.tell()
    lost = claim(pager_id)
    work()
    assert hooks.hooks == []
    clock.advance(seconds=pacing.CLAIM.total_seconds())
    work()
    assert outcomes() == ["lost", "sent"]
    assert [hook.headers["webhook-id"] for hook in hooks.hooks] == [str(lost.message.uid)]


def test_a_worker_that_was_only_slow_changes_nothing_any_more(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager_id = pager(hooks)
    fail()
    jobs.tell()
    slow = claim(pager_id)
    clock.advance(seconds=61)
    work()
    assert settle(slow, Outcome(False, "too late", 61.0)) is False
    assert states() == [("sent", "pager", 0)]


def test_a_summary_that_may_have_arrived_is_repeated_as_it_was(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager_id = pager(hooks)
    for number in range(6):
        fail(f"task-{number}")
    jobs.tell()
    first = claim(pager_id)
    settle(first, Outcome(False, "No answer in time.", 10.0, perhaps=True))
    fail("another")
    clock.advance(seconds=20)
    work()
    assert hooks.hooks[0].headers["webhook-id"] == str(first.message.uid)
    assert [hook.json["data"]["total"] for hook in hooks.hooks] == [6, 1]


def test_what_is_refused_again_and_again_is_given_up(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager(hooks)
    hooks.status = 400
    fail()
    for _ in range(8):
        work()
        clock.advance(seconds=100)
    assert states()[0] == ("failed", "pager", 0)
    assert outcomes()[:5] == ["failed"] * 5
    hooks.status = 200
    with unit():
        again.send_again(1, by=ADA, at=clock.at)
    work()
    assert states()[0] == ("sent", "pager", 0)


def test_after_a_day_it_is_given_up(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager(hooks)
    hooks.status = 503
    fail()
    work()
    clock.advance(hours=24)
    work()
    assert states()[0] == ("failed", "pager", 0)


def test_a_failing_channel_is_an_alert_until_it_works_again(
    room: Flask, hooks: HookServer, smtp: MailServer, clock: Clock
) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    channel("mail", Kind.EMAIL, recipients=["ada@example.com"])
    rule("the-console", "mail", services=["console"])
    rule("everything", "pager")
    hooks.status = 502
    fail()
    for _ in range(3):
        work()
        clock.advance(seconds=100)
    work()
    own = db.session.scalars(select(Alert).where(Alert.service == "console")).one()
    assert own.title == "Channel pager does not deliver: It answered 502."
    assert [mail["X-Rcpt"] for mail in smtp.mails] == ["ada@example.com"]
    hooks.status = 200
    clock.advance(seconds=100)
    work()
    db.session.expire_all()
    assert own.status is Status.RESOLVED


def test_a_mail_server_that_hangs_costs_its_time_and_no_more(room: Flask, clock: Clock) -> None:
    channel("mail", Kind.EMAIL, recipients=["olu@example.com"])
    rule("everything", "mail")
    with mail_server(hang=30) as stuck:
        mail = SmtpMailer(stuck.url, "console@example.org", seconds=0.5)
        fail()
        jobs.tell()
        taken = claim(queries.get_channel("mail").id)
        with pytest.raises(client.Undelivered) as error:
            client.MailSender(mail, "example.org", "olu@example.com").send(taken.message)
        assert error.value.perhaps
        settle(taken, Outcome(False, error.value.detail, 0.5, perhaps=True))
    assert states() == [("waiting", "olu@example.com", 0)]
    clock.advance(seconds=100)
    work()
    assert states() == [("sent", "olu@example.com", 0)]


def test_each_recipient_is_retried_alone(room: Flask, smtp: MailServer, clock: Clock) -> None:
    channel("mail", Kind.EMAIL, recipients=["ada@example.com", "olu@example.com"])
    rule("everything", "mail")
    fail()
    jobs.tell()
    mail_id = queries.get_channel("mail").id
    first = claim(mail_id)
    settle(first, Outcome(True, "The mail server took it.", 0.1))
    settle(claim(mail_id), Outcome(False, "The mail server refused the address (450).", 0.1))
    clock.advance(seconds=100)
    work()
    assert [mail["X-Rcpt"] for mail in smtp.mails] == ["olu@example.com"]


def test_without_a_mail_server_it_says_what_is_missing(room: Flask) -> None:
    channel("mail", Kind.EMAIL, recipients=["ada@example.com"])
    rule("everything", "mail")
    allow_loopback(room, mail_url="", mail_from="")
    fail()
    work()
    assert "MAIL_URL" in (queries.get_channel("mail").last_error or "")


def test_a_secret_that_no_key_opens_is_said_and_harms_nothing_else(room: Flask, hooks: HookServer) -> None:
    pager(hooks)
    with unit() as session:
        session.execute(update(Channel).values(address="gAAAAA-not-ours"))
    fail()
    work()
    assert "No key" in (health().last_error or "")
    assert failing_jobs() == []


def test_a_claim_that_kills_its_workers_is_given_up(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager_id = pager(hooks)
    fail()
    jobs.tell()
    for _ in range(pacing.LOSSES):
        claim(pager_id)
        clock.advance(seconds=60)
    work()
    assert states()[0] == ("failed", "pager", 0)
    assert hooks.hooks == []


def test_old_deliveries_are_pruned(room: Flask, hooks: HookServer, clock: Clock) -> None:
    pager(hooks)
    fail("old")
    work()
    clock.advance(days=91)
    fail("new")
    work()
    assert jobs._prune() == 1
    kept = db.session.scalars(select(Delivery)).all()
    assert [(one.state, one.created_at) for one in kept] == [(DeliveryState.SENT, clock.at)]
    assert clock.at - timedelta(days=90) < kept[0].created_at
