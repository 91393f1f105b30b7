"""Asking for a job, for its end and for another try, always in the caller's transaction."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from console.infra import outbox
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.infra.events import touch
from console.infra.jobs.models import Job, JobState
from console.infra.jobs.registry import JobSpec, UnknownJob, spec_named, spec_of


def request(
    function: Callable[..., Any], *args: Any, by: Actor, slot: str | None = None, run_at: datetime | None = None
) -> Job:
    """Ask for a job: its row and its bell are written with the caller's change and rung after the commit.

    `args` are JSON values, ids rather than objects. Of all requests for one `slot` the first wins; the others get its
    row. Nothing runs before `run_at`. Raises UnknownJob for a function without `@job`.
    """
    values = _row(function, args, by)
    if run_at is not None:
        values["run_at"] = run_at
    made = insert(Job).values(slot=slot, **values).on_conflict_do_nothing(index_elements=["slot"]).returning(Job)
    job = db.session.scalars(made).one_or_none()
    if job is None:
        return db.session.scalars(select(Job).where(Job.slot == slot)).one()
    outbox.put(db.session(), [job.id], due_at=run_at)
    touch("queues")
    return job


def cancel(job_id: uuid.UUID, *, by: Actor) -> Job:
    """Stop a job: at once while it waits, as soon as it listens (or is killed) while it runs.

    Raises NotFound, and Conflict once it has finished.
    """
    job = _locked(job_id)
    if job.finished:
        raise Conflict(f"This job has already {_word(job.state)}; there is nothing to stop.")
    touch("queues")
    job.cancel_requested_by = by.label
    job.cancel_requested_at = db.session.scalar(select(func.clock_timestamp()))
    if job.state is JobState.REQUESTED:
        job.state = JobState.CANCELLED
        job.finished_at = job.cancel_requested_at
    db.session.flush()
    return job


def keep_going(job_id: uuid.UUID) -> Job:
    """Take back the wish to stop a running job; one that has already heard it stops all the same.

    Raises NotFound, and Conflict when nobody asked it to stop or it has ended.
    """
    job = _locked(job_id)
    if not job.stopping:
        raise Conflict("Nobody asked this job to stop, or it has ended.")
    job.cancel_requested_at = job.cancel_requested_by = None
    db.session.flush()
    touch("queues")
    return job


def retry(job_id: uuid.UUID, *, by: Actor) -> Job:
    """Run a failed or cancelled job again, with as many attempts as it had at first.

    Raises NotFound, and Conflict when it waits, runs or has succeeded: so two who press at once start one run.
    """
    job = _locked(job_id)
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise Conflict(f"Only a job that failed or was stopped can run again; this one has {_word(job.state)}.")
    job.attempts_allowed = job.attempt + _known(job.name).max_attempts
    job.state = JobState.REQUESTED
    job.run_at = db.session.scalar(select(func.clock_timestamp())) or job.run_at
    job.finished_at = job.cancel_requested_at = job.cancel_requested_by = job.rung_at = None
    job.progress = job.message = job.eta = None
    job.actor_kind, job.actor_id, job.actor_label, job.request_id = by.kind, by.id, by.label, by.request_id
    db.session.flush()
    outbox.put(db.session(), [job.id])
    touch("queues")
    return job


def _row(function: Callable[..., Any], args: tuple[Any, ...], by: Actor) -> dict[str, Any]:
    spec = spec_of(function)
    return {
        "id": uuid.uuid4(),
        "name": spec.name,
        "queue": spec.queue,
        "args": list(args),
        "attempts_allowed": spec.max_attempts,
        "timeout_seconds": spec.timeout,
        "actor_kind": by.kind,
        "actor_id": by.id,
        "actor_label": by.label,
        "request_id": by.request_id,
    }


def _locked(job_id: uuid.UUID) -> Job:
    job = db.session.scalars(select(Job).where(Job.id == job_id).with_for_update()).one_or_none()
    if job is None:
        raise NotFound("There is no such job.")
    return job


def _known(name: str) -> JobSpec:
    try:
        return spec_named(name)
    except UnknownJob as unknown:
        raise Conflict(f"{unknown}, so it cannot run again.") from None


def _word(state: JobState) -> str:
    return {JobState.REQUESTED: "not run yet", JobState.RUNNING: "not ended yet"}.get(state, state.value)
