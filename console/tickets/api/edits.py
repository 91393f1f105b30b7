"""What an edit of a calendar or policy would do, and how far the rebuild of one that was saved is."""

import uuid
from datetime import datetime
from typing import Any

from flask import Response
from pydantic import BaseModel, ConfigDict

from console.infra.actor import Scope
from console.infra.errors import NotFound
from console.infra.jobs import Job
from console.infra.jobs.registry import spec_of
from console.tickets import forms, jobs
from console.tickets.actions import promises
from console.tickets.api.shared import Part, bp, reply
from console.tickets.forms import CalendarIn, PolicyIn
from console.tickets.queries import rebuilds as reads
from console.tickets.queries.preview import Preview
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe


class ChangeOut(BaseModel):
    """A ticket whose deadlines would move."""

    id: int
    source: str
    external_id: str
    subject: str
    assignee: str | None
    before_due_at: datetime | None
    after_due_at: datetime | None
    before_state: str
    after_state: str


class PreviewOut(BaseModel):
    """Of so many open tickets, how many deadlines would move, tickets become breached, and be rescued.

    `changes` lists up to 100, the most pressing first. While `state` is not "done", ask `job` again.
    """

    state: str
    job: uuid.UUID | None = None
    progress: float | None = None
    tickets: int | None = None
    moved: int | None = None
    breached: int | None = None
    rescued: int | None = None
    changes: list[ChangeOut] = []


class RebuildOut(BaseModel):
    """A rebuild after an edit; a newer one supersedes it. Counts are of what was really done."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    why: str
    asked_by: str
    asked_at: datetime
    job_id: uuid.UUID | None
    total: int
    done: int
    moved: int
    breached: int
    rescued: int
    finished_at: datetime | None
    superseded_at: datetime | None


class RebuildPage(BaseModel):
    """Rebuilds, the newest first."""

    items: list[RebuildOut]
    next_cursor: str | None


@bp.post("/sla/calendars/<name>/preview")
@requires_scope(Scope.READ)
@describe(
    "What saving a calendar would do to open tickets; 202 with a job to ask when many",
    body=CalendarIn,
    reply=PreviewOut,
)
def preview_calendar(name: str) -> Response:
    """Nothing is saved."""
    wanted = body(CalendarIn).body()
    promises.check_calendar(wanted)
    return _answer(jobs.ask_preview(jobs.CALENDAR, forms.name(name), None, wanted, by=current_actor()))


@bp.post("/sla/policies/<name>/preview")
@requires_scope(Scope.READ)
@describe(
    "What saving a policy would do to open tickets; 202 with a job to ask when many", body=PolicyIn, reply=PreviewOut
)
def preview_policy(name: str) -> Response:
    """Nothing is saved."""
    wanted, by = body(PolicyIn), current_actor()
    promises.named_calendar(wanted.calendar)
    return _answer(jobs.ask_preview(jobs.POLICY, forms.name(name), wanted.position, wanted.body(), by=by))


@bp.get("/sla/previews/<uuid:job_id>")
@requires_scope(Scope.READ)
@describe("A preview that took a while", reply=PreviewOut)
def get_preview(job_id: uuid.UUID) -> Response:
    """How far it is, and what it found."""
    return reply(_of_job(reads.job_named(job_id, spec_of(jobs.preview_edit).name)))


@bp.get("/sla/rebuilds")
@requires_scope(Scope.READ)
@describe("Rebuilds after edits, the newest first", query=Part, reply=RebuildPage)
def list_rebuilds() -> Response:
    """A page of rebuilds."""
    wanted = query(Part)
    page = reads.rebuilds(limit=wanted.limit, cursor=wanted.cursor)
    return reply(
        RebuildPage(items=[RebuildOut.model_validate(one) for one in page.items], next_cursor=page.next_cursor)
    )


def _answer(found: Preview | uuid.UUID) -> Response:
    if isinstance(found, uuid.UUID):
        return reply(PreviewOut(state="requested", job=found, progress=0.0), 202)
    return reply(PreviewOut(state="done", **jobs.shown(found)))


def _of_job(job: Job) -> PreviewOut:
    if job.finished and job.result is None:
        raise NotFound("This preview failed or was stopped; ask for it again.")
    told: dict[str, Any] = job.result or {}
    state = "done" if job.result is not None else job.state.value
    return PreviewOut(state=state, job=job.id, progress=job.progress, **told)
