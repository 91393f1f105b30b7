"""Our own queues at a glance: what waits, what runs, how fast it goes, what comes by the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select

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
    """The state of our queues at an instant."""
    ended = _ended(now - RATE_WINDOW)
    asked = _asked(now - RATE_WINDOW)
    queues = [_queue(name, now, *ended.get(name, (0, 0)), asked.get(name, 0)) for name in QUEUES]
    rows = select(Job).where(Job.state == JobState.RUNNING).order_by(Job.started_at).limit(20)
    return Board(queues, db.session.scalars(rows).all())


def schedules() -> Sequence[Schedule]:
    """The timetable, what comes next first."""
    return db.session.scalars(select(Schedule).order_by(Schedule.next_slot_at, Schedule.name)).all()


def _queue(name: str, now: datetime, finished: int, failed: int, asked: int) -> QueueNow:
    waiting = (Job.state == JobState.REQUESTED) & (Job.queue == name)
    return QueueNow(
        name=name,
        waiting=_count(waiting & (Job.run_at <= now)),
        later=_count(waiting & (Job.run_at > now)),
        running=_count((Job.state == JobState.RUNNING) & (Job.queue == name)),
        oldest_at=db.session.scalar(select(func.min(Job.run_at)).where(waiting & (Job.run_at <= now))),
        finished=finished,
        failed=failed,
        asked=asked,
    )


def _count(what: ColumnElement[bool]) -> int:
    some = select(Job.id).where(what).limit(CAP + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


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
