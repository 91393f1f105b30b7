"""Health and metrics, asked as load balancers and Prometheus ask."""

import socket
import time
from datetime import datetime
from ipaddress import ip_network

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from console.app import create_app
from console.config import Settings
from console.web.probes import Probes
from tests.conftest import Database

CHECKS = {"database", "cache", "queue", "migrations", "config"}


@pytest.mark.parametrize("path", ["/health/live", "/health/live/", "/health", "/health/"])
def test_it_is_alive(client: FlaskClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 200
    assert reply.json
    assert reply.json["status"] == "alive"
    assert datetime.fromisoformat(reply.json["timestamp"]).utcoffset() is not None


@pytest.mark.parametrize("path", ["/health/ready", "/health/ready/", "/ready", "/ready/"])
def test_it_is_ready(client: FlaskClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 200, reply.json
    assert reply.json
    assert reply.json["status"] == "ready"
    assert set(reply.json["checks"]) == CHECKS
    assert {check["status"] for check in reply.json["checks"].values()} == {"ok"}
    assert reply.headers["Cache-Control"] == "no-store"


def _app(settings: Settings, **changes: str) -> Flask:
    return create_app(settings.model_copy(update=changes))


def _report(app: Flask) -> tuple[int, dict[str, str]]:
    reply = app.test_client().get("/health/ready")
    assert reply.json
    return reply.status_code, {name: check["status"] for name, check in reply.json["checks"].items()}


def test_it_is_not_ready_without_redis(settings: Settings) -> None:
    status, checks = _report(_app(settings, redis_url="redis://127.0.0.1:1/0"))
    assert status == 503
    assert {name for name, state in checks.items() if state == "error"} == {"cache", "queue"}


def test_it_is_not_ready_but_alive_without_postgresql(settings: Settings) -> None:
    app = _app(settings, database_url="postgresql+psycopg2://nobody:secret-canary@127.0.0.1:1/none")
    status, checks = _report(app)
    assert status == 503
    assert {name for name, state in checks.items() if state == "error"} == {"database", "migrations"}
    assert app.test_client().get("/health/live").status_code == 200
    assert "secret-canary" not in app.test_client().get("/health/ready").text


def test_it_is_not_ready_behind_or_ahead_of_the_schema(settings: Settings, database: Database) -> None:
    engine = create_engine(database.owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as owner:
        before = owner.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        owner.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
        try:
            status, checks = _report(_app(settings))
        finally:
            owner.execute(text("UPDATE alembic_version SET version_num = :was"), {"was": before})
    engine.dispose()
    assert (status, checks["migrations"]) == (503, "error")


def test_it_does_not_wait_for_a_silent_server(settings: Settings) -> None:
    """A Redis that accepts and then says nothing must not hold the answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = _app(settings, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        status, checks = _report(app)
        took = time.monotonic() - began
    assert (status, checks["cache"], checks["database"]) == (503, "error", "ok")
    assert took < 1.5


def test_it_asks_no_dependency_for_liveness(settings: Settings) -> None:
    nowhere = _app(settings, redis_url="redis://127.0.0.1:1/0", database_url="postgresql+psycopg2://127.0.0.1:1/x")
    assert nowhere.test_client().get("/health/live").status_code == 200
    probes: Probes = nowhere.extensions["console.probes"]
    assert probes.threads is None


def test_metrics_need_a_token_or_a_listed_address(settings: Settings) -> None:
    assert _app(settings).test_client().get("/metrics").status_code == 401
    networks = (ip_network("127.0.0.0/8"),)
    listed = create_app(settings.model_copy(update={"metrics_allowed_networks": networks}))
    reply = listed.test_client().get("/metrics")
    assert reply.status_code == 200
    assert 'console_check{check="database"} 1.0' in reply.text
    assert reply.mimetype == "text/plain"
