"""One verb for all alerts that a filter matches."""

from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from console.alerts import actions, jobs, queries
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.schemas import FilterIn, Word
from console.alerts.api.writes import known
from console.alerts.models import BulkChange
from console.infra import clock
from console.infra import jobs as engine
from console.infra.actor import Scope
from console.web.auth import current_actor, requires_scope
from console.web.inputs import Utc, body
from console.web.openapi import describe

# More takes longer than a request may.
AT_ONCE = 500


class BulkIn(BaseModel):
    """One verb for all alerts that match; `expect` is how many the asker saw. `until` for snooze, `user` for assign."""

    filter: FilterIn
    action: Literal["acknowledge", "unacknowledge", "snooze", "unsnooze", "resolve", "assign", "retry"]
    expect: int = Field(ge=0)
    until: Utc | None = None
    user: Word | None = None


class BulkOut(BaseModel):
    """How many matched, how many were changed (the verb made sense), how many jobs run again.

    `job` is the job that changes more than 10,000, to be followed under /jobs. `id` is what an undo asks for; null when
    nothing was changed that can be undone.
    """

    matched: int
    changed: int
    jobs: int
    job: str | None = None
    id: int | None = None


class BulkChangeOut(BaseModel):
    """A change of many alerts: how many of the matching it has changed, and how many of those an undo put back.

    `finished_at` is null while its job is at it, `undone_at` until somebody undoes it. `job` undoes what is too much
    for a request.
    """

    id: int
    action: str
    by: str
    at: Utc
    matched: int
    changed: int
    finished_at: Utc | None
    undone_at: Utc | None
    undone: int
    job: str | None = None


@bp.post("/alerts/bulk")
@requires_scope(Scope.WRITE)
@describe(
    "Change all alerts that a filter matches; over 10,000 it answers 202 and a job does it",
    body=BulkIn,
    reply=BulkOut,
    problems={409: "Another number matches now than `expect`; nothing was done"},
)
def bulk() -> Response:
    """Those for which the verb makes no sense stay as they are. Over 10,000: 202, and a job changes them."""
    asked = body(BulkIn)
    user = known(asked.user) if asked.action == "assign" and asked.user is not None else None
    order = actions.Order(asked.action, until=asked.until, user=user)
    by = current_actor()
    done = actions.bulk(asked.filter.filter(), order, expect=asked.expect, by=by, at=clock.now())
    if isinstance(done, BulkChange):
        done.job_id = engine.request(jobs.change_many, done.id, by=by).id
        return reply(BulkOut(matched=done.matched, changed=0, jobs=0, job=str(done.job_id), id=done.id), 202)
    return reply(BulkOut(matched=done.matched, changed=done.changed, jobs=done.jobs, id=done.id))


@bp.get("/alerts/bulk/<int:bulk_id>")
@requires_scope(Scope.READ)
@describe("Show a change of many alerts, and what an undo put back", reply=BulkChangeOut)
def bulk_change(bulk_id: int) -> Response:
    """What was asked for, by whom, and how far it is."""
    return reply(_told(queries.bulk_change(bulk_id)))


@bp.post("/alerts/bulk/<int:bulk_id>/undo")
@requires_scope(Scope.WRITE)
@describe(
    "Undo a change of many alerts; over 500 it answers 202 and a job does it",
    reply=BulkChangeOut,
    problems={409: "It was undone already, or is still under way"},
)
def undo_bulk(bulk_id: int) -> Response:
    """Alerts that somebody has touched since stay as they are: `undone` says how many were put back."""
    change, by, now = queries.bulk_for_change(bulk_id), current_actor(), clock.now()
    actions.begin_undo(change, at=now)
    if change.changed > AT_ONCE:
        return reply(_told(change, job=str(engine.request(jobs.undo_many, change.id, by=by).id)), 202)
    while actions.undo_step(change, by=by, at=now):
        pass
    return reply(_told(change))


def _told(change: BulkChange, job: str | None = None) -> BulkChangeOut:
    plain = {name: getattr(change, name) for name in BulkChangeOut.model_fields if name not in {"action", "job"}}
    return BulkChangeOut(action=change.order["action"], job=job, **plain)
