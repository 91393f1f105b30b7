"""Ingest while PostgreSQL or Redis is away: what is acknowledged is stored, what is not is not half stored."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, func, select, text
from werkzeug.test import TestResponse

from console.accounts.actions import create_token
from console.alerts.models import Alert, FailureEvent, Occurrence
from console.app import create_app
from console.config import Settings
from console.infra.actor import SYSTEM, Scope
from console.infra.db import db
from console.infra.transaction import unit
from tests.alerts.calling import Api, problem
from tests.conftest import Database

ONE = {"service": "documents", "task": "render_pdf", "message": "boom", "event_id": "e-1"}


@pytest.fixture
def secret(committed: Flask) -> str:
    with unit():
        return create_token("my-service", [Scope.INGEST], by=SYSTEM)[1]


def stored() -> list[int]:
    with unit() as session:
        return [
            session.scalar(select(func.count()).select_from(model)) or 0 for model in (Alert, Occurrence, FailureEvent)
        ]


def refused(response: TestResponse) -> None:
    problem(response, 503)
    assert int(response.headers["Retry-After"]) > 0


def without(committed: Flask, settings: Settings, **urls: str) -> Flask:
    """The same console with a server that is not there."""
    made = create_app(settings.model_copy(update=urls))
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


def close(made: Flask) -> None:
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def test_with_redis_away_failures_are_taken(committed: Flask, settings: Settings, secret: str) -> None:
    made = without(committed, settings, redis_url="redis://127.0.0.1:9/0")
    response = Api(made.test_client(), secret).post("/failures", ONE)
    close(made)
    assert response.status_code == 202, response.text
    assert stored() == [1, 1, 1]


def test_with_postgresql_away_nothing_is_taken(committed: Flask, settings: Settings, secret: str) -> None:
    made = without(committed, settings, database_url="postgresql+psycopg2://console@127.0.0.1:9/console")
    refused(Api(made.test_client(), secret).post("/failures", ONE))
    close(made)


# Details are written after event ids and alerts: in the middle. The token is read first, by whoever counts requests.
@pytest.mark.parametrize("table", ["alert_details", "api_tokens"])
def test_a_database_lost_half_way_leaves_nothing_half_stored(
    committed: Flask, database: Database, secret: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(committed.config, "PROPAGATE_EXCEPTIONS", False)
    api = Api(committed.test_client(), secret)
    owner = create_engine(database.owner_url, isolation_level="AUTOCOMMIT")
    with ThreadPoolExecutor(1) as pool, owner.connect() as holding:
        holding.execute(text("BEGIN"))
        holding.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        sent = pool.submit(api.post, "/failures", ONE)
        end_waiting(owner, table)
        refused(sent.result(30))
        holding.execute(text("ROLLBACK"))
    owner.dispose()
    assert stored() == [0, 0, 0]
    assert api.post("/failures", ONE).get_json()["accepted"] == 1
    assert stored() == [1, 1, 1]


def end_waiting(owner: Engine, table: str) -> None:
    """End the session that waits for the lock, as a crash of the server would."""
    ended = text("""
        SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = CAST(:name AS regclass)
    """)
    started = datetime.now().astimezone()
    with owner.connect() as connection:
        while not connection.scalar(ended, {"name": table}):
            assert (datetime.now().astimezone() - started).seconds < 20
