"""`/ping/…` as senders know it from Healthchecks."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from console.alerts import actions
from console.alerts.models import Heartbeat, HeartbeatPing
from console.alerts.queries import heartbeats as reads
from console.alerts.rules.heartbeats.beats import Kind, State
from console.infra.db import db
from console.infra.transaction import unit
from tests.alerts.heartbeats.conftest import Ping, fresh, make
from tests.conftest import Clock


def pings_of(heartbeat: Heartbeat) -> list[HeartbeatPing]:
    return list(reads.pings(heartbeat.id, limit=200).items)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_it_takes_every_method(ping: Ping, heartbeat: Heartbeat, clock: Clock, method: str) -> None:
    answer = ping(method=method)
    assert (answer.status_code, answer.text) == (200, "" if method == "HEAD" else "OK")
    kept = fresh(heartbeat)
    assert (kept.state, kept.last_ping_at, kept.pings_count) == (State.UP, clock.at, 1)
    assert kept.deadline_at == clock.at + timedelta(seconds=720)


def test_it_answers_with_the_headers_of_healthchecks(ping: Ping) -> None:
    headers = ping().headers
    assert headers["Ping-Body-Limit"] == "10000"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "no-store" in headers["Cache-Control"]
    assert headers["Content-Type"].startswith("text/plain")
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [
        ("", Kind.SUCCESS, None),
        ("/", Kind.SUCCESS, None),
        ("/start", Kind.START, None),
        ("/start/", Kind.START, None),
        ("/fail", Kind.FAIL, None),
        ("/log", Kind.LOG, None),
        ("/0", Kind.SUCCESS, 0),
        ("/1", Kind.FAIL, 1),
        ("/255", Kind.FAIL, 255),
        ("/255/", Kind.FAIL, 255),
    ],
)
def test_it_reads_what_a_ping_says(ping: Ping, heartbeat: Heartbeat, path: str, kind: Kind, code: int | None) -> None:
    answer = ping(path)
    assert (answer.status_code, answer.text) == (200, "OK")
    (kept,) = pings_of(heartbeat)
    assert (kept.kind, kept.exit_code) == (kind, code)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/256", 400), ("/99999999999999999999", 400), ("/-1", 404), ("/begin", 404), ("/start/fail", 404), ("//", 404)],
)
def test_it_refuses_what_is_no_ping(ping: Ping, heartbeat: Heartbeat, path: str, status: int) -> None:
    answer = ping(path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert pings_of(heartbeat) == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ping/50dc5d43-a027-42e4-b69e-52e8175a8ef3", 404),
        ("/ping/", 404),
        ("/ping/nonsense", 404),
        ("/ping/wrong-key-0123456789/nightly-backup", 404),
        ("/ping/wrong-key-0123456789/Nightly", 400),
        ("/ping/wrong-key-0123456789/a%00b", 400),
    ],
)
def test_it_knows_nothing_of_strangers(client: FlaskClient, heartbeat: Heartbeat, path: str, status: int) -> None:
    assert client.get(path).status_code == status
    assert client.post(path, data=b"x" * 20_000).status_code == status


def test_it_never_redirects(client: FlaskClient, heartbeat: Heartbeat) -> None:
    for path in (f"/ping/{heartbeat.uuid}/", f"/ping/{str(heartbeat.uuid).upper()}", f"/ping//{heartbeat.uuid}"):
        assert client.get(path).status_code in {200, 404}


def test_it_keeps_a_body_byte_for_byte_up_to_its_limit(ping: Ping, heartbeat: Heartbeat) -> None:
    binary = bytes(range(256)) * 39 + b"\xff" * 16
    assert len(binary) == 10_000
    assert ping(method="POST", data=binary).status_code == 200
    assert ping(method="POST", data=binary + b"more").status_code == 200
    longer, exact = pings_of(heartbeat)
    assert (exact.body, exact.body_cut) == (binary, False)
    assert (longer.body, longer.body_cut) == (binary, True)


def test_it_takes_a_body_of_ten_megabytes(ping: Ping, heartbeat: Heartbeat) -> None:
    assert ping("/fail", method="POST", data=b"z" * 10_000_000).status_code == 200
    (kept,) = pings_of(heartbeat)
    assert (len(kept.body or b""), kept.body_cut) == (10_000, True)


def test_it_takes_a_form_without_reading_it_as_one(ping: Ping, heartbeat: Heartbeat) -> None:
    assert ping(method="POST", data={"disk": "ok"}).status_code == 200
    assert pings_of(heartbeat)[0].body == b"disk=ok"


def test_it_refuses_a_bad_run_id(ping: Ping, heartbeat: Heartbeat) -> None:
    assert ping("/start?rid=7").status_code == 400
    assert ping(f"/start?rid={uuid.uuid4()}").status_code == 200
    assert ping("/start?rid=").status_code == 200


def test_it_pings_by_key_and_slug(client: FlaskClient, heartbeat: Heartbeat, clock: Clock) -> None:
    key = actions.ensure_ping_key(at=clock.at)
    for suffix in ("", "/", "/start", "/fail", "/log", "/0", "/7"):
        assert client.get(f"/ping/{key}/nightly-backup{suffix}").status_code == 200
    assert len(pings_of(heartbeat)) == 7
    assert client.get(f"/ping/{key}/Nightly-Backup").status_code == 400
    assert client.get(f"/ping/{key}/nightly-backup/256").status_code == 400
    assert client.get(f"/ping/{key}/unheard-of").status_code == 404


def test_it_makes_a_missing_slug_on_demand(client: FlaskClient, heartbeat: Heartbeat, clock: Clock) -> None:
    key = actions.ensure_ping_key(at=clock.at)
    first = client.get(f"/ping/{key}/unheard-of/start?create=1")
    assert (first.status_code, first.text) == (201, "Created")
    again = client.get(f"/ping/{key}/unheard-of?create=1")
    assert (again.status_code, again.text) == (200, "OK")
    made = reads.heartbeat_named("unheard-of")
    assert (made.period_seconds, made.grace_seconds, made.pings_count) == (86_400, 3_600, 2)
    assert made.last_duration_ms == 0


def test_it_creates_nothing_by_a_uuid_or_a_wrong_key(client: FlaskClient, heartbeat: Heartbeat, clock: Clock) -> None:
    actions.ensure_ping_key(at=clock.at)
    assert client.get(f"/ping/{uuid.uuid4()}?create=1").status_code == 404
    assert client.get("/ping/wrong-key-0123456789/unheard-of?create=1").status_code == 404
    assert reads.find_heartbeat("unheard-of") is None


def test_it_answers_409_when_heartbeats_share_a_slug(client: FlaskClient, heartbeat: Heartbeat, clock: Clock) -> None:
    make(name="Nightly backup of the archive")
    key = actions.ensure_ping_key(at=clock.at)
    answer = client.get(f"/ping/{key}/nightly-backup?create=1")
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, "text/plain; charset=utf-8")
    assert pings_of(heartbeat) == []


def test_it_makes_a_slug_whose_name_is_taken(client: FlaskClient, heartbeat: Heartbeat, clock: Clock) -> None:
    make(name="mailer", slug="mailer-old")
    key = actions.ensure_ping_key(at=clock.at)
    assert client.get(f"/ping/{key}/mailer?create=1").status_code == 201
    found = reads.heartbeats(limit=50).items
    assert sorted(h.slug for h in found if h.name.startswith("mailer")) == ["mailer", "mailer-old"]


def test_eight_at_once_make_one_heartbeat(committed: Flask) -> None:
    with unit():
        key = actions.ensure_ping_key(at=__import__("console.infra.clock", fromlist=["now"]).now())

    def send(_: int) -> int:
        return committed.test_client().get(f"/ping/{key}/fresh?create=1").status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(send, range(8)))
    assert answers == [200] * 7 + [201]
    (made,) = db.session.scalars(select(Heartbeat)).all()
    assert made.pings_count == 8


def test_it_forgets_the_oldest_pings(ping: Ping, heartbeat: Heartbeat) -> None:
    row = fresh(heartbeat)
    row.pings_count = 1_098
    db.session.commit()
    ping()
    assert len(pings_of(heartbeat)) == 1
    row = fresh(heartbeat)
    row.pings_count = 2_099
    db.session.commit()
    ping()
    assert [p.number for p in pings_of(heartbeat)] == [2_100]


def test_it_remembers_who_pinged(ping: Ping, heartbeat: Heartbeat) -> None:
    ping(method="POST", headers={"User-Agent": "curl/8.5.0 " + "x" * 300}, environ_base={"REMOTE_ADDR": "10.9.8.7"})
    (kept,) = pings_of(heartbeat)
    assert (kept.method, kept.address) == ("POST", "10.9.8.7")
    assert kept.agent is not None
    assert len(kept.agent) == 200


def test_a_log_line_changes_nothing_but_the_log(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping()
    before = fresh(heartbeat).pulse
    clock.advance(seconds=30)
    ping("/log", method="POST", data=b"half way")
    assert fresh(heartbeat).pulse == before
    assert [p.kind for p in pings_of(heartbeat)] == [Kind.LOG, Kind.SUCCESS]
