"""The test button against what people really type: another Redis, a web server, PostgreSQL, nothing, silence."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq import Queue
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from console.audit.models import AuditEntry
from console.infra.actor import Scope
from tests.conftest import Database
from tests.elsewhere import Elsewhere, elsewhere, free_port
from tests.queues import jobs_elsewhere as tasks
from tests.queues.conftest import holder

Become = Callable[..., None]
ADMIN = holder(Scope.READ, Scope.ADMIN)
CANARY = "s3cret-canary-4410"
# What the contract promises.
SECONDS = 3.0


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path_factory.mktemp("elsewhere"), CANARY) as made:
        yield made


@pytest.fixture
def http(app: Flask, client: FlaskClient, as_actor: Become, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """An admin's program, on a machine whose operator lets us reach it."""
    loopback = {"probe_allowed_networks": (ip_network("127.0.0.0/8"),)}
    monkeypatch.setitem(
        app.extensions, "console.settings", app.extensions["console.settings"].model_copy(update=loopback)
    )
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer a-token"
    as_actor(ADMIN)
    return client


def ask(http: FlaskClient, url: str, **wanted: Any) -> dict[str, Any]:
    made = http.put("/api/v1/brokers/it", json={"kind": "rq", "service": "billing", "url": url} | wanted)
    assert made.status_code in {200, 201}, made.text
    began = time.monotonic()
    reply = http.post("/api/v1/brokers/it/test")
    assert time.monotonic() - began < SECONDS
    assert reply.status_code == 200, reply.text
    assert isinstance(reply.json, dict)
    return reply.json


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on a port that does `serve` with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def accept() -> None:
            while not stop.is_set():
                try:
                    peer, _ = server.accept()
                except TimeoutError:
                    continue
                with peer:
                    serve(peer)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            stop.set()
            thread.join()


def test_it_says_what_rq_holds(http: FlaskClient, other: Elsewhere) -> None:
    with other.client() as redis:
        Queue("mails", connection=redis).enqueue(tasks.fail)
        Queue("reports", connection=redis).enqueue(tasks.succeed)
    tasks.work(other.url, "mails").wait(30)
    found = ask(http, other.url)
    assert (found["ok"], found["rq_queues"], found["rq_failed"], found["rq_workers"]) == (True, 2, 1, 0)
    assert found["version"].count(".") == 2
    assert 0 < found["milliseconds"] < 1000
    assert f"Redis {found['version']} answers" in found["said"]
    assert "2 queues, 0 workers, 1 failed jobs" in found["said"]


def test_it_wonders_at_the_wrong_kind(http: FlaskClient, other: Elsewhere) -> None:
    assert "It holds no keys of RQ yet" in ask(http, other.url)["said"]
    with other.client() as redis:
        redis.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
    assert "keys of Celery, none of RQ" in ask(http, other.url)["said"]
    http.delete("/api/v1/brokers/it")
    assert "Celery: 0 workers announced, 1 queues bound" in ask(http, other.url, kind="celery")["said"]


def test_a_wrong_password_is_told_without_it(http: FlaskClient, other: Elsewhere) -> None:
    wrong = other.url.replace(CANARY, "not-the-password-1")
    found = ask(http, wrong)
    assert (found["ok"], found["said"]) == (False, "Redis answers, but refuses this user or password.")
    assert ask(http, other.url.replace(f":{CANARY}@", ""))["said"] == found["said"]


def test_a_database_that_does_not_exist_is_told(http: FlaskClient, other: Elsewhere) -> None:
    assert "no database of this number" in ask(http, other.url_of(99))["said"]


def test_nothing_there(http: FlaskClient) -> None:
    found = ask(http, f"redis://:{CANARY}@127.0.0.1:{free_port()}/0")
    assert found["said"] == "It refuses the connection: nothing listens there."
    assert CANARY not in str(found)


def test_a_web_server(http: FlaskClient) -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        assert (
            ask(http, f"redis://127.0.0.1:{server.server_port}/0")["said"] == "A web server answers there, not Redis."
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_web_server_that_speaks_http_1(http: FlaskClient) -> None:
    with listening(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")) as port:
        assert ask(http, f"redis://127.0.0.1:{port}/0")["said"] == "A web server answers there, not Redis."


def test_a_postgresql(http: FlaskClient, database: Database) -> None:
    """The real one of the tests, behind a port: it listens on a socket file only."""
    where = make_url(database.app_url)
    path = f"{where.query['host']}/.s.PGSQL.{where.query.get('port', '5432')}"

    def forward(peer: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as real:
            real.connect(path)
            real.sendall(peer.recv(4096))
            peer.sendall(real.recv(4096))

    with listening(forward) as port:
        assert ask(http, f"redis://127.0.0.1:{port}/0")["said"] == "PostgreSQL answers there, not Redis."


def test_something_else(http: FlaskClient) -> None:
    with listening(lambda peer: peer.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")) as port:
        assert ask(http, f"redis://127.0.0.1:{port}/0")["said"] == "Something else than Redis answers there."


def test_a_server_that_accepts_and_says_nothing(http: FlaskClient, other: Elsewhere) -> None:
    other.freeze()
    try:
        assert ask(http, other.url)["said"] == "No answer in time."
    finally:
        other.thaw()


def test_a_server_that_says_a_byte_a_second(http: FlaskClient) -> None:
    def drip(peer: socket.socket) -> None:
        for _ in range(40):
            try:
                peer.sendall(b"+")
            except OSError:
                return
            time.sleep(0.1)

    with listening(drip) as port:
        assert ask(http, f"redis://127.0.0.1:{port}/0")["said"] == "No answer in time."


def test_tls_where_none_is(http: FlaskClient, other: Elsewhere) -> None:
    assert ask(http, other.url.replace("redis://", "rediss://"))["ok"] is False


def test_it_is_kept_in_the_trail(http: FlaskClient, other: Elsewhere, db_session: Session) -> None:
    ask(http, other.url)
    entry = db_session.scalars(select(AuditEntry).where(AuditEntry.action == "broker.tested")).one()
    assert entry.details["ok"] is True
    assert CANARY not in str(entry.details)


def test_our_own_can_be_tested(http: FlaskClient) -> None:
    reply = http.post("/api/v1/brokers/console/test")
    assert (reply.status_code, (reply.json or {})["ok"]) == (200, True)


def test_only_admins_test(http: FlaskClient, as_actor: Become) -> None:
    as_actor(holder(Scope.READ, Scope.WRITE))
    assert http.post("/api/v1/brokers/console/test").status_code == 403
