"""What changes in this room: what people ask of jobs, and what the scheduler remembers."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CursorResult, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from console.audit.actions import record
from console.infra import jobs
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.jobs import Job
from console.queues.models import RqCursor, RqSeen, Schedule

# As arrays: one statement of one shape, however many entries; xmax is 0 in a row that replaced none.
_REMEMBER: Final = text("""
    WITH told AS (
        INSERT INTO rq_seen (queue, job_id, score)
        SELECT :queue, * FROM unnest(CAST(:ids AS text[]), CAST(:scores AS float8[]))
        ON CONFLICT (queue, job_id) DO UPDATE SET score = excluded.score
        RETURNING xmax = 0 AS fresh
    )
    SELECT count(*) FILTER (WHERE fresh) FROM told
""")


def ask_for(function: Callable[..., Any], *args: Any, by: Actor) -> Job:
    """Request a job on behalf of somebody, and keep in the trail that they did."""
    job = jobs.request(function, *args, by=by)
    record("job.request", by=by, object=("job", str(job.id), job.name), details={"args": job.args})
    return job


def stop(job_id: uuid.UUID, *, by: Actor) -> Job:
    """Stop a job; raises NotFound, and Conflict once it has finished."""
    job = jobs.cancel(job_id, by=by)
    record("job.stop", by=by, object=("job", str(job.id), job.name), details={"state": job.state.value})
    return job


def keep_going(job_id: uuid.UUID, *, by: Actor) -> Job:
    """Take back a stop that has not happened yet; raises NotFound, Conflict."""
    job = jobs.keep_going(job_id)
    record("job.keep_going", by=by, object=("job", str(job.id), job.name))
    return job


def retry(job_id: uuid.UUID, *, by: Actor) -> Job:
    """Run a failed or stopped job again; raises NotFound, Conflict."""
    job = jobs.retry(job_id, by=by)
    record("job.retry", by=by, object=("job", str(job.id), job.name), details={"attempts_so_far": job.attempt})
    return job


def keep_schedule(name: str, rhythm: str, job: str, *, at: datetime) -> Schedule:
    """The timetable's line of this name, made at its first sight and locked for the caller."""
    line = insert(Schedule).values(name=name, rhythm=rhythm, job=job, first_seen_at=at)
    db.session.execute(
        line.on_conflict_do_update(index_elements=["name"], set_={"rhythm": rhythm, "job": job}),
    )
    return db.session.scalars(select(Schedule).where(Schedule.name == name).with_for_update()).one()


def lock_cursor(session: Session, queue: str) -> bool:
    """Make this transaction the only follower of a queue; False when another is at it."""
    session.execute(insert(RqCursor).values(queue=queue, top=0.0, size=0).on_conflict_do_nothing())
    mine = select(RqCursor.queue).where(RqCursor.queue == queue).with_for_update(skip_locked=True)
    return session.scalar(mine) is not None


def remember_told(session: Session, queue: str, scores: Mapping[str, float]) -> None:
    """These entries of a failed registry were told, or are not to be; the cursor moves with them."""
    if not scores:
        return
    ids = sorted(scores)
    told = {"queue": queue, "ids": ids, "scores": [scores[job_id] for job_id in ids]}
    added = session.execute(_REMEMBER, told).scalar_one()
    session.execute(
        update(RqCursor)
        .where(RqCursor.queue == queue)
        .values(top=func.greatest(RqCursor.top, max(scores.values())), size=RqCursor.size + added)
    )


def forget_told(session: Session, queue: str, job_ids: Sequence[str]) -> None:
    """These entries left the registry: requeued, removed or expired. Failing again, they are told again."""
    if not job_ids or not lock_cursor(session, queue):
        return
    gone = session.execute(delete(RqSeen).where(RqSeen.queue == queue, RqSeen.job_id.in_(job_ids)))
    assert isinstance(gone, CursorResult)
    session.execute(update(RqCursor).where(RqCursor.queue == queue).values(size=RqCursor.size - gone.rowcount))
