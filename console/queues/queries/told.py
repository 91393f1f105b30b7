"""What was told of the failed registries of RQ installations."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, Uuid, any_, literal, select
from sqlalchemy.orm import Session

from console.infra.db import db
from console.infra.jobs import Job
from console.queues.models import RqCursor, RqSeen


def told_scores(session: Session, broker: str, queue: str, job_ids: Sequence[str]) -> dict[str, float]:
    """The score under which each of these jobs was last told, if it was."""
    rows = select(RqSeen.job_id, RqSeen.score).where(
        RqSeen.broker == broker, RqSeen.queue == queue, RqSeen.job_id == any_(literal(list(job_ids), ARRAY(Text)))
    )
    return {row.job_id: row.score for row in session.execute(rows)}


def told_jobs(session: Session, broker: str, queue: str, *, after: str, limit: int) -> list[str]:
    """Ids told of a queue, in order, beginning after one of them."""
    rows = select(RqSeen.job_id).where(RqSeen.broker == broker, RqSeen.queue == queue, RqSeen.job_id > after)
    return list(session.scalars(rows.order_by(RqSeen.job_id).limit(limit)))


def cursor_of(session: Session, broker: str, queue: str) -> RqCursor | None:
    """How far a queue was followed."""
    return session.get(RqCursor, (broker, queue))


def progress_of(broker: str) -> Sequence[RqCursor]:
    """How far each queue of a broker was followed, by name."""
    return db.session.scalars(select(RqCursor).where(RqCursor.broker == broker).order_by(RqCursor.queue)).all()


def brokers_of_jobs(job_ids: Sequence[str], brokers: Sequence[str]) -> dict[str, list[str]]:
    """On which of these brokers each job was last seen failed: broker to ids, each job once."""
    rows = select(RqSeen.broker, RqSeen.job_id).where(
        RqSeen.job_id == any_(literal(list(job_ids), ARRAY(Text))),
        RqSeen.broker == any_(literal(list(brokers), ARRAY(Text))),
    )
    found: dict[str, list[str]] = {}
    for broker, job_id in sorted({(row.broker, row.job_id) for row in db.session.execute(rows)}):
        found.setdefault(broker, []).append(job_id)
    return found


def rows_among(session: Session, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the ids that are rows of ours, which tell of their failures themselves."""
    return set(session.scalars(select(Job.id).where(Job.id == any_(literal(list(ids), ARRAY(Uuid)))))) if ids else set()
