"""One-tap links: read by anybody who holds them, used once, by the person whom the mail was for."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from console.accounts import actions as accounts
from console.alerts import actions as alerts
from console.alerts.rules.states import Status
from console.audit.models import AuditEntry
from console.infra.actor import SYSTEM, Role
from console.infra.crypto import sign
from console.infra.db import db
from console.infra.transaction import unit
from console.oncall import queries
from console.oncall.models import Kind
from tests.conftest import Clock
from tests.oncall.making import OLU, alert_of, allow_loopback, change, channel, fail, rule, work
from tests.oncall.peers import MailServer

LINK = re.compile(r"https://console\.example\.org(/on-call/acknowledge/\S+)")


@pytest.fixture
def told(room: Flask, smtp: MailServer) -> Iterator[int]:
    """Olu, Vi and a stranger were told of an alert; the links lead to the test client's host."""
    with unit():
        for name, role in (("olu", Role.RESPONDER), ("vi", Role.VIEWER)):
            accounts.create(f"{name}@example.com", role=role, name=name.title(), by=SYSTEM)
    recipients = ["olu@example.com", "vi@example.com", "stranger@example.com"]
    channel("mail", Kind.EMAIL, recipients=recipients)
    rule("everything", "mail", renotify_minutes=5)
    alert = fail()
    work()
    yield alert
    allow_loopback(room)


def link_of(smtp: MailServer, number: int = 0) -> str:
    found = LINK.search(smtp.to("olu@example.com")[number].get_payload(decode=True).decode())  # type: ignore[union-attr]
    assert found
    return found.group(1)


def browser(room: Flask) -> FlaskClient:
    return room.test_client()


def tap(room: Flask, path: str) -> TestResponse:
    """Open the link on a phone that nobody has signed in on, and press the button."""
    client = browser(room)
    shown = client.get(path, base_url="http://localhost")
    found = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)
    token = found.group(1) if found else csrf(client)
    return client.post(path, data={"csrf_token": token}, base_url="http://localhost")


def csrf(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in", base_url="http://localhost").text)
    assert found
    return found.group(1)


def test_only_who_may_acknowledge_gets_a_link(told: int, smtp: MailServer) -> None:
    linked = {mail["X-Rcpt"] for mail, text in zip(smtp.mails, smtp.texts(), strict=True) if LINK.search(text)}
    assert len(smtp.mails) == 3
    assert linked == {"olu@example.com"}


def test_looking_changes_nothing_however_often(told: int, room: Flask, smtp: MailServer) -> None:
    path = link_of(smtp)
    for method in ("GET", "HEAD", "GET", "OPTIONS", "GET"):
        reply = browser(room).open(path, method=method, base_url="http://localhost")
        assert reply.status_code == 200
    assert "As olu@example.com" in browser(room).get(path, base_url="http://localhost").text
    assert alert_of(told).status is Status.OPEN


def test_one_tap_acknowledges_as_that_person(told: int, room: Flask, smtp: MailServer, clock: Clock) -> None:
    reply = tap(room, link_of(smtp))
    assert reply.status_code == 200
    assert "It is acknowledged." in reply.text
    alert = alert_of(told)
    assert (alert.status, alert.acknowledged_by, alert.assignee) == (
        Status.ACKNOWLEDGED,
        "olu@example.com",
        "olu@example.com",
    )
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "alert.acknowledged")).one()
    assert (entry.actor_kind, entry.actor_label) == ("user", "olu@example.com")
    answered = [one.answered_by for one in queries.deliveries(limit=9).items if one.answered_at]
    assert answered == ["olu@example.com"]
    clock.advance(minutes=30)
    work()
    assert len(smtp.mails) == 3


def test_it_works_once(told: int, room: Flask, smtp: MailServer) -> None:
    path = link_of(smtp)
    tap(room, path)
    change(told, alerts.unacknowledge)
    reply = tap(room, path)
    assert reply.status_code == 409
    assert "used already" in reply.text
    assert alert_of(told).status is Status.OPEN
    assert browser(room).get(path, base_url="http://localhost").status_code == 409


def test_two_taps_at_once_acknowledge_once(told: int, room: Flask, smtp: MailServer) -> None:
    path = link_of(smtp)
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(reply.status_code for reply in pool.map(lambda _: tap(room, path), range(2)))
    assert statuses == [200, 409]


def test_a_reminder_brings_a_new_link(told: int, room: Flask, smtp: MailServer, clock: Clock) -> None:
    clock.advance(minutes=5)
    work()
    assert link_of(smtp, 0) != link_of(smtp, 1)
    assert tap(room, link_of(smtp, 1)).status_code == 200


def test_it_ends_after_a_day(told: int, room: Flask, smtp: MailServer, clock: Clock) -> None:
    path = link_of(smtp)
    clock.advance(hours=24, seconds=1)
    assert "older than a day" in tap(room, path).text
    assert alert_of(told).status is Status.OPEN


def test_it_dies_with_the_right_to_acknowledge(told: int, room: Flask, smtp: MailServer) -> None:
    path = link_of(smtp)
    with unit():
        user = queries.may_acknowledge("olu@example.com")
        assert user
        user.role = Role.VIEWER
    assert tap(room, path).status_code == 404
    assert alert_of(told).status is Status.OPEN


def test_what_somebody_has_by_now_is_said_and_not_taken(told: int, room: Flask, smtp: MailServer) -> None:
    ada = OLU.__class__(kind="user", id=9, label="ada@example.com", role=Role.ADMIN)
    change(told, alerts.acknowledge, by=ada)
    shown = browser(room).get(link_of(smtp), base_url="http://localhost").text
    assert "ada@example.com has it since" in shown
    assert "<form" not in shown
    assert tap(room, link_of(smtp)).status_code == 409
    assert alert_of(told).acknowledged_by == "ada@example.com"


@pytest.mark.parametrize("forged", ["x", "1.2.9999999999", "a" * 5_000, "%00", "1.1.1.1"])
def test_a_forged_link_opens_nothing(told: int, room: Flask, forged: str) -> None:
    assert browser(room).get(f"/on-call/acknowledge/{forged}", base_url="http://localhost").status_code == 404


def test_a_signature_for_something_else_opens_nothing(told: int, room: Flask, smtp: MailServer) -> None:
    other = sign("something else", "1.1.9999999999")
    assert tap(room, f"/on-call/acknowledge/{other}").status_code == 404
    good = link_of(smtp)
    assert tap(room, good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB")).status_code == 404


def test_from_another_site_it_is_refused(told: int, room: Flask, smtp: MailServer) -> None:
    client = browser(room)
    refused = client.post(link_of(smtp), base_url="http://localhost", headers={"Origin": "https://evil.example"})
    assert refused.status_code in {400, 403}
    assert alert_of(told).status is Status.OPEN
