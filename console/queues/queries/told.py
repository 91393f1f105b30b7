"""What was told of RQ's failed registries."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, Uuid, any_, literal, select
from sqlalchemy.orm import Session

from console.alerts.models import AlertRetry
from console.infra.db import db
from console.infra.jobs import Job
from console.queues.models import RqSeen


def told_scores(session: Session, queue: str, job_ids: Sequence[str]) -> dict[str, float]:
    """The score under which each of these jobs was last told, if it was."""
    rows = select(RqSeen.job_id, RqSeen.score).where(
        RqSeen.queue == queue, RqSeen.job_id == any_(literal(list(job_ids), ARRAY(Text)))
    )
    return {row.job_id: row.score for row in session.execute(rows)}


def told_jobs(session: Session, queue: str, *, after: str, limit: int) -> list[str]:
    """Ids told of a queue, in order, beginning after one of them."""
    rows = select(RqSeen.job_id).where(RqSeen.queue == queue, RqSeen.job_id > after)
    return list(session.scalars(rows.order_by(RqSeen.job_id).limit(limit)))


def rows_among(session: Session, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the ids that are rows of ours, which tell of their failures themselves."""
    return set(session.scalars(select(Job.id).where(Job.id == any_(literal(list(ids), ARRAY(Uuid)))))) if ids else set()


def awaited_jobs(*, limit: int = 1_000) -> list[str]:
    """Ids of retried jobs that alerts wait for, the newest requests first."""
    rows = select(AlertRetry.job_id).where(AlertRetry.succeeded_at.is_(None))
    return list(db.session.scalars(rows.order_by(AlertRetry.requested_at.desc()).limit(limit)))
