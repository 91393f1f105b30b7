"""Failed jobs requeued and deleted by order: counted, asked, done once each, told one by one."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

from console.alerts import actions as alerts
from console.alerts import queries as alert_queries
from console.alerts.models import Alert
from console.audit.models import AuditEntry
from console.infra import clock
from console.infra.actor import SYSTEM, Actor, Scope
from console.infra.jobs import Job, run
from console.infra.transaction import unit
from console.queues import queries
from console.queues.client import RqRegistries
from console.queues.jobs import Ends, Follower, close_orders
from tests.queues.conftest import OLU, VI, holder
from tests.queues.planting import finish, plant, state, waiting

Become = Callable[[Actor | None], None]
PROGRAM = holder(Scope.READ, Scope.WRITE)


@pytest.fixture
def http(committed: Flask, as_committed: Become) -> FlaskClient:
    """A program that may write."""
    as_committed(PROGRAM)
    made = committed.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = "Bearer a-token"
    return made


@pytest.fixture
def as_committed(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> Become:
    from flask import g

    from console.web.auth import Loaders

    def become(actor: Actor | None) -> None:
        user = actor if actor and actor.kind == "user" else None
        token = actor if actor and actor.kind == "token" else None
        g.pop("actor", None)
        monkeypatch.setitem(
            committed.extensions, "console.auth", Loaders(session=lambda: user, token=lambda _raw: token)
        )

    return become


@pytest.fixture
def alert(committed: Flask, redis_conn: Redis) -> int:
    """An alert of three jobs that failed on our Redis; one of another cause beside it."""
    for number in range(3):
        plant(redis_conn, f"job-{number}")
    plant(redis_conn, "other", text="OSError: disk full")
    assert Follower(RqRegistries(redis_conn)).follow() == 4
    with unit() as session:
        found = session.scalars(select(Alert).where(Alert.exception_type == "ValueError")).one()
        assert found.count == 3
        return found.id


def ask(http: FlaskClient, status: int = 202, **body: Any) -> Any:
    path = "/job-orders/dry-runs" if body.pop("dry_run", False) else "/job-orders"
    reply = http.post(f"/api/v1{path}", json=body)
    assert reply.status_code == status, reply.text
    return reply.json


def carry_out(order: dict[str, Any]) -> None:
    with unit() as session:
        row = queries.get_order(order["id"]).order.job_id
        assert session.get(Job, row)
    assert row is not None
    run.perform(row, worker="w1")


def end(redis: "Redis") -> None:
    Ends(RqRegistries(redis), "console").look()


def history(alert_id: int) -> list[str]:
    with unit():
        return [row.why for row in alert_queries.history(alert_id, limit=50).items]


def fetch(http: FlaskClient, url: str) -> Any:
    reply = http.get(f"/api/v1{url}")
    assert reply.status_code == 200, reply.text
    return reply.json


def retry(http: FlaskClient, alert_id: int, body: dict[str, bool]) -> Any:
    reply: Any = http.post(f"/api/v1/alerts/{alert_id}/retry", json=body).json
    return reply["jobs"]


def jobs_of(http: FlaskClient, order: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    items = fetch(http, f"/job-orders/{order['id']}/jobs")["items"]
    return {one["job_id"]: (one["outcome"], one["ended"]) for one in items}


def test_a_dry_run_counts_and_changes_nothing(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    finish(redis_conn, "job-2", how="queued")
    found = ask(http, 200, action="requeue", alert=alert, dry_run=True)
    assert (found["jobs"], found["forbidden"]) == (2, None)
    assert found["refused"] == [{"broker": "console", "job_id": "job-2", "why": "it is queued now, not failed"}]
    assert waiting(redis_conn) == []
    assert fetch(http, "/job-orders")["items"] == []


def test_an_alerts_jobs_run_again_and_the_alert_says_so(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    order = ask(http, action="requeue", alert=alert, expect=3)
    assert order["jobs"] == 3
    carry_out(order)
    assert waiting(redis_conn) == ["job-0", "job-1", "job-2"]
    assert {state(redis_conn, f"job-{n}") for n in range(3)} == {"queued"}
    assert state(redis_conn, "other") == "failed"
    end(redis_conn)
    assert jobs_of(http, order) == {f"job-{n}": ("requeued", None) for n in range(3)}
    finish(redis_conn, "job-0", "job-1", "job-2")
    end(redis_conn)
    assert jobs_of(http, order)["job-1"] == ("requeued", "succeeded")
    assert fetch(http, f"/alerts/{alert}")["status"] == "resolved"
    assert "all 3 retried jobs succeeded" in history(alert)
    with unit() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "rq.requeue")).one()
        assert entry.details["brokers"] == {"console": 3}


def test_an_alert_says_how_many_failed_again(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    order = ask(http, action="requeue", alert=alert)
    carry_out(order)
    finish(redis_conn, "job-0", "job-1")
    finish(redis_conn, "job-2", how="failed")
    end(redis_conn)
    assert fetch(http, f"/alerts/{alert}")["status"] == "open"
    assert "of 3 retried jobs 2 succeeded, 1 failed again" in history(alert)
    assert fetch(http, f"/job-orders/{order['id']}")["ended"] == {"succeeded": 2, "failed": 1}


def test_what_left_meanwhile_is_told_and_waited_for_no_more(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    order = ask(http, action="requeue", alert=alert)
    redis_conn.delete("rq:job:job-1")
    RqRegistries(redis_conn).requeue("job-2")
    carry_out(order)
    assert jobs_of(http, order) == {
        "job-0": ("requeued", None),
        "job-1": ("gone", None),
        "job-2": ("moved_on", None),
    }
    assert waiting(redis_conn) == ["job-2", "job-0"]
    finish(redis_conn, "job-0", "job-2")
    end(redis_conn)
    # One failure was never answered by a retry: nobody knows whether it is over.
    assert fetch(http, f"/alerts/{alert}")["status"] in {"open", "resolved"}
    assert "the retried job succeeded" in history(alert)


def test_of_two_who_ask_one_starts_each_job(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    first = ask(http, action="requeue", alert=alert)
    told = ask(http, 200, action="requeue", alert=alert, dry_run=True)
    assert {one["why"] for one in told["refused"]} == {f"order {first['id']} moves it already"}
    assert ask(http, 409, action="requeue", alert=alert)["status"] == 409
    assert ask(http, 409, action="delete", broker="console", jobs=["job-1"])["status"] == 409
    carry_out(first)
    carry_out(first)
    assert waiting(redis_conn) == ["job-0", "job-1", "job-2"]


def test_another_number_than_expected_does_nothing(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    assert "3 can be requeued now, not 2" in ask(http, 409, action="requeue", alert=alert, expect=2)["detail"]
    assert waiting(redis_conn) == []


def test_one_job_of_a_broker_is_deleted_for_good(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    order = ask(http, action="delete", broker="console", jobs=["job-1", "job-1"])
    carry_out(order)
    assert jobs_of(http, order) == {"job-1": ("deleted", None)}
    left: Any = redis_conn.keys("rq:*:job-1*")
    assert left == []
    assert redis_conn.zscore("rq:failed:billing", "job-1") is None
    assert state(redis_conn, "job-0") == "failed"


def test_a_stopped_order_leaves_the_rest(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    order = ask(http, action="requeue", alert=alert)
    assert http.post(f"/api/v1/job-orders/{order['id']}/cancellation").status_code == 200
    close_orders()
    found = fetch(http, f"/job-orders/{order['id']}")
    assert (found["state"], found["outcomes"]) == ("cancelled", {"not_tried": 3})
    assert waiting(redis_conn) == []
    # Nothing is waited for any more, and the jobs may be asked for again.
    assert ask(http, 200, action="requeue", alert=alert, dry_run=True)["jobs"] == 3
    assert http.post(f"/api/v1/job-orders/{order['id']}/cancellation").status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"action": "requeue"},
        {"action": "requeue", "alert": 1, "broker": "console", "jobs": ["x"]},
        {"action": "requeue", "broker": "console"},
        {"action": "rewind", "alert": 1},
        {"action": "requeue", "broker": "console", "jobs": [""]},
        {"action": "requeue", "broker": "console", "jobs": ["\0"]},
        {"action": "requeue", "broker": "\0", "jobs": ["x"]},
        {"action": "requeue", "alert": 2**63},
    ],
)
def test_half_an_order_is_refused(http: FlaskClient, body: dict[str, Any]) -> None:
    assert http.post("/api/v1/job-orders", json=body).status_code == 422


def test_how_far_it_was_taken_in_is_told(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    plant(redis_conn, "fresh")
    [line] = fetch(http, "/brokers/console/imports")["items"]
    assert (line["queue"], line["told"], line["total"], line["trouble"]) == ("billing", 4, 4, None)
    assert http.get("/api/v1/brokers/nobody/imports").status_code == 404


def test_ticked_jobs_of_a_broker_are_asked_for_together(
    committed: Flask, as_committed: Become, alert: int, redis_conn: Redis
) -> None:
    client = committed.test_client()
    as_committed(OLU)
    page = client.get("/queues/brokers/console/failed?queue=billing").text
    assert "Requeue ticked…" in page
    assert 'value="job-1"' in page
    asked = client.get("/queues/orders/new?broker=console&job=job-1&job=other&action=requeue").text
    assert "Requeue 2 jobs?" in asked
    assert "all 4 failed jobs are told" in client.get("/queues/brokers/console").text
    as_committed(VI)
    assert "Needs the responder role" in client.get("/queues/brokers/console/failed?queue=billing").text


def test_an_unknown_alert_or_broker_is_not_found(http: FlaskClient) -> None:
    ask(http, 404, action="requeue", alert=77)
    ask(http, 404, action="requeue", broker="nobody", jobs=["x"])
    assert http.get("/api/v1/job-orders/77").status_code == 404
    assert http.get("/api/v1/job-orders/1/jobs?outcome=gone&cursor=x").status_code == 404
    assert http.get("/api/v1/brokers/%00/imports").status_code == 404


def test_the_alerts_own_retry_is_an_order_too(http: FlaskClient, alert: int, redis_conn: Redis) -> None:
    assert retry(http, alert, {"dry_run": True}) == 3
    assert retry(http, alert, {}) == 3
    [order] = fetch(http, f"/job-orders?alert={alert}")["items"]
    carry_out(order)
    assert len(waiting(redis_conn)) == 3


def test_pages_ask_with_a_number_and_tell_each_job(
    committed: Flask, as_committed: Become, alert: int, redis_conn: Redis
) -> None:
    client = committed.test_client()
    as_committed(VI)
    assert "Needs the responder role" in client.get(f"/queues/alerts/{alert}/jobs").text
    assert client.get(f"/queues/orders/new?action=requeue&alert={alert}").status_code == 403
    as_committed(OLU)
    assert "Nobody has ordered anything yet" in client.get("/queues/orders").text
    assert "Requeue 3 jobs…" in client.get(f"/queues/alerts/{alert}/jobs").text
    assert "Requeue 3 jobs?" in client.get(f"/queues/orders/new?action=requeue&alert={alert}").text
    assert "cannot be taken back" in client.get("/queues/orders/new?action=delete&broker=console&job=job-1").text
    form = {"action": "requeue", "alert": str(alert), "expect": "3"}
    reply = client.post("/queues/orders", data=form)
    assert reply.status_code == 303
    page = client.get(reply.location).text
    assert "Stop the order" in page
    assert "job-2" in page
    with unit():
        order = queries.orders_page(limit=1, cursor=None).items[0].order.id
    carry_out({"id": order})
    finish(redis_conn, "job-0", "job-1", "job-2")
    end(redis_conn)
    assert "All 3 retried jobs succeeded" in client.get(reply.location).text
    assert "3 succeeded" in client.get("/queues/orders").text
    assert client.post("/queues/orders", data=form).status_code == 409
    assert client.post("/queues/orders", data={"action": "x"}).status_code == 422
    assert client.get("/queues/orders/new?action=delete&broker=%00&job=%00").status_code == 422
    assert client.get(f"{reply.location}?outcome=%00").status_code == 200
    assert client.post(f"/queues/orders/{order}/cancellation").status_code == 409


def test_only_a_job_that_leaves_no_trace_by_its_own_rule_is_taken_for_success(alert: int, redis_conn: Redis) -> None:
    redis_conn.hset("rq:job:job-1", "result_ttl", "0")
    with unit() as session:
        found = session.get_one(Alert, alert)
        alerts.retry(found, dry_run=False, by=SYSTEM, at=clock.now())
    with unit():
        order = queries.orders_page(limit=1, cursor=None).items[0].order.id
    carry_out({"id": order})
    redis_conn.delete("rq:job:job-1", "rq:job:job-2")
    finish(redis_conn, "job-0")
    end(redis_conn)
    with unit():
        assert queries.get_order(order).ends == {"succeeded": 2, "unknown": 1}
    assert "of 3 retried jobs 2 succeeded, 1 were stopped or ended unseen" in history(alert)
