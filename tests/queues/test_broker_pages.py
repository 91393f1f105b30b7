"""The pages of watched brokers: what was last seen, how old it is, what admins may change, what others may not."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq import Queue
from sqlalchemy import update
from sqlalchemy.orm import Session

from console.infra import jobs
from console.infra.actor import Actor, Role, Scope
from console.infra.db import db
from console.infra.jobs import Job, JobState
from console.queues import actions, queries
from console.queues.client import failed_jobs, look_at_celery, look_at_rq
from console.queues.jobs import practice_failure
from console.queues.jobs.sample import look_of
from console.queues.rules.samples import QueueSeen, Sample
from tests.conftest import Clock
from tests.elsewhere import Elsewhere, elsewhere
from tests.queues import jobs_elsewhere as tasks
from tests.queues.conftest import OLU, VI, holder

Become = Callable[[Actor | None], None]
ADA = Actor(kind="user", id=1, label="ada@example.org", role=Role.ADMIN)
CANARY = "s3cret-canary-5512"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path_factory.mktemp("elsewhere"), CANARY) as made:
        yield made


@pytest.fixture
def other(server: Elsewhere, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """An empty Redis of somebody else that we may reach."""
    settings = app.extensions["console.settings"]
    loopback = {"probe_allowed_networks": (ip_network("127.0.0.0/8"),)}
    monkeypatch.setitem(app.extensions, "console.settings", settings.model_copy(update=loopback))
    with server.client() as redis:
        redis.flushall()
    return server


def text_of(client: FlaskClient, url: str) -> str:
    reply = client.get(url)
    assert reply.status_code == 200, reply.text
    return reply.text


def add(client: FlaskClient, as_actor: Become, url: str, **changes: str) -> None:
    as_actor(ADA)
    form = {"name": "billing", "kind": "rq", "service": "billing", "url": url, "enabled": "on"} | changes
    reply = client.post("/queues/brokers/new", data=form)
    assert reply.status_code == 303, reply.text


def look(name: str, clock: Clock, sample: Sample | None = None) -> None:
    """What the duty does, in the test's own transaction."""
    actions.claim_look(name, at=clock.at, every=timedelta(0))
    seen = sample or look_of(queries.get_watched(name))().sample
    assert seen is not None
    actions.keep_sample(name, seen, seconds=0.004, at=clock.at)
    db.session.commit()


def lose(name: str, clock: Clock) -> None:
    """The same when it does not answer."""
    actions.keep_failure(name, "No answer in time.", at=clock.at)
    db.session.commit()


def test_an_admin_adds_one_and_its_queues_appear(
    client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock
) -> None:
    add(client, as_actor, other.url)
    assert "no look yet" in text_of(client, "/queues")
    with other.client() as redis:
        Queue("mails-7", connection=redis).enqueue(tasks.succeed)
    look("billing", clock)
    as_actor(VI)
    board, page = text_of(client, "/queues"), text_of(client, "/queues/brokers/billing")
    assert "mails-7" in board
    assert "mails-7" in page
    assert "Answers" in page
    assert f"127.0.0.1:{other.port}/0" in page
    assert CANARY not in board + page


def test_a_broker_that_is_away_keeps_what_was_seen(
    client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock
) -> None:
    add(client, as_actor, other.url)
    with other.client() as redis:
        Queue("mails-7", connection=redis).enqueue(tasks.succeed)
    look("billing", clock)
    clock.advance(minutes=3)
    lose("billing", clock)
    clock.advance(minutes=2)
    page = text_of(client, "/queues/brokers/billing")
    assert "billing does not answer." in page
    assert "No answer in time." in page
    assert "mails-7" in page
    assert "12:03" in page
    board = text_of(client, "/queues")
    assert "Away" in board
    assert "Our queues" in board


def test_a_look_that_is_old_says_that_nobody_looks(
    client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock
) -> None:
    add(client, as_actor, other.url)
    look("billing", clock)
    clock.advance(minutes=5)
    assert "Nobody looks at it." in text_of(client, "/queues/brokers/billing")


def test_no_page_asks_a_broker_that_hangs(
    client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock
) -> None:
    """The other side accepts and never answers; whether anybody came is in its queue of connections."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        add(client, as_actor, f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        look("billing", clock, Sample(at=clock.at, queues=[QueueSeen("mails", 1, failed=3)]))
        assert "mails" in text_of(client, "/queues")
        assert "mails" in text_of(client, "/queues/brokers/billing")
        lose("billing", clock)
        assert "No answer in time." in text_of(client, "/queues/brokers/billing/failed?queue=mails")
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_list_gives_up_on_a_broker_that_has_just_begun_to_hang(
    client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock
) -> None:
    add(client, as_actor, other.url)
    look("billing", clock)
    other.freeze()
    try:
        assert "billing does not answer" in text_of(client, "/queues/brokers/billing/failed?queue=mails")
    finally:
        other.thaw()


def test_failed_jobs_come_in_pages_that_never_repeat(
    client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock
) -> None:
    add(client, as_actor, other.url)
    with other.client() as redis:
        queue = Queue("mails", connection=redis)
        for number in range(7):
            queue.enqueue(tasks.fail, number, meta={"password": "hunter2"})
        assert tasks.work(other.url, "mails").wait(60) == 0
        look("billing", clock)
        seen: list[str] = []
        cursor = None
        while True:
            found = failed_jobs(redis, "mails", limit=3, cursor=cursor)
            seen += [job.job_id for job in found.page.items]
            cursor = found.page.next_cursor
            if cursor is None:
                break
            # What leaves meanwhile moves nothing: the cursor stands on its score.
            redis.zrem("rq:failed:mails", seen[-1])
    assert len(seen) == len(set(seen)) == 7
    page = text_of(client, "/queues/brokers/billing/failed?queue=mails")
    assert "5 jobs" in page
    assert "jobs_elsewhere.fail" in page
    assert "ValueError" in page


def test_an_error_is_shown_without_its_secrets(
    client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock
) -> None:
    add(client, as_actor, other.url)
    with other.client() as redis:
        job = Queue("mails", connection=redis).enqueue(tasks.succeed)
        trace = (
            b'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: password=hunter2-canary x'
        )
        redis.zadd("rq:failed:mails", {job.id: 1.0})
        redis.hset(f"rq:job:{job.id}", mapping={"exc_info": trace, "status": "failed"})
    page = text_of(client, "/queues/brokers/billing/failed?queue=mails")
    assert "ValueError" in page
    assert "hunter2-canary" not in page


def test_a_form_with_faults_comes_back_without_the_address(client: FlaskClient, as_actor: Become) -> None:
    as_actor(ADA)
    form = {"name": "Bad Name", "kind": "rq", "service": "billing", "url": f"redis://:{CANARY}@10.0.0.1/0"}
    reply = client.post("/queues/brokers/new", data=form)
    assert reply.status_code == 422
    assert "Nothing was saved." in reply.text
    assert CANARY not in reply.text
    named = client.post("/queues/brokers/new", data=form | {"name": "billing"})
    assert "PROBE_ALLOWED_NETWORKS" in named.text
    assert client.post("/queues/brokers/new", data=form | {"name": "console"}).status_code == 422


def test_the_form_keeps_a_stored_address(client: FlaskClient, as_actor: Become, other: Elsewhere) -> None:
    add(client, as_actor, other.url)
    page = text_of(client, "/queues/brokers/billing/edit")
    assert "leave empty to keep it" in page
    assert CANARY not in page
    changed = client.post("/queues/brokers/billing/edit", data={"kind": "rq", "service": "payments", "queues": "a\nb"})
    assert changed.status_code == 303
    found = queries.get_watched("billing")
    assert (found.service, found.queues, found.enabled, found.port) == ("payments", ("a", "b"), False, other.port)


def test_the_switch_and_the_end(client: FlaskClient, as_actor: Become, other: Elsewhere) -> None:
    add(client, as_actor, other.url)
    assert client.post("/queues/brokers/billing/read-only").status_code == 303
    assert queries.get_watched("billing").read_only
    assert "Read-only" in text_of(client, "/queues/brokers/billing")
    client.post("/queues/brokers/billing/read-only/delete")
    assert not queries.get_watched("billing").read_only
    assert client.post("/queues/brokers/billing/test").status_code == 303
    assert client.post("/queues/brokers/billing/delete").status_code == 303
    assert client.get("/queues/brokers/billing").status_code == 404


@pytest.mark.parametrize(
    "path", ["new", "billing/edit", "billing/test", "billing/read-only", "billing/read-only/delete", "billing/delete"]
)
def test_only_admins_change_brokers(client: FlaskClient, as_actor: Become, other: Elsewhere, path: str) -> None:
    add(client, as_actor, other.url)
    as_actor(OLU)
    assert client.post(f"/queues/brokers/{path}").status_code == 403
    assert "Needs the admin role" in text_of(client, "/queues/brokers/billing")


def test_our_own_shows_what_others_keep_in_our_redis(
    client: FlaskClient, as_actor: Become, redis_conn: Any, clock: Clock
) -> None:
    as_actor(ADA)
    Queue("stranger-mails", connection=redis_conn).enqueue(tasks.succeed)
    look("console", clock, look_at_rq(redis_conn))
    assert "stranger-mails" in text_of(client, "/queues")
    page = text_of(client, "/queues/brokers/console")
    assert "stranger-mails" in page
    assert "PostgreSQL against Redis" in page
    assert client.post("/queues/brokers/console/delete").status_code == 409


def test_a_run_whose_lease_has_ended_is_listed_with_what_happens(
    client: FlaskClient, as_actor: Become, db_session: Session, clock: Clock
) -> None:
    as_actor(VI)
    job = jobs.request(practice_failure, by=OLU)
    lost = {"state": JobState.RUNNING, "attempt": 1, "worker": "w-lost-1", "started_at": clock.at}
    db_session.execute(update(Job).where(Job.id == job.id).values(**lost, lease_until=clock.at - timedelta(seconds=5)))
    page = text_of(client, "/queues/brokers/console")
    assert "w-lost-1 fell silent. The sweeper ends it" in page


def test_celery_says_what_it_cannot_tell(client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock) -> None:
    add(client, as_actor, other.url, kind="celery")
    with other.client() as redis:
        redis.lpush("celery", "{}", "{}")
        redis.lpush("celery\x06\x163", "{}")
        redis.hset("unacked", "tag", "[]")
        look("billing", clock, look_at_celery(redis))
    page = text_of(client, "/queues/brokers/billing")
    assert "the age of the oldest is not known" in page
    assert "Celery beat keeps its timetable in a file" in page
    assert "Workers hold 1 task" in page
    found = queries.broker_now(queries.get_watched("billing")).sample
    assert found is not None
    assert [(q.name, q.waiting, q.running) for q in found.queues] == [("celery", 3, None)]
    assert "Celery keeps no list" in text_of(client, "/queues/brokers/billing/failed?queue=celery")


def test_programs_read_the_same(client: FlaskClient, as_actor: Become, other: Elsewhere, clock: Clock) -> None:
    add(client, as_actor, other.url)
    with other.client() as redis:
        Queue("mails", connection=redis).enqueue(tasks.fail)
        Queue("reports", connection=redis).enqueue(tasks.fail)
    tasks.work(other.url, "mails").wait(60)
    look("billing", clock)
    as_actor(holder(Scope.READ))
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer a-token"
    listed: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        reply = client.get(f"/api/v1/queues?limit=2&cursor={cursor}").json
        assert reply is not None
        listed += [(one["broker"], one["queue"], one["waiting"], one["failed"]) for one in reply["items"]]
        cursor = reply["next_cursor"]
    ours = [("console", "default", 0, 0), ("console", "fast", 0, 0), ("console", "long", 0, 0)]
    assert listed == [*ours, ("billing", "mails", 0, 1), ("billing", "reports", 1, 0)]
    only = client.get("/api/v1/queues?broker=billing").json or {}
    assert [one["queue"] for one in only["items"]] == ["mails", "reports"]
    failed = client.get("/api/v1/brokers/billing/failed-jobs?queue=mails").json or {}
    assert (failed["count"], failed["items"][0]["exception_type"]) == (1, "ValueError")
    lose("billing", clock)
    away = client.get("/api/v1/brokers/billing/failed-jobs?queue=mails")
    assert (away.status_code, "Retry-After" in away.headers) == (503, True)
