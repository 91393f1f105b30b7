"""Our own queues at a glance: what waits, what runs, how fast it goes, what comes by the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, func, select

from console.infra.db import db
from console.infra.jobs import Job, JobState
from console.queues.models import Schedule

QUEUES: Final = ("fast", "default", "long")
RATE_WINDOW: Final = timedelta(minutes=5)
# Counts stop here and say so.
CAP: Final = 10_000


@dataclass(frozen=True, slots=True)
class QueueNow:
    """One queue. `waiting` counts jobs that may run now, capped; `later` those that wait for their time."""

    name: str
    waiting: int
    later: int
    running: int
    oldest_at: datetime | None
    finished: int
    failed: int
    asked: int = 0

    @property
    def per_minute(self) -> float:
        """Jobs that ended in a minute, over the last five."""
        return self.finished / (RATE_WINDOW.total_seconds() / 60)

    @property
    def in_per_minute(self) -> float:
        """Jobs that were asked for in a minute, over the last five."""
        return self.asked / (RATE_WINDOW.total_seconds() / 60)


@dataclass(frozen=True, slots=True)
class Board:
    """All queues and what runs now, oldest start first."""

    queues: Sequence[QueueNow]
    running: Sequence[Job]


def board(now: datetime) -> Board:
    """The state of our queues at an instant: one statement for all of them, two for rates, one for what runs."""
    ended, asked = _ended(now - RATE_WINDOW), _asked(now - RATE_WINDOW)
    facts = db.session.execute(select(*(part for name in QUEUES for part in _facts(name, now)))).one()
    queues = []
    for at, name in enumerate(QUEUES):
        waiting, later, running, oldest = facts[at * 4 : at * 4 + 4]
        rates = (*ended.get(name, (0, 0)), asked.get(name, 0))
        queues.append(QueueNow(name, waiting, later, running, oldest, *rates))
    rows = select(Job).where(Job.state == JobState.RUNNING).order_by(Job.started_at).limit(20)
    return Board(queues, db.session.scalars(rows).all())


def schedules() -> Sequence[Schedule]:
    """The timetable, what comes next first."""
    return db.session.scalars(select(Schedule).order_by(Schedule.next_slot_at, Schedule.name)).all()


def _facts(name: str, now: datetime) -> tuple[ScalarSelect[Any], ...]:
    """What waits now, later, what runs, and since when the oldest waits: each an index range of its own."""
    waiting = (Job.state == JobState.REQUESTED) & (Job.queue == name)
    oldest = select(func.min(Job.run_at)).where(waiting & (Job.run_at <= now))
    return (
        _count(waiting & (Job.run_at <= now)),
        _count(waiting & (Job.run_at > now)),
        _count((Job.state == JobState.RUNNING) & (Job.queue == name)),
        oldest.scalar_subquery(),
    )


def _count(what: ColumnElement[bool]) -> ScalarSelect[Any]:
    some = select(Job.id).where(what).limit(CAP + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _ended(since: datetime) -> dict[str, tuple[int, int]]:
    rows = (
        select(Job.queue, func.count(), func.count().filter(Job.state == JobState.FAILED))
        .where(Job.finished_at >= since)
        .group_by(Job.queue)
    )
    return {queue: (ended, failed) for queue, ended, failed in db.session.execute(rows)}


def _asked(since: datetime) -> dict[str, int]:
    rows = select(Job.queue, func.count().label("asked")).where(Job.requested_at >= since).group_by(Job.queue)
    return {row.queue: row.asked for row in db.session.execute(rows)}
