"""Our own Redis under another name is known by what the server says of itself, wherever a broker is used."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from console.infra import clock, crypto
from console.infra.actor import Scope
from console.infra.brokers import Refused, parse
from console.infra.db import db
from console.infra.redis import connect as own_client
from console.infra.transaction import unit
from console.queues import client as outside
from console.queues.client import connect
from console.queues.jobs import Sampler
from console.queues.models import Broker, BrokerState
from console.queues.rules.brokers import Watched
from tests.elsewhere import Elsewhere, elsewhere
from tests.oncall.making import allow_loopback
from tests.queues.conftest import holder

Become = Callable[..., None]
ADMIN = holder(Scope.READ, Scope.WRITE, Scope.ADMIN)
SAID = "the console's own Redis under another name"


@pytest.fixture
def ours(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """The console's own Redis, which a test may call by other names, stop and start."""
    folder: Path = tmp_path_factory.mktemp("ours")
    before, redis = allow_loopback(app), app.extensions["console.redis"]
    with elsewhere(folder, "a-password") as made:
        settings = app.extensions["console.settings"].model_copy(update={"redis_url": made.url})
        app.extensions |= {"console.settings": settings, "console.redis": own_client(settings)}
        yield made
        app.extensions["console.redis"].close()
    app.extensions |= {"console.settings": before, "console.redis": redis}


def alias(ours: Elsewhere, db: int = 0) -> str:
    return ours.url_of(db).replace("127.0.0.1", "localhost")


def keep(url: str) -> Watched:
    """A broker as it was kept before anybody looked who is there."""
    at, there = clock.now(), parse(url)
    with unit() as session:
        row = Broker(
            name="shop", kind="rq", url=crypto.seal(url), host=there.host, port=there.port, db=there.db, secure=False,
            service="shop", environment="production", prefix="", queues=[], read_only=False, enabled=True,
            created_at=at, updated_at=at,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.watched


@pytest.mark.parametrize("kind", ["rq", "celery"])
def test_it_is_refused_in_a_sentence(client: FlaskClient, as_actor: Become, ours: Elsewhere, kind: str) -> None:
    as_actor(ADMIN)
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer a-token"
    wanted: dict[str, Any] = {"kind": kind, "service": "shop"}
    refused = client.put("/api/v1/brokers/shop", json=wanted | {"url": alias(ours)})
    assert refused.status_code == 422
    assert SAID in refused.text
    assert client.put("/api/v1/brokers/shop", json=wanted | {"url": alias(ours, 3)}).status_code == 201


def test_one_kept_before_is_neither_read_nor_followed(ours: Elsewhere) -> None:
    broker = keep(alias(ours))
    with pytest.raises(Refused, match=SAID):
        connect(broker).ping()
    assert SAID in outside.test(broker).said
    Sampler().sample()
    db.session.rollback()
    assert SAID in (db.session.get_one(BrokerState, "shop").error or "")


def test_a_server_that_will_not_say_who_it_is_passes(ours: Elsewhere, tmp_path: Path) -> None:
    with elsewhere(tmp_path) as other:
        with other.client() as admin:
            admin.acl_setuser("shy", enabled=True, passwords=["+pw"], commands=["+@all", "-info"], keys=["*"])
        broker = keep(f"redis://shy:pw@127.0.0.1:{other.port}/0")
        assert connect(broker).ping()


def test_nobody_is_ours_while_ours_is_away(ours: Elsewhere, tmp_path: Path) -> None:
    with elsewhere(tmp_path) as other:
        broker = keep(other.url)
        ours.stop()
        found: Redis = connect(broker)
        assert found.ping()
