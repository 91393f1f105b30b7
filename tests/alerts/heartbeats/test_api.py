"""Heartbeats over the API: kept by PUT, read, listed, paused, deleted; what programs may not do."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.alerts.models import Heartbeat
from console.audit.models import AuditEntry
from console.infra.actor import Scope
from console.infra.db import db
from tests.alerts.heartbeats.conftest import Ping, alerts, make, sweep
from tests.conftest import Clock

Api = Callable[..., TestResponse]
NIGHTLY = {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "grace_seconds": 600, "service": "documents"}


@pytest.fixture
def api(client: FlaskClient, token: Callable[..., str], clock: Clock) -> Api:
    secret = token(Scope.ADMIN, Scope.READ)

    def call(method: str, path: str, body: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {secret}"}
        return client.open(f"/api/v1/heartbeats{path}", method=method, json=body, headers=headers)

    return call


def told(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert isinstance(answer.json, dict)
    return answer.json


def test_a_put_makes_and_a_get_shows_it(api: Api, client: FlaskClient) -> None:
    made = told(api("PUT", "/Nightly%20backup", NIGHTLY | {"severity": "critical", "tags": {"team": "platform"}}))
    assert (made["name"], made["slug"], made["state"], made["pings_count"]) == (
        "Nightly backup",
        "nightly-backup",
        "new",
        0,
    )
    assert (made["cron"], made["timezone"], made["period_seconds"]) == ("30 2 * * *", "Europe/Berlin", None)
    assert made["ping_url"] == f"http://localhost/ping/{made['uuid']}"
    assert client.get(made["ping_url"].removeprefix("http://localhost")).text == "OK"
    for word in ("Nightly%20backup", "nightly-backup"):
        shown = told(api("GET", f"/{word}"))
        assert (shown["uuid"], shown["state"]) == (made["uuid"], "up")
        assert shown["next_expected_at"] == "2026-11-22T01:30:00Z"
        assert shown["deadline_at"] == "2026-11-22T01:40:00Z"


def test_a_second_put_changes_it_and_keeps_its_address(api: Api) -> None:
    first = told(api("PUT", "/nightly", NIGHTLY))
    second = told(api("PUT", "/nightly", {"period_seconds": 60, "grace_seconds": 5}))
    assert (second["uuid"], second["cron"], second["period_seconds"]) == (first["uuid"], None, 60)
    assert second["service"] == "heartbeats"
    assert db.session.query(Heartbeat).count() == 1


def test_it_reads_the_names_of_healthchecks(api: Api) -> None:
    made = told(api("PUT", "/a", {"timeout": 90, "grace": 30}))
    assert (made["period_seconds"], made["grace_seconds"]) == (90, 30)
    made = told(api("PUT", "/a", {"schedule": "0 * * * *", "tz": "Asia/Kolkata"}))
    assert (made["cron"], made["timezone"], made["grace_seconds"]) == ("0 * * * *", "Asia/Kolkata", 3_600)


def test_left_out_means_a_day_and_an_hour(api: Api) -> None:
    made = told(api("PUT", "/plain"))
    assert (made["period_seconds"], made["grace_seconds"], made["severity"]) == (86_400, 3_600, "error")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"period_seconds": 60, "cron": "* * * * *"}, "/cron"),
        ({"cron": "61 * * * *"}, "/cron"),
        ({"cron": "0 0 30 2 *"}, "/cron"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"grace_seconds": 0}, "/grace_seconds"),
        ({"period_seconds": 10**12}, "/period_seconds"),
        ({"slug": "No Slug"}, "/slug"),
        ({"name": "a/b"}, "/name"),
        ({"name": "\u2603"}, "/name"),
        ({"service": "a\nb"}, "/service"),
        ({"runbook_url": "javascript:alert(1)"}, "/runbook_url"),
        ({"severity": "purple"}, "/severity"),
        ({"perod": 60}, "/perod"),
    ],
)
def test_faults_point_at_their_field(api: Api, body: dict[str, Any], pointer: str) -> None:
    answer = api("PUT", "/nightly", body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]
    assert db.session.query(Heartbeat).count() == 0


def test_names_are_taken_once_and_slugs_may_be_shared(api: Api) -> None:
    told(api("PUT", "/one", {"slug": "same"}))
    told(api("PUT", "/two", {"slug": "same"}))
    assert api("PUT", "/two", {"name": "one"}).status_code == 409
    assert api("GET", "/same").status_code == 409
    assert told(api("GET", "/two"))["slug"] == "same"


def test_the_list_has_pages(api: Api) -> None:
    for number in range(5):
        make(name=f"job {number}", slug=f"job-{number}")
    first = told(api("GET", "?limit=3"))
    second = told(api("GET", f"?limit=3&cursor={first['next_cursor']}"))
    assert [h["name"] for h in first["items"] + second["items"]] == [f"job {n}" for n in range(5)]
    assert second["next_cursor"] is None
    assert api("GET", "?limit=0").status_code == 422
    assert api("GET", "?cursor=x").status_code == 422


def test_pings_are_listed_with_what_they_said(api: Api, heartbeat: Heartbeat, ping: Ping, clock: Clock) -> None:
    ping("/start")
    clock.advance(seconds=2)
    ping("/3", method="POST", data="päng\ntoken=abcdef123456".encode())
    ping("/log", method="POST", data=b"\xff\x00\xfe")
    log, failed, started = told(api("GET", "/nightly-backup/pings"))["items"]
    assert (started["kind"], failed["kind"], failed["exit_code"], failed["duration_seconds"]) == (
        "start",
        "fail",
        3,
        2.0,
    )
    assert failed["body"].startswith("päng\n")
    assert "abcdef123456" not in failed["body"]
    assert (log["body"], log["body_base64"]) == ("\ufffd\x00\ufffd", "/wD+")


def test_a_pause_is_a_noun(api: Api, heartbeat: Heartbeat, ping: Ping, clock: Clock) -> None:
    ping()
    sweep(clock, seconds=720)
    assert told(api("GET", "/nightly-backup"))["state"] == "missed"
    assert told(api("POST", "/nightly-backup/pause"))["state"] == "paused"
    assert alerts()[0].status.word == "resolved"
    assert api("POST", "/nightly-backup/pause").status_code == 409
    back = told(api("DELETE", "/nightly-backup/pause"))
    assert (back["state"], back["next_expected_at"]) == ("up", "2026-11-21T12:22:00Z")
    assert api("DELETE", "/nightly-backup/pause").status_code == 409


def test_a_deleted_heartbeat_is_gone_and_its_alerts_stay(
    api: Api, heartbeat: Heartbeat, ping: Ping, clock: Clock
) -> None:
    ping("/fail")
    assert api("DELETE", "/nightly-backup").status_code == 204
    assert ping().status_code == 404
    assert api("GET", "/nightly-backup").status_code == 404
    assert [alert.status.word for alert in alerts()] == ["resolved"]


def test_moving_to_another_service_ends_what_it_raised_there(
    api: Api, heartbeat: Heartbeat, ping: Ping, clock: Clock
) -> None:
    ping("/fail")
    told(api("PUT", "/nightly-backup", {"name": "Nightly backup", "service": "archive"}))
    assert alerts()[0].status.word == "resolved"
    ping("/fail")
    assert [alert.service for alert in alerts()] == ["documents", "archive"]


def test_what_people_change_is_in_the_trail(api: Api) -> None:
    told(api("PUT", "/nightly", NIGHTLY))
    told(api("PUT", "/nightly", NIGHTLY | {"grace_seconds": 60}))
    told(api("PUT", "/nightly", NIGHTLY | {"grace_seconds": 60}))
    api("DELETE", "/nightly")
    found = db.session.query(AuditEntry).filter(AuditEntry.object_kind == "heartbeat").order_by(AuditEntry.id)
    entries = [(entry.action, entry.details) for entry in found]
    assert [action for action, _ in entries] == ["heartbeat.created", "heartbeat.changed", "heartbeat.deleted"]
    assert entries[1][1] == {"from": {"grace_seconds": 600}, "to": {"grace_seconds": 60}}


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "", Scope.READ),
        ("GET", "/nightly-backup", Scope.READ),
        ("GET", "/nightly-backup/pings", Scope.READ),
        ("PUT", "/nightly-backup", Scope.ADMIN),
        ("POST", "/nightly-backup/pause", Scope.ADMIN),
        ("DELETE", "/nightly-backup/pause", Scope.ADMIN),
        ("DELETE", "/nightly-backup", Scope.ADMIN),
    ],
)
def test_each_route_needs_its_scope(
    client: FlaskClient, token: Callable[..., str], heartbeat: Heartbeat, method: str, path: str, needed: Scope
) -> None:
    others = token(*(scope for scope in Scope if scope is not needed), name="others")
    for secret, status in ((others, 403), ("nonsense", 401)):
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.open(f"/api/v1/heartbeats{path}", method=method, headers=headers).status_code == status


def test_it_is_described(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    assert set(document["paths"]["/heartbeats/{name}"]) >= {"get", "put", "delete"}
    fields = document["components"]["schemas"]["HeartbeatIn"]["properties"]
    assert {"period_seconds", "grace_seconds", "cron", "timezone"} <= set(fields)
    assert "post" in document["paths"]["/webhooks/alertmanager"]
    assert "post" in document["paths"]["/webhooks/sentry"]
