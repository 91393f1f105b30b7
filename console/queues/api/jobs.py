"""The console's own jobs over the API."""

import uuid
from datetime import datetime
from typing import Any, Literal, Self

from flask import Response, url_for
from pydantic import BaseModel, Field

from console.infra.actor import Scope
from console.infra.jobs import Job, JobState
from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT
from console.queues import actions, queries
from console.queues.api.blueprint import bp, reply
from console.queues.queries import Filters
from console.web import inputs
from console.web.auth import current_actor, requires_scope
from console.web.openapi import describe


class JobOut(BaseModel):
    """One of the console's own jobs. `progress` is a share from 0 to 1; `error` a traceback or a sentence."""

    id: uuid.UUID
    name: str
    queue: str
    state: JobState
    args: list[Any]
    attempt: int
    attempts_allowed: int
    progress: float | None
    message: str | None
    eta: datetime | None
    result: dict[str, Any] | None
    error_type: str | None
    error: str | None
    worker: str | None
    slot: str | None
    requested_by: str
    request_id: str | None
    requested_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    url: str

    @classmethod
    def of(cls, job: Job) -> Self:
        """The job as the API shows it."""
        same = {name: getattr(job, name) for name in cls.model_fields if name not in {"requested_by", "url"}}
        return cls(**same, requested_by=job.actor_label, url=url_for("queues.job", job_id=job.id, _external=True))


class JobList(BaseModel):
    """A page of jobs, newest request first."""

    items: list[JobOut]
    next_cursor: str | None


class JobQuery(BaseModel):
    """What to list."""

    state: JobState | None = None
    queue: Literal["fast", "default", "long"] | None = None
    name: str | None = None
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


@bp.get("/jobs")
@requires_scope(Scope.READ)
@describe("The console's own jobs", reply=JobList, query=JobQuery)
def index() -> Response:
    """A page of jobs."""
    asked = inputs.query(JobQuery)
    found = queries.list_jobs(Filters(asked.state, asked.queue, asked.name), limit=asked.limit, cursor=asked.cursor)
    return reply(JobList(items=[JobOut.of(job) for job in found.items], next_cursor=found.next_cursor))


@bp.get("/jobs/<job_id>")
@requires_scope(Scope.READ)
@describe("One job", reply=JobOut, problems={404: "There is no such job"})
def show(job_id: str) -> Response:
    """One job."""
    return reply(JobOut.of(queries.get(job_id)))


@bp.post("/jobs/<job_id>/retry")
@requires_scope(Scope.WRITE)
@describe("Run a failed or stopped job again", reply=JobOut, problems={404: "No such job", 409: "It cannot run again"})
def retry(job_id: str) -> Response:
    """Run it again."""
    return reply(JobOut.of(actions.retry(queries.get(job_id).id, by=current_actor())))


@bp.post("/jobs/<job_id>/cancellation")
@requires_scope(Scope.WRITE)
@describe("Stop a job", reply=JobOut, problems={404: "No such job", 409: "It has finished"})
def stop(job_id: str) -> Response:
    """Stop it."""
    return reply(JobOut.of(actions.stop(queries.get(job_id).id, by=current_actor())))


@bp.delete("/jobs/<job_id>/cancellation")
@requires_scope(Scope.WRITE)
@describe(
    "Take back a stop that has not happened yet", reply=JobOut, problems={404: "No such job", 409: "Not stopping"}
)
def keep_going(job_id: str) -> Response:
    """Take it back."""
    return reply(JobOut.of(actions.keep_going(queries.get(job_id).id, by=current_actor())))
