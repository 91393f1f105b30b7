"""Alertmanager's webhook: what fires opens, what is over resolves, what comes again changes nothing."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from console.alerts import actions, queries
from console.alerts.models import Occurrence
from console.alerts.rules.failure import Failure
from console.alerts.rules.states import Severity, Status
from console.alerts.rules.webhooks.notice import severity
from console.infra.actor import SYSTEM
from console.infra.db import db
from tests.alerts.webhooks.conftest import Send, alerts, payload
from tests.conftest import NOON, Clock

FIRING, ONE_RESOLVED = "alertmanager/firing", "alertmanager/one_resolved"


def only(body: dict[str, Any], index: int = 0, **changed: Any) -> dict[str, Any]:
    """The notification with one of its alerts, changed."""
    return {**body, "alerts": [{**body["alerts"][index], **changed}]}


def test_it_opens_an_alert_for_each_fingerprint(alertmanager: Send, clock: Clock) -> None:
    noise = Failure(service="documents", task="HighErrorRate", occurred_at=NOON, message="no alert of Prometheus")
    actions.ingest([noise], at=NOON)
    answer = alertmanager(payload(FIRING))
    assert answer.status_code == 202
    assert answer.json is not None
    assert (answer.json["accepted"], answer.json["duplicates"], len(answer.json["alerts"])) == (2, 0, 2)
    high = queries.get(answer.json["alerts"][0])
    assert (high.service, high.environment, high.task) == ("documents", "production", "HighErrorRate")
    assert (high.fingerprint, high.source, high.severity) == ("a1b2c3d4e5f60718", "alertmanager", Severity.CRITICAL)
    assert (high.title, high.message) == ("5xx above 5 % for ten minutes",) * 2
    assert high.runbook_url == "https://runbooks.example.com/5xx"
    assert high.first_seen.isoformat() == "2026-11-21T11:50:00.123456+00:00"
    disk = alerts()["DiskFilling"]
    assert (disk.service, disk.environment, disk.severity) == ("node", "staging", Severity.WARNING)
    assert disk.message == "/var has 4 % left"
    assert disk.tags["instance"] == "db-1:9100"


def test_it_takes_the_same_notification_once(alertmanager: Send, clock: Clock) -> None:
    alertmanager(payload(FIRING))
    clock.advance(hours=4)
    answer = alertmanager(payload(FIRING) | {"notification_reason": "repeat interval elapsed"})
    assert answer.json is not None
    assert (answer.json["accepted"], answer.json["duplicates"], len(answer.json["alerts"])) == (0, 2, 2)
    assert [alert.count for alert in alerts().values()] == [1, 1]


def test_each_alert_resolves_by_its_own_status(alertmanager: Send, clock: Clock) -> None:
    alertmanager(payload(FIRING))
    clock.advance(minutes=1)
    answer = alertmanager(payload(ONE_RESOLVED))
    assert answer.json == {
        "accepted": 0,
        "duplicates": 1,
        "resolved": 1,
        "ignored": 0,
        "alerts": [alerts()["HighErrorRate"].id, alerts()["DiskFilling"].id],
    }
    high, disk = alerts()["HighErrorRate"], alerts()["DiskFilling"]
    assert (high.status, high.resolved_at, disk.status) == (Status.RESOLVED, clock.at, Status.OPEN)
    line = queries.history(high.id, limit=1).items[0]
    assert (line.by, line.event, line.why) == ("Alertmanager", "resolved", "Alertmanager says that it is over")


def test_a_repeated_ending_changes_nothing(alertmanager: Send, clock: Clock) -> None:
    alertmanager(payload(FIRING))
    alertmanager(payload(ONE_RESOLVED))
    high = alerts()["HighErrorRate"]
    actions.unresolve(queries.get_for_change(high.id), by=SYSTEM, at=clock.at)
    db.session.commit()
    answer = alertmanager(payload(ONE_RESOLVED))
    assert answer.json is not None
    assert (answer.json["duplicates"], answer.json["resolved"]) == (2, 0)
    assert alerts()["HighErrorRate"].status is Status.OPEN


def test_a_new_start_opens_it_again(alertmanager: Send, clock: Clock) -> None:
    alertmanager(payload(FIRING))
    alertmanager(payload(ONE_RESOLVED))
    clock.advance(minutes=10)
    alertmanager(only(payload(FIRING), startsAt="2026-11-21T12:09:00Z"))
    high = alerts()["HighErrorRate"]
    assert (high.status, high.count, high.reopened_count) == (Status.OPEN, 2, 1)
    # The ending of the first spell, late, does not end the second.
    late = only(payload(ONE_RESOLVED), startsAt="2026-11-21T11:49:00Z")
    answer = alertmanager(late)
    assert answer.json is not None
    assert (answer.json["resolved"], answer.json["ignored"]) == (0, 1)
    assert alerts()["HighErrorRate"].status is Status.OPEN


def test_an_ending_that_overtakes_its_start_still_ends_it(alertmanager: Send, clock: Clock) -> None:
    early = alertmanager(only(payload(ONE_RESOLVED)))
    assert early.json is not None
    assert (early.status_code, early.json["ignored"], alerts()) == (202, 1, {})
    answer = alertmanager(only(payload(FIRING)))
    assert answer.json is not None
    assert (answer.json["accepted"], answer.json["resolved"]) == (1, 1)
    high = alerts()["HighErrorRate"]
    assert (high.status, high.count) == (Status.RESOLVED, 1)


def test_the_state_of_the_group_counts_only_where_an_alert_has_none(alertmanager: Send, clock: Clock) -> None:
    alertmanager(payload(FIRING))
    body = payload(FIRING) | {"status": "resolved"}
    del body["alerts"][1]["status"]
    alertmanager(body)
    assert [alert.status for alert in alerts().values()] == [Status.OPEN, Status.RESOLVED]


def test_it_reads_versions_that_it_does_not_know(alertmanager: Send, clock: Clock) -> None:
    assert alertmanager(payload("alertmanager/version_3")).status_code == 202
    assert alertmanager(payload("alertmanager/version_3") | {"version": "5", "more": {"deep": [1]}}).status_code == 202
    down = alerts()["InstanceDown"]
    assert (down.count, down.service, len(down.fingerprint)) == (1, "node", 16)
    ended = payload("alertmanager/version_3") | {"status": "resolved"}
    ended["alerts"][0]["status"] = "resolved"
    alertmanager(ended)
    assert alerts()["InstanceDown"].status is Status.RESOLVED


def test_labels_alone_are_enough(alertmanager: Send, clock: Clock) -> None:
    answer = alertmanager({"status": "firing", "alerts": [{"status": "firing", "labels": {"team": "ops"}}]})
    assert answer.status_code == 202
    (alert,) = alerts().values()
    assert (alert.service, alert.task, alert.title, alert.severity) == (
        "alertmanager",
        "alert",
        "alert",
        Severity.ERROR,
    )
    assert alert.first_seen == clock.at


def test_parts_that_are_no_alerts_are_left_out(alertmanager: Send, clock: Clock) -> None:
    body = payload(FIRING)
    body["alerts"] += [None, 7, {"labels": []}, {"labels": {"a": {"b": 1}}}]
    answer = alertmanager(body)
    assert answer.json is not None
    assert (answer.json["accepted"], answer.json["ignored"]) == (2, 4)


@pytest.mark.parametrize(
    "changed",
    [
        {"startsAt": "0001-01-01T00:00:00Z"},
        {"startsAt": "9999-12-31T23:59:59Z"},
        {"startsAt": "yesterday"},
        {"startsAt": 17},
        {"annotations": None, "labels": {"alertname": "N\u0000L \ud800", "severity": "páge"}},
        {"fingerprint": "x" * 5_000},
        {"labels": {f"l{n}": "v" * 2_000 for n in range(500)}},
    ],
)
def test_odd_values_are_stored_somehow(alertmanager: Send, clock: Clock, changed: dict[str, Any]) -> None:
    body = json.dumps(only(payload(FIRING), **changed)).encode()
    assert alertmanager(body).status_code in ({202, 400} if b"\\ud800" in body else {202})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"alerts":{}}', 422),
        (b'{"alerts":' + b"[" * 5_000, 400),
        (b"\x00" * 10_000_000, 400),
        (b" " * (16 * 1024 * 1024 + 1), 413),
    ],
)
def test_it_refuses_what_is_no_notification(alertmanager: Send, clock: Clock, body: bytes, status: int) -> None:
    assert alertmanager(body).status_code == status
    assert alerts() == {}


def test_it_takes_ten_megabytes_of_alerts(alertmanager: Send, clock: Clock) -> None:
    body = payload(FIRING)
    one = body["alerts"][0]
    body["alerts"] = [
        {**one, "fingerprint": f"{n:016x}", "annotations": {"summary": f"host {n}", "description": "x" * 19_000}}
        for n in range(500)
    ]
    answer = alertmanager(body)
    assert answer.json is not None
    assert (answer.status_code, answer.json["accepted"]) == (202, 500)


def test_it_may_name_its_token_in_the_address(client: FlaskClient, ingest: str, clock: Clock) -> None:
    path = "/api/v1/webhooks/alertmanager"
    assert client.post(f"{path}?token={ingest}", json=payload(FIRING)).status_code == 202
    assert client.post(f"{path}?token=wrong", json=payload(FIRING)).status_code == 401
    assert client.post(path, json=payload(FIRING)).status_code == 401
    # Nowhere else: addresses are written down in logs and histories.
    assert client.post(f"/api/v1/failures?token={ingest}", json={}).status_code == 401


def test_it_asks_for_the_same_again_when_it_is_too_busy(
    app: Flask, alertmanager: Send, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = app.extensions["console.settings"].model_copy(update={"rate_limit_ingest": "2/minute"})
    monkeypatch.setitem(app.extensions, "console.settings", busy)
    answers = [alertmanager(payload(FIRING)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 503]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_it_keeps_what_it_was_told(alertmanager: Send, clock: Clock) -> None:
    alertmanager(payload(FIRING))
    kept = db.session.scalars(select(Occurrence).where(Occurrence.task == "HighErrorRate")).one()
    assert kept.host == "web-1:9100"
    assert kept.extra["generatorURL"] == "http://prometheus:9090/graph?g0.expr=up"
    assert kept.extra["annotations"]["description"] == "7.2 % of requests fail"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("critical", Severity.CRITICAL),
        ("Page", Severity.CRITICAL),
        ("P2", Severity.ERROR),
        ("warn", Severity.WARNING),
        ("none", Severity.INFO),
        ("purple", Severity.ERROR),
        ("", Severity.ERROR),
        (None, Severity.ERROR),
    ],
)
def test_severities_have_many_names(word: object, expected: Severity) -> None:
    assert severity(word) is expected
