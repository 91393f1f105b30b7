"""Brokers as admins set them up over the API: kept sealed, never shown, judged, audited."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.audit.models import AuditEntry
from console.infra import crypto
from console.infra.actor import Scope
from console.infra.errors import Conflict
from console.infra.resealing import reseal_all
from console.queues import actions, queries
from console.queues import client as outside
from console.queues.models import Broker
from tests.elsewhere import Elsewhere, elsewhere
from tests.queues.conftest import holder

Become = Callable[..., None]
LOOPBACK = (ip_network("127.0.0.0/8"),)
CANARY = "s3cret-canary-7719"
ADMIN = holder(Scope.READ, Scope.WRITE, Scope.ADMIN)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder: Path = tmp_path_factory.mktemp("elsewhere")
    with elsewhere(folder, CANARY) as made:
        yield made


@pytest.fixture
def allowed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator lets us reach this machine."""
    settings = app.extensions["console.settings"].model_copy(update={"probe_allowed_networks": LOOPBACK})
    monkeypatch.setitem(app.extensions, "console.settings", settings)


@pytest.fixture
def client(client: FlaskClient) -> FlaskClient:
    """A program that sends its token with every request."""
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer a-token"
    return client


def put(http: FlaskClient, name: str = "billing", **changes: Any) -> Any:
    wanted = {"kind": "rq", "service": "billing"} | changes
    return http.put(f"/api/v1/brokers/{name}", json=wanted)


def get(http: FlaskClient, url: str) -> Any:
    reply = http.get(url)
    assert reply.status_code == 200, reply.text
    return reply.json


def test_it_is_kept_sealed_and_never_shown(
    client: FlaskClient, as_actor: Become, allowed: None, db_session: Session, other: Elsewhere
) -> None:
    as_actor(ADMIN)
    made = put(client, url=other.url_of(3), queues=["mails"], read_only=True)
    assert made.status_code == 201
    shown = made.json
    assert (shown["host"], shown["port"], shown["db"]) == ("127.0.0.1", other.port, 3)
    assert (shown["read_only"], shown["queues"], shown["builtin"], shown["last_ok_at"]) == (
        True,
        ["mails"],
        False,
        None,
    )
    row = db_session.scalars(select(Broker)).one()
    assert CANARY not in row.url
    assert crypto.unseal(row.url) == other.url_of(3)
    replies = [client.get("/api/v1/brokers"), client.get("/api/v1/brokers/billing"), made]
    trail = str([(entry.action, entry.details) for entry in db_session.scalars(select(AuditEntry))])
    assert "broker.created" in trail
    assert not any(CANARY in text for text in [*(reply.text for reply in replies), trail])


def test_a_change_without_an_address_keeps_it(
    client: FlaskClient, as_actor: Become, allowed: None, other: Elsewhere
) -> None:
    as_actor(ADMIN)
    put(client, url=other.url)
    changed = put(client, service="payments", enabled=False)
    assert (changed.status_code, changed.json["service"], changed.json["enabled"]) == (200, "payments", False)
    assert crypto.unseal(queries.get_broker("billing").url) == other.url
    assert [one.name for one in queries.watched()] == ["console"]


def test_our_own_is_always_there_and_cannot_be_changed(client: FlaskClient, as_actor: Become) -> None:
    as_actor(ADMIN)
    listed = get(client, "/api/v1/brokers")
    assert [(one["name"], one["builtin"], one["host"]) for one in listed["items"]] == [("console", True, None)]
    assert put(client, "console", url="redis://127.0.0.1/1").status_code == 409
    assert client.delete("/api/v1/brokers/console").status_code == 409
    assert get(client, "/api/v1/brokers/console")["kind"] == "rq"


def test_the_list_is_paged_with_our_own_first(
    client: FlaskClient, as_actor: Become, allowed: None, other: Elsewhere
) -> None:
    as_actor(ADMIN)
    for number, name in enumerate(["zeta", "alpha", "mid"]):
        put(client, name, url=other.url_of(number))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = get(client, f"/api/v1/brokers?limit=2&cursor={cursor}")
        seen += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["console", "alpha", "mid", "zeta"]


def test_a_place_is_watched_once(client: FlaskClient, as_actor: Become, allowed: None, other: Elsewhere) -> None:
    as_actor(ADMIN)
    put(client, url=other.url)
    twice = put(client, "second", url=other.url)
    assert (twice.status_code, "billing watches this place" in twice.json["detail"]) == (409, True)
    assert put(client, "celery", kind="celery", url=other.url).status_code == 201
    assert put(client, "celery", kind="rq").status_code == 409


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("amqp://guest:guest@rabbit/", "AMQP is not offered"),
        ("unix:///tmp/redis.sock", "A socket file is not offered"),
        ("http://example.com/", "redis://"),
        ("redis://", "redis://"),
        ("redis://host:99999/0", "cannot be read"),
        ("redis://host/zero", "number of a Redis database"),
        ("redis://host/0?ssl_ca_certs=/etc/passwd", "Behind the question mark"),
        ("redis://10.0.0.8/0", "PROBE_ALLOWED_NETWORKS"),
        ("redis://169.254.169.254/0", "PROBE_ALLOWED_NETWORKS"),
        ("redis://[::ffff:127.0.0.1]/0", "PROBE_ALLOWED_NETWORKS"),
        ("redis://ho st/0", "plain characters"),
        ("redis://h/" + "x" * 3_000, "characters"),
    ],
)
def test_what_cannot_be_watched_is_refused_with_its_reason(
    client: FlaskClient, as_actor: Become, url: str, told: str
) -> None:
    as_actor(ADMIN)
    refused = put(client, url=url)
    assert refused.status_code == 422
    assert [(fault["pointer"], told in fault["detail"]) for fault in refused.json["errors"]] == [("/url", True)]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({}, "/url"), ({"kind": "kafka"}, "/kind"), ({"service": " "}, "/service"), ({"result_db": -1}, "/result_db")],
)
def test_what_is_missing_or_wrong_is_named(
    client: FlaskClient, as_actor: Become, changes: dict[str, Any], pointer: str
) -> None:
    as_actor(ADMIN)
    refused = put(client, **changes)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)


def test_only_admins_change_it(client: FlaskClient, as_actor: Become, other: Elsewhere) -> None:
    as_actor(holder(Scope.READ, Scope.WRITE))
    assert put(client, url=other.url).status_code == 403
    assert client.delete("/api/v1/brokers/billing").status_code == 403
    assert client.get("/api/v1/brokers/billing").status_code == 404


def test_deleting_forgets_it(client: FlaskClient, as_actor: Become, allowed: None, other: Elsewhere) -> None:
    as_actor(ADMIN)
    put(client, url=other.url)
    assert client.delete("/api/v1/brokers/billing").status_code == 204
    assert client.delete("/api/v1/brokers/billing").status_code == 404


def test_a_read_only_broker_refuses_changes(allowed: None, other: Elsewhere) -> None:
    watched = replace(queries.get_watched("console"), name="billing", read_only=True)
    with pytest.raises(Conflict, match="read-only"):
        actions.require_writable(watched)
    with pytest.raises(Conflict, match="switched off"):
        actions.require_writable(replace(watched, read_only=False, enabled=False))
    actions.require_writable(replace(watched, read_only=False))


def test_its_redis_is_reached_by_what_is_sealed(
    client: FlaskClient, as_actor: Become, allowed: None, other: Elsewhere
) -> None:
    as_actor(ADMIN)
    put(client, url=other.url_of(5))
    there = connect("billing")
    there.set("seen", "1")
    with other.client(5) as direct:
        assert direct.get("seen") == b"1"


def test_its_address_moves_under_a_new_key(
    client: FlaskClient, as_actor: Become, allowed: None, app: Flask, monkeypatch: pytest.MonkeyPatch, other: Elsewhere
) -> None:
    as_actor(ADMIN)
    put(client, url=other.url)
    before = queries.get_broker("billing").url
    keys = ("a-new-key-of-thirty-two-characters",)
    settings = app.extensions["console.settings"].model_copy(update={"encryption_keys": keys})
    monkeypatch.setitem(app.extensions, "console.settings", settings)
    done, closed = reseal_all()
    assert (done >= 1, closed) == (True, [])
    assert queries.get_broker("billing").url != before
    assert connect("billing").ping()


def connect(name: str) -> Any:
    return outside.connect(queries.get_watched(name))
