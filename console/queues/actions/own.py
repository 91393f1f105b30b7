"""What people ask of our own jobs, and the lines of the timetable."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from console.audit.actions import record
from console.infra import jobs
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.jobs import Job
from console.queues.models import Schedule


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
