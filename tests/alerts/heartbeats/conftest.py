"""Heartbeats of a shop: one watched by its period, noise beside it, and who may ask."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.alerts import actions
from console.alerts.models import Alert, Heartbeat
from console.alerts.rules.heartbeats.wanted import Wanted
from console.infra.actor import SYSTEM
from console.infra.db import db
from tests.conftest import Clock

Ping = Callable[..., TestResponse]


def make(**changed: Any) -> Heartbeat:
    """A heartbeat, expected every ten minutes with a grace of two unless the test says otherwise."""
    fields: dict[str, Any] = {"name": "Nightly backup", "slug": "nightly-backup", "service": "documents"}
    fields |= {"period_seconds": 600, "grace_seconds": 120, **changed}
    made = actions.create_heartbeat(Wanted(**fields), by=SYSTEM, at=db_now())
    db.session.commit()
    return made


def db_now() -> datetime:
    from console.infra import clock

    return clock.now()


@pytest.fixture
def noise(app: Flask, clock: Clock) -> Heartbeat:
    """Another heartbeat, pinged just now, whose alerts and pings are nobody's business in a test."""
    other = make(name="Search index", slug="search-index", service="search", period_seconds=86_400)
    app.test_client().get(f"/ping/{other.uuid}")
    return other


@pytest.fixture
def heartbeat(app: Flask, clock: Clock, noise: Heartbeat) -> Heartbeat:
    return make()


@pytest.fixture
def ping(client: FlaskClient, heartbeat: Heartbeat) -> Ping:
    """Pings the heartbeat: `ping("/start", method="POST", data=b"…")`."""

    def send(path: str = "", method: str = "GET", **more: Any) -> TestResponse:
        return client.open(f"/ping/{heartbeat.uuid}{path}", method=method, **more)

    return send


def alerts() -> list[Alert]:
    """Every alert, in order of making."""
    db.session.expire_all()
    return list(db.session.query(Alert).order_by(Alert.id))


def fresh(heartbeat: Heartbeat) -> Heartbeat:
    """The row as it is stored now."""
    db.session.expire_all()
    found = db.session.get(Heartbeat, heartbeat.id)
    assert found is not None
    return found


def sweep(clock: Clock, **by: float) -> int:
    """Let time pass and the scheduler look."""
    if by:
        clock.advance(**by)
    told = actions.sweep_heartbeats(at=clock.at)
    db.session.commit()
    return told


MINUTES = timedelta(minutes=1)
