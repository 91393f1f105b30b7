"""Consoles of their own: with other settings, in production, with a route that breaks."""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from flask import Flask
from redis import Redis

from console.app import create_app
from console.config import Settings
from console.infra.db import db
from console.web.auth import public
from tests.conftest import Client, Database, empty_all_tables

MakeApp = Callable[..., Flask]

PRODUCTION = {
    "environment": "production",
    "base_url": "https://console.example.org",
    "secret_key": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


@pytest.fixture
def make_app(settings: Settings, database: Database, redis_conn: "Redis") -> Iterator[MakeApp]:
    """`make_app(rate_limit_api="2/minute")`: an app with real commits; `/boom` breaks in it."""
    made: list[Flask] = []

    def make(**changes: Any) -> Flask:
        app = create_app(settings.model_copy(update=changes))
        app.test_client_class = Client
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.add_url_rule("/boom", "boom", public(_boom))
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    if made:
        empty_all_tables(database)


def _boom() -> NoReturn:
    raise ZeroDivisionError("canary-in-an-exception")
