"""Bells to ring after the commit: written with the job's row, taken by the dispatcher, rung in Redis.

A bell may ring twice (the row's claim sorts that out) but is never lost: it leaves the table only with the transaction
that has rung it.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Select, bindparam, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from console.infra.db import Model, intpk
from console.infra.jobs.models import Job, JobState

CHANNEL: Final = "console_outbox"
BATCH: Final = 200


class Outbox(Model):
    """One bell to ring at `due_at`."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at_id", "due_at", "id"), Index("ix_outbox_job_id", "job_id"))

    id: Mapped[intpk]
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class Bell:
    """What the ringer needs to know; `timeout` in seconds."""

    job_id: uuid.UUID
    name: str
    queue: str
    timeout: int


def _take() -> Select[uuid.UUID, str, str, int, JobState]:
    due = select(Outbox.id).where(Outbox.due_at <= func.clock_timestamp()).order_by(Outbox.due_at, Outbox.id)
    taken = due.limit(bindparam("most", type_=BigInteger())).with_for_update(skip_locked=True).cte("taken")
    gone = delete(Outbox).where(Outbox.id.in_(select(taken.c.id))).returning(Outbox.job_id).cte("gone")
    return select(Job.id, Job.name, Job.queue, Job.timeout_seconds, Job.state).join(gone, gone.c.job_id == Job.id)


# Built once: a dispatcher takes bells dozens of times a second.
_TAKE: Final = _take()


def put(session: Session, job_ids: Sequence[uuid.UUID], *, due_at: datetime | None = None) -> None:
    """Write bells in the caller's transaction and wake the dispatchers when it commits."""
    rows = [{"job_id": job_id} if due_at is None else {"job_id": job_id, "due_at": due_at} for job_id in job_ids]
    if rows:
        # Notifications of one transaction that are alike are sent once.
        session.execute(insert(Outbox).returning(func.pg_notify(CHANNEL, "")), rows)


def ring_due(session: Session, ring: Callable[[Sequence[Bell]], Sequence[uuid.UUID]], *, limit: int = BATCH) -> int:
    """Take up to `limit` due bells that no other dispatcher holds and ring them; returns how many were taken.

    `ring` answers with the jobs whose earlier bell still stands in Redis; those are put back for a second later.
    When it raises, the caller's transaction takes the bells back.
    """
    rows = session.connection().execute(_TAKE, {"most": limit}).all()
    bells = [Bell(row.id, row.name, row.queue, row.timeout_seconds) for row in rows if row.state is JobState.REQUESTED]
    standing = ring(bells) if bells else ()
    if standing:
        later = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, 1)
        session.execute(insert(Outbox).values([{"job_id": job_id, "due_at": later} for job_id in standing]))
    return len(rows)
