"""Sentry's webhooks: only what it signed, an issue is one alert, a replay changes nothing."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from console.alerts import actions, queries
from console.alerts.models import Alert, Occurrence
from console.alerts.rules.states import Severity, Status
from console.infra.actor import SYSTEM
from console.infra.db import db
from tests.alerts.webhooks.conftest import SECRET, Send, alerts, payload
from tests.conftest import Clock

EVENT, ISSUE = "sentry/event_alert", "sentry/issue"
TASK = "documents.tasks.render_pdf"
TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/app/documents/fonts.py", line 41, in load
    return open(path, "rb")
FileNotFoundError: [Errno 2] No such file or directory: '/fonts/Inter.ttf'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/usr/lib/python3/site-packages/celery/app/trace.py", line 451, in trace_task
    R = retval = fun(*args, **kwargs)
  File "/srv/app/documents/tasks.py", line 88, in render_pdf
    font = fonts.load(name)
documents.errors.TemplateError: font 'Inter' not found"""


def issue(action: str, **changed: Any) -> dict[str, Any]:
    body = payload(ISSUE) | {"action": action}
    body["data"]["issue"] |= changed
    return body


def event(**changed: Any) -> dict[str, Any]:
    body = payload(EVENT)
    body["data"]["event"] |= changed
    return body


def test_an_event_opens_the_alert_of_its_issue(sentry: Send, clock: Clock) -> None:
    answer = sentry("event_alert", payload(EVENT))
    assert answer.status_code == 202
    alert = alerts()[TASK]
    assert answer.json == {"accepted": 1, "duplicates": 0, "resolved": 0, "ignored": 0, "alerts": [alert.id]}
    assert (alert.service, alert.environment, alert.source) == ("documents", "staging", "sentry")
    assert (alert.fingerprint, alert.exception_type) == ("sentry:1117540176", "TemplateError")
    kept = db.session.scalars(select(Occurrence)).one()
    assert kept.traceback == TRACEBACK
    assert (kept.host, kept.release, kept.severity) == ("worker-3", "documents@4.18.2", Severity.ERROR)
    assert kept.occurred_at.isoformat() == "2026-11-21T11:59:40.529000+00:00"


def test_events_of_one_issue_are_one_alert(sentry: Send, clock: Clock) -> None:
    sentry("event_alert", payload(EVENT))
    sentry("event_alert", event(event_id="0" * 32, title="another title", culprit="elsewhere"))
    sentry("event_alert", event(event_id="1" * 32, issue_id="2"))
    found = db.session.execute(select(Alert.fingerprint, Alert.count)).all()
    assert sorted(map(tuple, found)) == [("sentry:1117540176", 2), ("sentry:2", 1)]


def test_a_resolved_issue_resolves_its_alert(sentry: Send, clock: Clock) -> None:
    sentry("event_alert", payload(EVENT))
    clock.advance(minutes=3)
    assert sentry("issue", issue("resolved")).json == {
        "accepted": 0,
        "duplicates": 0,
        "resolved": 1,
        "ignored": 0,
        "alerts": [alerts()[TASK].id],
    }
    alert = alerts()[TASK]
    assert alert.status is Status.RESOLVED
    line = queries.history(alert.id, limit=1).items[0]
    assert (line.by, line.why) == ("Sentry", "resolved in Sentry")


def test_a_replay_changes_nothing(sentry: Send, clock: Clock) -> None:
    sentry("event_alert", payload(EVENT))
    assert sentry("event_alert", payload(EVENT)).json == _nothing(duplicates=1)
    sentry("issue", issue("resolved"))
    actions.unresolve(queries.get_for_change(alerts()[TASK].id), by=SYSTEM, at=clock.at)
    db.session.commit()
    clock.advance(days=1)
    assert sentry("issue", issue("resolved")).json == _nothing(duplicates=1)
    assert (alerts()[TASK].status, alerts()[TASK].count) == (Status.OPEN, 1)


def _nothing(**but: int) -> dict[str, Any]:
    return {"accepted": 0, "duplicates": 0, "resolved": 0, "ignored": 0, "alerts": []} | but


@pytest.mark.parametrize(("action", "why"), [("archived", "archived in Sentry"), ("ignored", "ignored in Sentry")])
def test_an_issue_laid_aside_is_over_here(sentry: Send, clock: Clock, action: str, why: str) -> None:
    sentry("event_alert", payload(EVENT))
    sentry("issue", issue(action))
    assert queries.history(alerts()[TASK].id, limit=1).items[0].why == why


def test_an_issue_opens_its_alert_once(sentry: Send, clock: Clock) -> None:
    assert sentry("issue", issue("created")).status_code == 202
    alert = alerts()[TASK]
    assert (alert.status, alert.service, alert.message) == (Status.OPEN, "documents", "font 'Inter' not found")
    sentry("issue", issue("unresolved", substatus="escalating"))
    assert alerts()[TASK].count == 1
    sentry("issue", issue("resolved"))
    clock.advance(hours=1)
    sentry("issue", issue("unresolved", substatus="regressed"))
    again = alerts()[TASK]
    assert (again.status, again.count, again.reopened_count) == (Status.OPEN, 2, 1)


@pytest.mark.parametrize(
    ("resource", "action"),
    [
        ("issue", "assigned"),
        ("comment", "created"),
        ("installation", "created"),
        ("metric_alert", "critical"),
        ("", ""),
    ],
)
def test_what_says_nothing_of_failing_is_ignored(sentry: Send, clock: Clock, resource: str, action: str) -> None:
    answer = sentry(resource, issue(action))
    assert (answer.status_code, answer.json) == (202, _nothing(ignored=1))
    assert alerts() == {}


def test_it_refuses_what_nobody_signed(sentry: Send, clock: Clock) -> None:
    assert sentry("event_alert", payload(EVENT), signature="").status_code == 400
    assert alerts() == {}


@pytest.mark.parametrize("signature", ["0" * 64, "sha256=" + "0" * 64, "é", "f" * 10_000])
def test_it_refuses_a_wrong_signature(sentry: Send, clock: Clock, signature: str) -> None:
    answer = sentry("event_alert", payload(EVENT), signature=signature)
    assert answer.status_code == 401
    assert alerts() == {}


def test_it_refuses_a_body_changed_by_one_byte(sentry: Send, clock: Clock) -> None:
    raw = json.dumps(payload(EVENT)).encode()
    signature = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert sentry("event_alert", raw.replace(b"1117540176", b"1117540177", 1), signature=signature).status_code == 401
    assert sentry("event_alert", raw, signature=signature.upper()).status_code == 202


def test_it_takes_any_of_the_secrets(sentry: Send, clock: Clock) -> None:
    raw = json.dumps(payload(EVENT)).encode()
    old = hmac.new(b"older", raw, hashlib.sha256).hexdigest()
    assert sentry("event_alert", raw, signature=old).status_code == 202


def test_without_a_secret_it_takes_nothing(client: FlaskClient, ingest: str, clock: Clock) -> None:
    empty = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    answer = client.post(
        f"/api/v1/webhooks/sentry?token={ingest}", data=b"{}", headers={"Sentry-Hook-Signature": empty}
    )
    assert answer.status_code == 403
    assert answer.json is not None
    assert "SENTRY_WEBHOOK_SECRET" in answer.json["detail"]


def test_a_signature_is_not_a_token(client: FlaskClient, sentry: Send, clock: Clock) -> None:
    raw = json.dumps(payload(EVENT)).encode()
    signature = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    answer = client.post("/api/v1/webhooks/sentry", data=raw, headers={"Sentry-Hook-Signature": signature})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("resource", "body", "status"),
    [
        ("event_alert", b"{", 400),
        ("event_alert", b"[]", 422),
        ("event_alert", b'{"action":"triggered","data":{}}', 422),
        ("event_alert", b'{"action":"triggered","data":{"event":{}}}', 422),
        ("issue", b'{"action":"resolved","data":{"issue":{}}}', 422),
        ("issue", b"\xff" * 10_000_000, 400),
        ("issue", b" " * (16 * 1024 * 1024 + 1), 413),
    ],
)
def test_it_refuses_what_is_no_webhook(sentry: Send, clock: Clock, resource: str, body: bytes, status: int) -> None:
    assert sentry(resource, body).status_code == status


def test_odd_events_are_stored_somehow(sentry: Send, clock: Clock) -> None:
    odd: list[dict[str, Any]] = [
        {"exception": None, "metadata": None, "tags": None, "message": "plain words", "url": None},
        {"exception": {"values": [None, {"stacktrace": {"frames": [None, {"lineno": "x"}]}}]}},
        {"exception": {"values": [{"type": "A\u0000", "value": "b" * 50_000, "stacktrace": {"frames": [{}] * 900}}]}},
        {"tags": [["a"], "b", ["c", None], ["d", {"e": 1}]], "level": "fatal", "datetime": "0001-01-01T00:00:00Z"},
        {"project": {"slug": None}, "culprit": None, "title": None, "release": 7, "environment": ""},
    ]
    for number, changed in enumerate(odd):
        answer = sentry("event_alert", event(event_id=f"{number:032x}", issue_id=str(number), **changed))
        assert answer.status_code == 202, changed
    assert len(db.session.query(Occurrence).all()) == len(odd)
