"""A service that sends too much: what is over is dropped, counted, told in the reply and by one alert."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.alerts import actions, client, jobs
from console.alerts.client import NullCounter
from console.alerts.models import Alert, Occurrence, SourceDrop
from console.alerts.queries import sources
from console.alerts.rules.limits import room
from console.alerts.rules.states import Status
from console.infra.db import db
from console.infra.transaction import unit
from tests.alerts.calling import Api, problem
from tests.alerts.making import ADA
from tests.alerts.noise.conftest import batch
from tests.conftest import Cast, Clock, SignIn


def limit(service: str, number: int, clock: Clock) -> None:
    actions.put_limit(service, number, by=ADA, at=clock.at)
    db.session.commit()


def stored() -> int:
    return db.session.scalar(select(func.count()).select_from(Occurrence)) or 0


def write_down(clock: Clock) -> None:
    """What the scheduler's duty does, in the test's own transaction."""
    with client.taken_drops() as dropped:
        actions.note_drops(dropped, at=clock.at)
        db.session.flush()


def test_what_is_over_is_dropped_and_said_item_by_item(ingest: Api, clock: Clock) -> None:
    limit("shop", 5, clock)
    done = ingest.post("/failures", [*batch(4), *batch(2, "search"), *batch(3)])
    assert done.status_code == 202
    told = done.get_json()
    assert told["accepted"] == len(told["alerts"]) == 7
    assert [item["index"] for item in told["rejected"]] == [7, 8]
    assert told["rejected"][0]["errors"] == [
        {
            "pointer": "/7",
            "detail": "shop sends more than its limit of 5 failures a minute. "
            "Dropped and counted; send it again after 12:01:00 UTC.",
        }
    ]
    assert stored() == 7


def test_all_of_it_over_is_refused_as_a_whole_so_that_its_sender_may_wait(ingest: Api, clock: Clock) -> None:
    limit("shop", 5, clock)
    assert ingest.post("/failures", batch(5)).status_code == 202
    clock.advance(seconds=20)
    refused = ingest.post("/failures", batch(2))
    assert "limit of 5 failures a minute" in problem(refused, 429)["detail"]
    assert refused.headers["Retry-After"] == "40"
    assert ingest.post("/failures", batch(1, "search")).status_code == 202
    clock.advance(seconds=40)
    assert ingest.post("/failures", batch(2)).get_json()["accepted"] == 2


def test_items_that_are_not_valid_do_not_count(ingest: Api, clock: Clock) -> None:
    limit("shop", 2, clock)
    done = ingest.post("/failures", [*batch(2), {"service": "shop"}, *batch(1)]).get_json()
    assert done["accepted"] == 2
    assert [item["index"] for item in done["rejected"]] == [2, 3]


def test_drops_are_counted_told_by_one_alert_and_end(ingest: Api, clock: Clock) -> None:
    limit("shop", 5, clock)
    ingest.post("/failures", batch(12))
    ingest.post("/failures", batch(3))
    write_down(clock)
    clock.advance(minutes=1)
    ingest.post("/failures", batch(9))
    write_down(clock)
    (drop,) = sources.dropping()
    assert (drop.service, drop.dropped, drop.failures_per_minute) == ("shop", 7 + 3 + 4, 5)
    (alert,) = db.session.scalars(select(Alert).where(Alert.task == "alerts.source_limit"))
    assert (alert.status, alert.count) == (Status.OPEN, 1)
    assert alert.title == "shop sends more than its limit of 5 failures a minute; what is over is dropped and counted"
    clock.advance(minutes=5, seconds=1)
    write_down(clock)
    db.session.expire_all()
    assert sources.dropping() == []
    assert alert.status is Status.RESOLVED
    assert drop.ended_at == drop.last_at


def test_the_usual_number_holds_for_whoever_has_none(ingest: Api, admin: Api) -> None:
    put = admin.client.put("/api/v1/noise-settings", json={"failures_per_minute": 3}, headers=admin.headers)
    assert put.get_json()["failures_per_minute"] == 3
    assert ingest.post("/failures", batch(4)).get_json()["accepted"] == 3
    assert admin.delete("/noise-settings").status_code == 204
    assert ingest.post("/failures", batch(4)).get_json()["accepted"] == 4


def test_without_redis_no_limit_applies(app: Flask, ingest: Api, clock: Clock) -> None:
    limit("shop", 1, clock)
    dead = client.RedisCounter(Redis(port=1, socket_connect_timeout=0.1))
    for counter in (dead, NullCounter()):
        app.extensions["console.source_counter"] = counter
        assert ingest.post("/failures", batch(4)).get_json()["accepted"] == 4
        counter.drop({"shop": 1})
    del app.extensions["console.source_counter"]


def test_alertmanager_is_never_refused(ingest: Api, clock: Clock) -> None:
    limit("shop", 1, clock)
    fires = [{"status": "firing", "labels": {"alertname": f"a{n}", "service": "shop"}, "annotations": {},
              "startsAt": "2026-11-21T11:00:00Z", "fingerprint": f"{n:016x}"} for n in range(3)]  # fmt: skip
    for _ in range(3):
        done = ingest.post("/webhooks/alertmanager", {"version": "4", "status": "firing", "alerts": fires})
        assert done.status_code == 202
    assert stored() == 3


def crash_while_writing() -> None:
    with client.taken_drops() as dropped:
        assert dropped == {"shop": 4}
        raise ConnectionAbortedError


def test_what_a_crash_left_is_counted_by_the_next_round(ingest: Api, clock: Clock) -> None:
    limit("shop", 1, clock)
    ingest.post("/failures", batch(5))
    with pytest.raises(ConnectionAbortedError):
        crash_while_writing()
    ingest.post("/failures", batch(5))
    write_down(clock)
    write_down(clock)
    assert [drop.dropped for drop in sources.dropping()] == [4 + 5]


def test_the_duty_works_in_transactions_of_its_own(committed: Flask, redis_conn: "Redis", clock: Clock) -> None:
    assert committed
    client.RedisCounter(redis_conn).drop({"shop": 3})
    jobs.count_drops()
    jobs.count_drops()
    with unit() as session:
        assert [(d.service, d.dropped) for d in session.scalars(select(SourceDrop))] == [("shop", 3)]


def test_a_limit_has_its_get_list_and_delete(admin: Api, read: Api, clock: Clock, db_session: Session) -> None:
    def put(service: str, number: object) -> int:
        path = f"/api/v1/source-limits/{service}"
        return admin.client.put(path, json={"failures_per_minute": number}, headers=admin.headers).status_code

    assert [put("shop", 600), put("team/search", 60), put("shop", 6_000)] == [200, 200, 200]
    assert [put("shop", 0), put("shop", "many"), put("s" * 201, 5)] == [422, 422, 422]
    items = read.get("/source-limits").get_json()["items"]
    assert [(i["service"], i["failures_per_minute"]) for i in items] == [("shop", 6_000), ("team/search", 60)]
    first = read.get("/source-limits", limit=1).get_json()
    assert read.get("/source-limits", cursor=first["next_cursor"]).get_json()["items"] == items[1:]
    db_session.add(SourceDrop(service="shop", began_at=clock.at, last_at=clock.at, dropped=9, failures_per_minute=6))
    db_session.commit()
    assert read.get("/source-limits/shop").get_json()["dropping"]["dropped"] == 9
    assert admin.delete("/source-limits/shop").status_code == 204
    problem(read.get("/source-limits/shop"), 404)
    problem(admin.delete("/source-limits/shop"), 404)


def test_settings_that_contradict_themselves_are_refused(admin: Api, read: Api) -> None:
    wrong = [
        {"flapping_changes": 4, "flapping_calm": 4},
        {"flapping_changes": 3},
        {"flapping_window_minutes": 0},
        {"stale_days": 0},
        {"stale_services": {"": 3}},
        {"nonsense": True},
    ]
    for body in wrong:
        problem(admin.client.put("/api/v1/noise-settings", json=body, headers=admin.headers), 422)
    held = read.get("/noise-settings").get_json()
    assert (held["flapping_changes"], held["stale_days"], held["updated_at"]) == (6, None, None)


@pytest.mark.parametrize(("sent", "total", "within"), [(5, 5, 5), (5, 12, 3), (5, 30, 0), (5, 10, 5), (1, 11, 0)])
def test_room(sent: int, total: int, within: int) -> None:
    assert room(sent, total, 10) == within


def test_dropping_is_said_above_the_list(
    client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock, db_session: Session
) -> None:
    began = clock.at - timedelta(minutes=3)
    db_session.add(
        SourceDrop(service="shop", began_at=began, last_at=clock.at, dropped=12_340, failures_per_minute=6_000)
    )
    actions.report_system_alert("x", task="t", at=clock.at)
    db_session.commit()
    page = " ".join(sign_in(client, cast.vi).get("/alerts").text.split())
    assert "12,340 failures of shop dropped</strong> since" in page
    assert "by its limit of 6,000 a minute" in page
