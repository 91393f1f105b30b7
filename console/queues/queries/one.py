"""One job: its row, its failed attempts, its lines."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.jobs import Job, JobAttempt, JobLog


def get(job_id: str | uuid.UUID) -> Job:
    """The job; raises NotFound, for an id that is none too."""
    try:
        found = db.session.get(Job, job_id if isinstance(job_id, uuid.UUID) else uuid.UUID(job_id))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such job. Finished jobs are kept for some weeks.")
    return found


def attempts(job: Job, *, limit: int = 50) -> Sequence[JobAttempt]:
    """Its attempts that did not succeed, newest first."""
    rows = select(JobAttempt).where(JobAttempt.job_id == job.id).order_by(JobAttempt.attempt.desc())
    return db.session.scalars(rows.limit(limit)).all()


def log_lines(job: Job, *, limit: int = 200) -> Sequence[JobLog]:
    """Its newest lines, newest first."""
    rows = select(JobLog).where(JobLog.job_id == job.id).order_by(JobLog.id.desc())
    return db.session.scalars(rows.limit(limit)).all()
