"""Senders of webhooks as they send."""

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.alerts.models import Alert
from console.infra.actor import Scope
from console.infra.db import db

Send = Callable[..., TestResponse]
FOLDER = Path(__file__).parent
SECRET = "8f1c9e0a-client-secret-of-the-integration"


def payload(name: str) -> dict[str, Any]:
    """A fixture, read anew so that a test may change it."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def alerts() -> dict[str, Alert]:
    """Every alert by its task."""
    db.session.expire_all()
    return {alert.task: alert for alert in db.session.query(Alert).order_by(Alert.id)}


@pytest.fixture
def ingest(token: Callable[..., str]) -> str:
    return token(Scope.INGEST)


@pytest.fixture
def alertmanager(client: FlaskClient, ingest: str) -> Send:
    """Posts as Alertmanager does."""

    def send(body: Any, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {ingest}", "Content-Type": "application/json"}
        headers |= {"User-Agent": "Alertmanager/0.34.0"} | more.pop("headers", {})
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post("/api/v1/webhooks/alertmanager", data=data, headers=headers, **more)

    return send


@pytest.fixture
def sentry(app: Flask, client: FlaskClient, ingest: str, monkeypatch: pytest.MonkeyPatch) -> Send:
    """Posts as Sentry does, signed unless the test signs otherwise."""
    known = app.extensions["console.settings"].model_copy(update={"sentry_webhook_secret": ("older", SECRET)})
    monkeypatch.setitem(app.extensions, "console.settings", known)

    def send(resource: str, body: Any, *, signature: str | None = None) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        made = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest() if signature is None else signature
        headers = {"Sentry-Hook-Resource": resource, "Sentry-Hook-Signature": made, "Request-ID": "f" * 32}
        return client.post(
            f"/api/v1/webhooks/sentry?token={ingest}", data=raw, headers=headers, content_type="application/json"
        )

    return send
