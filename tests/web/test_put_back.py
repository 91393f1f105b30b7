"""What GET answers can be changed and PUT back, whatever the thing; what no PUT sets changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from console.infra.actor import Scope
from tests.conftest import Clock

LATER = timedelta(hours=1)
THINGS: dict[str, dict[str, Any]] = {
    "/heartbeats/nightly": {"cron": "5 4 * * *", "timezone": "Europe/Berlin", "grace_seconds": 60},
    "/noise-settings": {"flapping_changes": 5},
    "/source-limits/billing": {"failures_per_minute": 100},
    "/channels/team": {"kind": "email", "recipients": ["olu@example.com"]},
    "/brokers/shop": {"kind": "rq", "url": "redis://u:secret@broker.invalid:6379/0", "service": "shop"},
}
MADE: dict[str, dict[str, Any]] = {
    "/silences": {"matchers": [{"field": "service", "op": "=", "value": "billing"}], "reason": "a release"},
    "/maintenance-windows": {"service": "billing", "reason": "new disks"},
}


@pytest.fixture
def headers(token: Callable[..., str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(Scope.READ, Scope.WRITE, Scope.ADMIN)}"}


def unchanged(http: FlaskClient, path: str, headers: dict[str, str]) -> None:
    before = http.get(path, headers=headers).get_json()
    answer = http.put(path, json=before, headers=headers)
    assert answer.status_code == 200, answer.text
    after = http.get(path, headers=headers).get_json()
    assert {name for name in before if before[name] != after[name]} <= {"updated_at"}
    wrong = http.put(path, json=before | {"no_such_field": 1}, headers=headers)
    assert [fault["pointer"] for fault in wrong.get_json()["errors"]] == ["/no_such_field"]


@pytest.mark.parametrize("path", THINGS)
def test_what_has_a_name(client: FlaskClient, headers: dict[str, str], clock: Clock, path: str) -> None:
    assert client.put(f"/api/v1{path}", json=THINGS[path], headers=headers).status_code in {200, 201}
    clock.advance(minutes=1)
    unchanged(client, f"/api/v1{path}", headers)


@pytest.mark.parametrize("path", MADE)
def test_what_has_a_number(client: FlaskClient, headers: dict[str, str], clock: Clock, path: str) -> None:
    body = MADE[path] | {"ends_at": (clock.at + LATER).isoformat()}
    made = client.post(f"/api/v1{path}", json=body, headers=headers).get_json()
    clock.advance(minutes=1)
    unchanged(client, f"/api/v1{path}/{made['id']}", headers)
