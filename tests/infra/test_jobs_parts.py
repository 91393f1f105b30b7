"""The small parts of the job engine: back-off, context, registry, outbox."""

import random
import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from console.infra import jobs, outbox
from console.infra.actor import SYSTEM, Actor
from console.infra.jobs import Cancelled, JobContext
from console.infra.jobs.backoff import delay
from console.infra.jobs.context import LINES_PER_ATTEMPT, LeaseLost
from console.infra.jobs.models import actor_of
from console.infra.jobs.timing import Timing
from console.infra.outbox import Outbox
from console.queues.jobs import practice_failure
from tests.conftest import Clock


def context() -> JobContext:
    return JobContext(job_id=uuid.uuid4(), attempt=1, max_attempts=3, actor=SYSTEM)


@given(
    attempt=st.integers(1, 10_000),
    base=st.floats(0.1, 60),
    cap=st.floats(1, 3_600),
    seed=st.integers(),
)
def test_it_waits_longer_each_time_within_the_cap(attempt: int, base: float, cap: float, seed: int) -> None:
    wait = delay(attempt, base=base, cap=cap, spread=random.Random(seed))  # noqa: S311 - jitter
    full = min(cap, base * 2.0 ** min(attempt - 1, 40))
    assert full / 2 <= wait <= min(cap, full * 1.5)


def test_it_reports_the_newest_progress_once_with_its_lines(clock: Clock) -> None:
    running = context()
    running.progress(0.25, "first")
    running.log("one\0line")
    running.progress(7, "second")
    report = running.take_report()
    assert report is not None
    assert (report.fraction, report.message) == (1.0, "second")
    assert [line for _, line in report.lines] == ["one\N{REPLACEMENT CHARACTER}line"]
    assert running.take_report() is None


def test_it_estimates_the_end_from_the_share_done(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    running = context()
    running._began -= 60
    running.progress(0.25)
    report = running.take_report()
    assert report is not None
    assert report.eta is not None
    assert timedelta(seconds=179) < report.eta - clock.at < timedelta(seconds=182)
    running.progress(0.001)
    early = running.take_report()
    assert early is not None
    assert early.eta is None


def test_it_keeps_only_so_many_lines_and_says_so() -> None:
    running = context()
    for number in range(LINES_PER_ATTEMPT + 7):
        running.log(str(number) * 3_000)
    report = running.take_report(last=True)
    assert report is not None
    assert len(report.lines) == LINES_PER_ATTEMPT + 1
    assert report.lines[-1][1] == "… and 7 more lines that were not kept"
    assert len(report.lines[0][1]) == 2_000


def test_it_tells_the_job_to_stop_or_that_it_is_no_longer_its_own() -> None:
    running = context()
    running.check()
    running.ask_to_stop()
    assert running.cancelled
    with pytest.raises(Cancelled):
        running.check()
    running.lose()
    with pytest.raises(LeaseLost):
        running.check()


def test_every_clock_follows_from_the_lease() -> None:
    clocks = Timing(lease=30)
    assert (clocks.beat, clocks.sweep, clocks.missed_bell, clocks.grace) == (10, 5, 15, 10)


def test_it_keeps_who_asked() -> None:
    assert actor_of("token", 7, "ci", "r1") == Actor(kind="token", id=7, label="ci", request_id="r1")
    assert actor_of("odd", None, "x", None).kind == "system"


def test_it_writes_the_bell_with_the_row(db_session: Session) -> None:
    job = jobs.request(practice_failure, by=SYSTEM)
    assert db_session.scalars(select(Outbox.job_id)).all() == [job.id]
    db_session.rollback()
    assert db_session.scalars(select(Outbox.job_id)).all() == []


def test_it_rings_what_is_due_and_keeps_the_rest(db_session: Session) -> None:
    now = db_session.scalar(text("SELECT clock_timestamp()"))
    due = jobs.request(practice_failure, by=SYSTEM)
    later = jobs.request(practice_failure, by=SYSTEM, run_at=now + timedelta(hours=1))
    rung: list[outbox.Bell] = []

    def ring(bells: Sequence[outbox.Bell]) -> list[uuid.UUID]:
        rung.extend(bells)
        return []

    assert outbox.ring_due(db_session, ring) == 1
    assert [(bell.job_id, bell.queue, bell.timeout) for bell in rung] == [(due.id, "default", 60)]
    assert db_session.scalars(select(Outbox.job_id)).all() == [later.id]


def test_it_rings_a_standing_bell_again_a_second_later(db_session: Session) -> None:
    job = jobs.request(practice_failure, by=SYSTEM)
    outbox.ring_due(db_session, lambda bells: [bell.job_id for bell in bells])
    row = db_session.execute(select(Outbox.job_id, Outbox.due_at > text("clock_timestamp()"))).one()
    assert tuple(row) == (job.id, True)


def test_it_drops_the_bell_of_a_job_that_was_stopped_meanwhile(db_session: Session) -> None:
    job = jobs.request(practice_failure, by=SYSTEM)
    jobs.cancel(job.id, by=SYSTEM)

    def nothing(bells: object) -> list[uuid.UUID]:
        raise AssertionError(bells)

    assert outbox.ring_due(db_session, nothing) == 1
    assert db_session.scalars(select(Outbox.job_id)).all() == []


def test_it_keeps_the_bell_while_redis_is_away(committed: Flask) -> None:
    from console.infra.transaction import unit

    def away(bells: object) -> list[uuid.UUID]:
        raise RedisAway("away")

    with unit():
        job_id = jobs.request(practice_failure, by=SYSTEM).id
    with pytest.raises(RedisAway), unit() as session:
        outbox.ring_due(session, away)
    with unit() as session:
        assert session.scalars(select(Outbox.job_id)).all() == [job_id]
