"""What a mail server may answer, and what becomes of what was given up or deleted."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from console.alerts import actions as alerts
from console.infra import jobs as engine
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.jobs import Job, JobState, run
from console.infra.transaction import unit
from console.oncall import jobs, queries
from console.oncall.actions import setup
from console.oncall.models import Kind
from tests.conftest import Clock, give_session, make_cast
from tests.oncall.making import ADA, allow_loopback, change, channel, fail, rule, states, work
from tests.oncall.peers import HookServer, MailServer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("554 not from you", "The mail server refused the mail (554)."),
        ("451 later", "The mail server refused the mail (451)."),
    ],
)
def test_a_refused_mail_is_told_with_its_code(room: Flask, smtp: MailServer, answer: str, told: str) -> None:
    smtp.answer = answer
    channel("mail", Kind.EMAIL, recipients=["olu@example.com"])
    rule("everything", "mail")
    fail()
    work()
    assert queries.get_channel("mail").last_error == told
    assert states() == [("waiting", "olu@example.com", 0)]


def test_a_mail_server_that_is_gone_is_told_as_such(room: Flask, smtp: MailServer) -> None:
    allow_loopback(room, mail_url="smtp://127.0.0.1:1")
    channel("mail", Kind.EMAIL, recipients=["olu@example.com"])
    rule("everything", "mail")
    fail()
    work()
    assert "No connection to the mail server" in (queries.get_channel("mail").last_error or "")


def test_what_waits_for_a_deleted_channel_is_left_out(room: Flask, hooks: HookServer) -> None:
    hooks.status = 503
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    fail()
    work()
    with unit():
        setup.delete_rule(queries.get_rule("everything"), by=ADA)
        setup.delete_channel(queries.get_channel_for_change("pager"), by=ADA)
    work()
    assert states() == [("skipped", "pager", 0)]


def test_a_reminder_of_what_somebody_has_is_left_out(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager", renotify_minutes=1)
    alert = fail()
    work()
    hooks.status = 503
    clock.advance(minutes=1)
    work()
    change(alert, alerts.acknowledge)
    hooks.status = 200
    clock.advance(minutes=2)
    work()
    assert [state for state, _, _ in states()] == ["sent", "skipped"]
    assert len(hooks.hooks) == 1


def test_the_log_is_pruned_by_a_job(room: Flask, hooks: HookServer, clock: Clock) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    fail()
    work()
    clock.advance(days=91)
    with unit():
        job_id = engine.request(jobs.prune_deliveries, by=SYSTEM).id
    run.perform(job_id, worker="test")
    found = db.session.scalars(select(Job).where(Job.id == job_id)).one()
    assert (found.state, found.result) == (JobState.SUCCEEDED, {"pruned": 1})


def test_a_failed_delivery_is_sent_again_from_its_page(room: Flask, hooks: HookServer, clock: Clock) -> None:
    allow_loopback(room, base_url="")
    hooks.status = 400
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager", services=["billing"])
    fail()
    for _ in range(6):
        work()
        clock.advance(seconds=100)
    client: FlaskClient = give_session(room.test_client(), make_cast().ada)
    page = client.get("/on-call/deliveries/1").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert "Send it again" in page
    hooks.status = 200
    reply = client.post("/on-call/deliveries/1/retry", data={"csrf_token": token.group(1)})
    assert reply.status_code == 303
    work()
    assert states()[0] == ("sent", "pager", 0)
