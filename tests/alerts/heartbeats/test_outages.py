"""Pings and webhooks while Redis or PostgreSQL is away: what is answered 2xx is stored, the rest is asked for again."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from console.accounts.actions import create_token
from console.alerts.models import Alert, HeartbeatPing
from console.app import create_app
from console.config import Settings
from console.infra.actor import SYSTEM, Scope
from console.infra.db import db
from console.infra.transaction import unit
from tests.alerts.heartbeats.conftest import make
from tests.alerts.webhooks.conftest import payload

NOWHERE = {"redis": "redis://127.0.0.1:9/0", "postgres": "postgresql+psycopg2://console@127.0.0.1:9/console"}


@pytest.fixture
def address(committed: Flask) -> str:
    with unit():
        return f"/ping/{make().uuid}"


def without(settings: Settings, **urls: str) -> Iterator[Flask]:
    """The same console with a server that is not there."""
    made = create_app(settings.model_copy(update=urls))
    made.config["PROPAGATE_EXCEPTIONS"] = False
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def no_redis(settings: Settings) -> Iterator[Flask]:
    yield from without(settings, redis_url=NOWHERE["redis"])


@pytest.fixture
def no_postgres(settings: Settings) -> Iterator[Flask]:
    yield from without(settings, database_url=NOWHERE["postgres"])


def stored(model: type[HeartbeatPing | Alert]) -> int:
    with unit() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_with_redis_away_pings_are_taken(address: str, no_redis: Flask) -> None:
    answers = [no_redis.test_client().get(f"{address}{path}") for path in ("/start", "/3")]
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "OK")] * 2
    assert (stored(HeartbeatPing), stored(Alert)) == (2, 1)


def test_with_postgresql_away_a_ping_is_asked_for_again(address: str, no_postgres: Flask) -> None:
    answer = no_postgres.test_client().post(address, data=b"x" * 20_000)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert stored(HeartbeatPing) == 0


def test_with_postgresql_away_alertmanager_is_asked_to_repeat(committed: Flask, no_postgres: Flask) -> None:
    with unit():
        secret = create_token("prometheus", [Scope.INGEST], by=SYSTEM)[1]
    path = f"/api/v1/webhooks/alertmanager?token={secret}"
    answer = no_postgres.test_client().post(path, json=payload("alertmanager/firing"))
    assert answer.status_code == 503
    assert committed.test_client().post(path, json=payload("alertmanager/firing")).status_code == 202
    assert stored(Alert) == 2
