"""A token for each scope, and failures of a service by the number."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from console.infra.actor import Scope
from tests.alerts.calling import Api
from tests.conftest import Clock


@pytest.fixture
def ingest(app: Flask, client: FlaskClient, token: Callable[..., str], clock: Clock, redis_conn: "Redis") -> Api:
    assert clock
    assert redis_conn
    # Redis is empty again, so versions begin anew at the same frozen instant: a process that lived on knew better.
    app.extensions.pop("console.source_limits", None)
    return Api(client, token(Scope.INGEST, name="worker"))


@pytest.fixture
def read(client: FlaskClient, token: Callable[..., str], clock: Clock) -> Api:
    assert clock
    return Api(client, token(Scope.READ, name="dashboards"))


@pytest.fixture
def admin(client: FlaskClient, token: Callable[..., str], clock: Clock) -> Api:
    assert clock
    return Api(client, token(Scope.ADMIN, name="terraform"))


def batch(number: int, service: str = "shop", **more: Any) -> list[dict[str, Any]]:
    """Failures of a service, all of one cause."""
    return [{"service": service, "task": "charge", "message": "the bank is closed", **more} for _ in range(number)]
