"""Budgets of requests: whose they are, what they leave alone, and what happens without Redis."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from console.accounts import actions
from console.infra.actor import SYSTEM, Role, Scope
from console.infra.db import db
from console.infra.events import LimitBreached, limit_breached
from tests.accounts.forms import submit
from tests.conftest import make_cast
from tests.security.conftest import MakeApp


def secret(app: Flask, *scopes: Scope) -> dict[str, str]:
    with app.app_context():
        _, made = actions.create_token("ci", scopes, by=SYSTEM)
        db.session.commit()
    return {"Authorization": f"Bearer {made}"}


def until_refused(ask: Callable[[], int], most: int) -> int:
    """How many are let through before the first 429; `most` + 1 when none is refused."""
    return next((number for number in range(most + 1) if ask() == 429), most + 1)


def test_the_api_counts_per_token(make_app: MakeApp) -> None:
    app = make_app(rate_limit_api="5/minute")
    client, one, other = app.test_client(), secret(app, Scope.ADMIN), secret(app, Scope.ADMIN)

    assert until_refused(lambda: client.get("/api/v1/users", headers=one).status_code, 10) == 5
    assert client.get("/api/v1/tokens", headers=one).status_code == 429
    assert client.get("/api/v1/users", headers=other).status_code == 200
    refused = client.get("/api/v1/users", headers=one)
    assert refused.content_type == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.get_json()["detail"].startswith("More than 5 per 1 minute requests.")


def test_what_has_limits_of_its_own_does_not_count(make_app: MakeApp) -> None:
    app = make_app(rate_limit_api="3/minute")
    client, holder = app.test_client(), secret(app, Scope.ADMIN, Scope.INGEST)
    for _ in range(10):
        assert client.get("/health/live", headers=holder).status_code == 200
        client.get("/static/css/tokens.css", headers=holder).close()
        client.get("/sign-in", headers={**holder, "X-Poll": "1"})
        assert client.post("/api/v1/failures", json={"service": "s", "task": "t"}, headers=holder).status_code == 202

    assert until_refused(lambda: client.get("/api/v1/users", headers=holder).status_code, 10) == 3
    assert client.post("/api/v1/failures", json={"service": "s", "task": "t"}, headers=holder).status_code == 202


def test_ingest_has_a_limit_too(make_app: MakeApp) -> None:
    app = make_app(rate_limit_ingest="4/minute")
    client, holder = app.test_client(), secret(app, Scope.INGEST)
    failure = {"service": "s", "task": "t"}
    assert until_refused(lambda: client.post("/api/v1/failures", json=failure, headers=holder).status_code, 9) == 4


def test_a_breach_is_announced(make_app: MakeApp) -> None:
    app = make_app(rate_limit_api="1/minute")
    client, holder = app.test_client(), secret(app, Scope.ADMIN)
    heard: list[LimitBreached] = []
    limit_breached.connect(heard.append)
    try:
        client.get("/api/v1/users", headers=holder)
        client.get("/api/v1/users", headers=holder)
    finally:
        limit_breached._listeners.remove(heard.append)
    assert [(one.limit, one.endpoint, one.by.label) for one in heard] == [
        ("1 per 1 minute", "accounts_api.users", "ci")
    ]


def test_pages_say_when_to_come_back(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.web.limits.PAGES", "3/minute")
    client = make_app().test_client()
    assert until_refused(lambda: client.get("/sign-in").status_code, 6) == 3
    refused = client.get("/sign-in")
    assert "Too many requests" in refused.text
    assert int(refused.headers["Retry-After"]) >= 1


@pytest.fixture
def without_redis(make_app: MakeApp) -> FlaskClient:
    """A console whose Redis is away: nothing listens at its address."""
    app = make_app(redis_url="redis://127.0.0.1:1/0", rate_limit_api="5/minute")
    with app.app_context():
        make_cast()
    return app.test_client()


def test_without_redis_sign_in_is_as_strict(without_redis: FlaskClient) -> None:
    tries = [submit(without_redis, "ada@example.com", "wrong").status_code for _ in range(7)]
    assert tries == [422] * 5 + [429] * 2


def test_without_redis_people_work_and_are_let_go(without_redis: FlaskClient) -> None:
    assert submit(without_redis, "ada@example.com", "lagoon tractor seven").status_code == 303
    assert without_redis.get("/settings/users").status_code == 200
    with without_redis.application.app_context():
        from console.accounts import queries

        user = queries.find_user("ada@example.com")
        assert user is not None
        actions.create("second@example.com", role=Role.ADMIN, by=SYSTEM)
        actions.change(user, actions.Changes(disabled=True), by=SYSTEM)
        db.session.commit()
    assert without_redis.get("/settings").status_code == 303


def test_without_redis_limits_hold_in_each_process(without_redis: FlaskClient) -> None:
    holder = secret(without_redis.application, Scope.ADMIN)
    assert until_refused(lambda: without_redis.get("/api/v1/users", headers=holder).status_code, 12) <= 6
