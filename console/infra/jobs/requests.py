"""Asking for a job, for its end and for another try, always in the caller's transaction."""

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import make_transient_to_detached

from console.infra import outbox
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.infra.events import touch
from console.infra.jobs.models import Job, JobState
from console.infra.jobs.registry import known_names, spec_named, spec_of
from console.infra.prepared import Prepared

# The row, its bell and the call to the dispatchers in one trip.
_ASK: Final = Prepared(
    "ask_for_job",
    {
        "id": "uuid",
        "name": "text",
        "queue": "text",
        "args": "jsonb",
        "slot": "text",
        "run_at": "timestamptz",
        "attempts_allowed": "int",
        "timeout_seconds": "int",
        "actor_kind": "text",
        "actor_id": "bigint",
        "actor_label": "text",
        "request_id": "text",
    },
    f"""
    WITH asked AS (
        INSERT INTO jobs (id, name, queue, args, slot, run_at, state, attempt, attempts_allowed, timeout_seconds,
            actor_kind, actor_id, actor_label, request_id)
        VALUES ($1, $2, $3, $4, $5, coalesce($6, clock_timestamp()), 'requested', 0, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (slot) DO NOTHING
        RETURNING id
    ), bell AS (
        INSERT INTO outbox (job_id, due_at) SELECT id, coalesce($6, clock_timestamp()) FROM asked
    )
    SELECT id, pg_notify('{outbox.CHANNEL}', '') FROM asked
    """,  # noqa: S608 - a name of our own
)

RETRYABLE: Final = frozenset({JobState.FAILED, JobState.CANCELLED})


def request(
    function: Callable[..., Any], *args: Any, by: Actor, slot: str | None = None, run_at: datetime | None = None
) -> Job:
    """Ask for a job: its row and its bell are written with the caller's change and rung after the commit.

    `args` are JSON values, ids rather than objects. Of all requests for one `slot` the first wins; the others get its
    row. Nothing runs before `run_at`. Raises UnknownJob for a function without `@job`.
    """
    values = _row(function, args, by) | {"slot": slot}
    db.session.flush()
    if not _ASK.run(**values | {"args": json.dumps(values["args"]), "run_at": run_at}):
        return db.session.scalars(select(Job).where(Job.slot == slot)).one()
    job = Job(**values)
    # What PostgreSQL filled in is read when somebody asks for it.
    make_transient_to_detached(job)
    db.session.add(job)
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
    if obstacle := _obstacle(job.name, job.state):
        raise Conflict(f"Only a job that failed or was stopped can run again; {obstacle}.")
    retry_many([job.id], by=by)
    return job


def retryable(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str | None]:
    """For each id that is a row of ours: None when it can run again, otherwise why not, in words."""
    rows = db.session.execute(select(Job.id, Job.name, Job.state).where(Job.id.in_(ids)))
    return {row.id: _obstacle(row.name, row.state) for row in rows}


def retry_many(ids: Sequence[uuid.UUID], *, by: Actor) -> list[uuid.UUID]:
    """Run many failed or cancelled jobs again; returns those that do, the others were not in such a state."""
    again: list[uuid.UUID] = []
    for name in db.session.scalars(select(Job.name).where(Job.id.in_(ids)).distinct().order_by(Job.name)).all():
        if name not in known_names():
            continue
        restart = (
            update(Job)
            .where(Job.id.in_(ids), Job.name == name, Job.state.in_(RETRYABLE))
            .values(_afresh(by) | {"attempts_allowed": Job.attempt + spec_named(name).max_attempts})
        )
        again += db.session.scalars(restart.returning(Job.id), execution_options={"synchronize_session": False})
    outbox.put(db.session(), again)
    touch("queues")
    db.session.expire_all()
    return again


def _afresh(by: Actor) -> dict[str, Any]:
    cleared = ("finished_at", "cancel_requested_at", "cancel_requested_by", "rung_at", "progress", "message", "eta")
    asker = {"actor_kind": by.kind, "actor_id": by.id, "actor_label": by.label, "request_id": by.request_id}
    return {"state": JobState.REQUESTED, "run_at": func.clock_timestamp()} | dict.fromkeys(cleared) | asker


def _obstacle(name: str, state: JobState) -> str | None:
    if state not in RETRYABLE:
        return f"it has {_word(state)}"
    return None if name in known_names() else f"no job is registered as {name} in this version"


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


def _word(state: JobState) -> str:
    return {JobState.REQUESTED: "not run yet", JobState.RUNNING: "not ended yet"}.get(state, state.value)
