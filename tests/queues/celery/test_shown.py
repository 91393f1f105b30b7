"""What the page and the API say of how well a Celery broker is heard."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from console.infra import clock
from console.infra.actor import Actor, Scope
from console.queues.actions import celery as actions
from console.queues.actions.celery import Heard
from console.queues.models import Broker, CeleryFollower
from console.queues.rules.celery import Task, WorkerEvent
from tests.conftest import Clock
from tests.queues.conftest import VI, holder

Become = Callable[[Actor | None], None]
READER = holder(Scope.READ)


@pytest.fixture
def broker(app: Flask, db_session: Session, clock: Clock) -> str:
    """A watched Celery broker that nobody has followed yet."""
    for name, kind in (("shop", "celery"), ("noise", "celery"), ("other", "rq")):
        db_session.add(
            Broker(
                name=name, kind=kind, service=name, environment="production", url="sealed", host="shop.example",
                port=6379, db=len(name), secure=False, prefix="", queues=[], result_db=None, read_only=False,
                enabled=True, created_at=clock.at, updated_at=clock.at,
            )
        )  # fmt: skip
    db_session.commit()
    return "shop"


def hear(session: Session, broker: str) -> None:
    now = clock.now()
    beat = WorkerEvent("worker-heartbeat", f"w1@{broker}", now, 41, 2.0, 1, 1_234, "py-celery 5.7.0")
    heard = Heard(events=5_200, rubbish=2, rubbish_why="not in JSON", last_at=now, of_tasks=True)
    assert actions.hold(session, broker, owner="o", now=now)
    actions.listens(session, broker, at=now)
    actions.note(session, broker, heard)
    actions.see_workers(session, broker, {beat.hostname: beat}, now=now)
    actions.remember(session, broker, [Task("u1", name="shop.pack", hostname=beat.hostname, started_at=now)], now=now)
    session.commit()


def page(client: FlaskClient, name: str = "shop") -> str:
    reply = client.get(f"/queues/brokers/{name}")
    assert reply.status_code == 200
    return reply.text


def test_the_page_says_that_nobody_listens(client: FlaskClient, as_actor: Become, broker: str) -> None:
    as_actor(VI)
    text = page(client)
    assert "Nobody listens" in text
    assert "Last gap" not in text
    assert "Nobody listens" not in page(client, "other")


def test_the_page_says_what_is_heard_and_what_was_missed(
    client: FlaskClient, as_actor: Become, db_session: Session, broker: str, clock: Clock
) -> None:
    as_actor(VI)
    hear(db_session, "noise")
    hear(db_session, broker)
    row = update(CeleryFollower).where(CeleryFollower.broker == broker)
    db_session.execute(row.values(deaf_since=clock.at - timedelta(minutes=10)))
    db_session.commit()
    text = page(client)
    assert "Listens" in text
    assert "5,200" in text
    assert "2 skipped: not in JSON" in text
    assert "The results of tasks are being read" in text
    assert "w1@shop" in text
    assert "shop.pack" in text
    assert "w1@noise" not in text
    actions.note_results(db_session, broker, found=0, at=clock.advance(seconds=1))
    db_session.commit()
    assert "There are no results here" in page(client)
    actions.note_results(db_session, broker, found=7, at=clock.at)
    db_session.commit()
    assert "kept its result has been told" in page(client)


def test_the_api_says_the_same(client: FlaskClient, as_actor: Become, db_session: Session, broker: str) -> None:
    as_actor(READER)
    headers = {"Authorization": "Bearer a-token"}
    before = client.get("/api/v1/brokers/shop/following", headers=headers).json
    assert before is not None
    assert (before["listens"], before["made_up"], before["workers"], before["running"]) == (False, None, [], [])
    hear(db_session, broker)
    said = client.get("/api/v1/brokers/shop/following", headers=headers).json
    assert said is not None
    assert (said["listens"], said["events"], said["rubbish"], said["events_on"]) == (True, 5_200, 2, True)
    assert [(one["hostname"], one["processed"]) for one in said["workers"]] == [("w1@shop", 1_234)]
    assert [(one["uuid"], one["name"]) for one in said["running"]] == [("u1", "shop.pack")]
    for name in ("other", "nobody"):
        assert client.get(f"/api/v1/brokers/{name}/following", headers=headers).status_code == 404
    as_actor(holder(Scope.WRITE))
    assert client.get("/api/v1/brokers/shop/following", headers=headers).status_code == 403
