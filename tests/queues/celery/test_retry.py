"""Failed Celery tasks sent again: with their arguments where those are known exactly, once, and not otherwise."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from console.alerts import actions as alerts
from console.alerts import queries as alert_queries
from console.alerts.models import Alert, AlertRetry
from console.infra import clock, jobs
from console.infra.actor import SYSTEM
from console.infra.errors import Conflict
from console.infra.events import RetryAnswer
from console.infra.jobs import Job, JobLog, run
from console.infra.transaction import unit
from console.queues.jobs import resend_tasks
from console.queues.models import Broker, CeleryRetry
from tests.elsewhere import Elsewhere
from tests.queues.celery.service import Service, eventually, following, occurrences, watch


@pytest.fixture(scope="module")
def heard(redis: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without results, whose clients say where they send."""
    made = Service(redis, tmp_path_factory.mktemp("heard"), {"SENT": "1"})
    made.worker("w1", "-Q", "celery,orders")
    yield made
    made.end()


@pytest.fixture(scope="module")
def keeping(redis: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that keeps results with their arguments, with queues of its own."""
    made = Service(redis, tmp_path_factory.mktemp("keeping"), {"RESULTS": redis.url_of(1), "EXTENDED": "1"})
    made.worker("w2", "-Q", "kept")
    yield made
    made.end()


def ask(*, dry_run: bool = False) -> RetryAnswer:
    """Press Retry on the only alert, and do what was asked for."""
    with unit() as session:
        alert = session.scalars(select(Alert)).one()
        answer = alerts.retry(alert_queries.get_for_change(alert.id), dry_run=dry_run, by=SYSTEM, at=clock.now())
    with unit() as session:
        wanted = list(session.scalars(select(Job.id).where(Job.started_at.is_(None))))
    for job_id in wanted:
        run.perform(job_id, worker="w1")
    return answer


def status() -> str:
    with unit() as session:
        return session.scalars(select(Alert)).one().status.word


def last_word() -> str | None:
    with unit() as session:
        alert = session.scalars(select(Alert)).one()
        return alert_queries.history(alert.id, limit=1).items[0].why


def test_a_task_known_by_its_events_succeeds_and_its_alert_resolves(
    shop: Flask, heard: Service, tmp_path: Path
) -> None:
    broker, gate = watch(heard.redis), tmp_path / "gate"
    with following(shop, broker):
        [uuid] = heard.send(f"until.apply_async(({str(gate)!r},), queue='orders')")
        [failed] = occurrences(1)
        assert failed.queue == "orders"
        assert ask(dry_run=True) == RetryAnswer(1)
        assert ask() == RetryAnswer(1)
        [_, again] = occurrences(2)
        assert status() == "open"
        assert (last_word() or "") == "the retried job failed again"
        gate.touch()
        answer = ask()
        eventually(lambda: status() == "resolved")
    assert again.extra == {"broker": "shop", "root_id": uuid, "parent_id": uuid}
    assert again.job_id != uuid
    assert answer.jobs == 1
    assert answer.refused == ((uuid, f"it was sent again as {again.job_id}"),)
    assert "retried jobs succeeded" in (last_word() or "")


def test_arguments_are_taken_from_the_results(shop: Flask, keeping: Service, tmp_path: Path) -> None:
    broker, gate = watch(keeping.redis, result_db=1), tmp_path / "gate"
    with following(shop, broker):
        # Longer than any text of it would be kept, and secret: only the backend still knows it.
        keeping.send(
            f"until.apply_async(({str(gate)!r},), dict(password='hunter2', many=['x' * 50] * 200), queue='kept')"
        )
        [failed] = occurrences(1)
        assert "hunter2" not in str(failed.kwargs)
        gate.touch()
        assert ask() == RetryAnswer(1)
        eventually(lambda: status() == "resolved")
    assert last_word() == "the retried job succeeded"


def test_what_is_only_known_in_part_is_not_sent(shop: Flask, heard: Service) -> None:
    broker = watch(heard.redis)
    with following(shop, broker):
        [long] = heard.send("fails.delay('x' * 5000)")
        [hidden] = heard.send("fails.delay('a', password='hunter2')")
        [masked] = heard.send("fails.apply_async(('b',), argsrepr='(***)')")
        occurrences(3)
        refused = dict(ask().refused)
    assert refused == {
        long: "only a shortened text of its arguments is known, not the arguments",
        hidden: "something in its arguments was hidden or removed as a secret",
        masked: "something in its arguments was hidden or removed as a secret",
    }


def test_nothing_is_sent_to_a_broker_that_is_read_only(shop: Flask, heard: Service) -> None:
    broker = watch(heard.redis, read_only=True)
    with following(shop, broker):
        heard.send("fails.delay('a')")
        occurrences(1)
        assert (ask(dry_run=True).forbidden or "").startswith("The broker of these tasks is watched read-only")
        with pytest.raises(Conflict, match="read-only"):
            ask()


def test_a_job_that_runs_twice_sends_once(shop: Flask, heard: Service) -> None:
    broker = watch(heard.redis)
    with following(shop, broker):
        heard.send("fails.delay('a')")
        occurrences(1)
        ask()
        occurrences(2)
        with unit() as session:
            row = session.scalars(select(CeleryRetry)).one()
            row.sent_at = None
            alert_id, uuid = row.alert_id, row.uuid
        with unit():
            second = jobs.request(resend_tasks, "shop", alert_id, [uuid], by=SYSTEM).id
        run.perform(second, worker="w1")
        heard.send("fails.delay('the last')")
        found = occurrences(3)
    assert len(found) == 3


def test_without_a_broker_it_says_so(shop: Flask, heard: Service) -> None:
    broker = watch(heard.redis)
    with following(shop, broker):
        [uuid] = heard.send("fails.delay('a')")
        occurrences(1)
    with unit() as session:
        session.scalars(select(Alert)).one().environment = "staging"
    assert ask(dry_run=True).refused == ((uuid, "no Celery broker is watched for this service and environment"),)


def test_a_broker_that_becomes_read_only_meanwhile_is_sent_nothing(shop: Flask, heard: Service) -> None:
    broker = watch(heard.redis)
    with following(shop, broker):
        [uuid] = heard.send("fails.delay('a')")
        occurrences(1)
        with unit() as session:
            alert = session.scalars(select(Alert)).one()
            alerts.retry(alert_queries.get_for_change(alert.id), dry_run=False, by=SYSTEM, at=clock.now())
            session.scalars(select(Broker)).one().read_only = True
        with unit() as session:
            [wanted] = session.scalars(select(Job.id))
        run.perform(wanted, worker="w1")
    with unit() as session:
        row = session.scalars(select(CeleryRetry)).one()
        assert (row.uuid, row.sent_at) == (uuid, None)
        assert "read-only" in (row.refused or "")
        assert session.scalar(select(AlertRetry.job_id)) is None
        assert [line.line for line in session.scalars(select(JobLog))] == [f"{uuid}: {row.refused}"]


def test_only_the_queues_that_are_watched_are_told(shop: Flask, heard: Service) -> None:
    broker = watch(heard.redis, queues=["orders"])
    with following(shop, broker):
        heard.send("fails.delay('not watched')")
        [uuid] = heard.send("fails.apply_async(('watched',), queue='orders')")
        [told] = occurrences(1)
    assert (told.job_id, told.queue) == (uuid, "orders")


def test_a_service_with_a_key_prefix_is_heard_and_sent_to(shop: Flask, redis: Elsewhere, tmp_path: Path) -> None:
    """Another one with the same queue, without the prefix, is not taken for it."""
    gate = tmp_path / "gate"
    prefixed = Service(redis, tmp_path, {"PREFIX": "a*b:", "RESULTS": redis.url_of(0), "EXTENDED": "1"})
    try:
        prefixed.worker("w5")
        broker = watch(redis, prefix="a*b:")
        with following(shop, broker):
            prefixed.send(f"until.delay({str(gate)!r})")
            occurrences(1)
            gate.touch()
            assert ask() == RetryAnswer(1)
            eventually(lambda: status() == "resolved")
        gate.unlink()
        prefixed.send(f"until.delay({str(gate)!r})")
        with following(shop, broker):
            assert len(occurrences(2)) == 2
    finally:
        prefixed.end()
