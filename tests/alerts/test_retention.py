"""Old weeks of failures are dropped, and nobody is kept waiting for it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, func, select, text

from console.accounts.models import User
from console.alerts import actions, jobs
from console.alerts.models import Alert, FailureEvent, Occurrence
from console.infra.db import db
from console.infra.jobs import Job, JobState, run
from console.infra.jobs import request as ask_for
from console.infra.transaction import unit
from tests.alerts.making import ADA, failure
from tests.conftest import Database, give_session, make_cast

# Weeks that no other test makes: a Monday, and what came in each of three weeks from then.
THEN = datetime(2019, 3, 4, 12, tzinfo=UTC)
WEEK = timedelta(weeks=1)
# Far above what storing a failure takes on a busy machine; the others of these tests hold their locks until the end.
SOON = 10.0


@pytest.fixture
def weeks(committed: Flask, database: Database) -> Iterator[list[int]]:
    """A failure with an id of its own in each of three weeks, of an alert each."""
    with unit():
        done = [
            actions.ingest([failure(at, event_id=f"e-{n}", fingerprint=f"cause-{n}")], at=at)
            for n in range(3)
            for at in (THEN + n * WEEK,)
        ]
    yield [one.alerts[0] for one in done]
    engine = create_engine(database.owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("2019w10", "2019w11", "2019w12"):
            connection.execute(text(f"DROP TABLE IF EXISTS occurrences_{name}"))
    engine.dispose()


@contextmanager
def busy(database: Database, statement: str) -> Iterator[Connection]:
    """Somebody else in the middle of a long transaction."""
    engine = create_engine(database.app_url)
    with engine.connect() as connection:
        connection.execute(text(statement))
        yield connection
        connection.rollback()
    engine.dispose()


def left() -> list[int]:
    with unit() as session:
        return list(session.scalars(select(Occurrence.alert_id).where(Occurrence.received_at < THEN + 9 * WEEK)))


def drop(before: datetime) -> bool | None:
    with unit():
        return actions.drop_week(before=before)


def test_weeks_go_oldest_first_and_only_whole_ones(weeks: list[int]) -> None:
    before = actions.oldest_kept(1, at=THEN + 3 * WEEK)
    assert before == datetime(2019, 3, 18, tzinfo=UTC)
    assert drop(before - timedelta(seconds=1)) is True
    assert left() == weeks[1:]
    assert drop(before - timedelta(seconds=1)) is None
    assert drop(before) is True
    assert left() == weeks[2:]


READING = "SELECT count(*) FROM occurrences"
WRITING = "UPDATE occurrences SET queue = 'long' WHERE received_at > '2019-03-18' AND received_at < '2019-03-25'"


@pytest.mark.parametrize("doing", [READING, WRITING])
def test_nobody_waits_for_a_week_that_is_in_use(
    committed: Flask, weeks: list[int], database: Database, doing: str
) -> None:
    def store(number: int) -> float:
        began = time.monotonic()
        with committed.app_context(), unit():
            at = THEN + 2 * WEEK
            actions.ingest([failure(at, fingerprint=f"new-{number % 3}")], at=at)
        return time.monotonic() - began

    def read(_: int) -> float:
        began = time.monotonic()
        with committed.app_context(), unit() as session:
            session.scalar(select(func.count()).select_from(Occurrence))
        return time.monotonic() - began

    def try_it(_: int) -> bool | None:
        with committed.app_context():
            return drop(THEN + WEEK)

    with busy(database, doing), ThreadPoolExecutor(6) as pool:
        tried = [pool.submit(try_it, n) for n in range(10)]
        took = [pool.submit(work, n) for n in range(10) for work in (store, read)]
        assert max(one.result() for one in took) < SOON
        assert [one.result() for one in tried] == [False] * 10
        assert weeks[0] in left()
    assert drop(THEN + WEEK) is True
    assert weeks[0] not in left()


def test_what_was_forgotten_is_news_when_it_comes_again(weeks: list[int]) -> None:
    with unit():
        assert actions.forget_events(before=THEN + WEEK) == 1
    with unit():
        assert actions.forget_events(before=THEN + WEEK) == 0
    assert drop(THEN + WEEK) is True
    now = THEN + 2 * WEEK
    with unit():
        again = actions.ingest([failure(now, event_id=f"e-{n}", fingerprint=f"cause-{n}") for n in range(2)], at=now)
    assert (again.accepted, again.duplicates, list(again.alerts)) == (1, 1, weeks[:2])


def test_the_job_keeps_what_the_settings_say(
    committed: Flask, weeks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settle(committed, monkeypatch, keep=0).result == {"weeks": 0}
    assert left() == weeks
    done = settle(committed, monkeypatch, keep=52)
    assert (done.state, done.result) == (JobState.SUCCEEDED, {"weeks": 3})
    assert left() == []
    assert db.session.scalar(select(func.count()).select_from(FailureEvent)) == 0
    assert sorted(db.session.scalars(select(Alert.id))) == sorted(weeks)


def settle(app: Flask, monkeypatch: pytest.MonkeyPatch, *, keep: int) -> Job:
    """The job, run once with a setting."""
    settings = app.extensions["console.settings"].model_copy(update={"keep_failures_weeks": keep})
    monkeypatch.setitem(app.extensions, "console.settings", settings)
    with unit():
        wanted = ask_for(jobs.drop_old, by=ADA).id
    run.perform(wanted, worker="w1")
    found = db.session.get_one(Job, wanted)
    db.session.refresh(found)
    return found


def test_an_alert_whose_failures_are_gone_is_still_shown(committed: Flask, weeks: list[int]) -> None:
    with unit():
        make_cast()
    reader = give_session(committed.test_client(), db.session.scalars(select(User)).all()[0])
    assert drop(THEN + WEEK) is True
    page = reader.get(f"/alerts/{weeks[0]}")
    assert page.status_code == 200
    assert "KeyError" in page.text
