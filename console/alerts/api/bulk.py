"""One verb for all alerts that a filter matches."""

from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from console.alerts import actions, jobs
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


class BulkIn(BaseModel):
    """One verb for all alerts that match; `expect` is how many the asker saw. `until` for snooze, `user` for assign."""

    filter: FilterIn
    action: Literal["acknowledge", "unacknowledge", "snooze", "unsnooze", "resolve", "assign", "retry"]
    expect: int = Field(ge=0)
    until: Utc | None = None
    user: Word | None = None


class BulkOut(BaseModel):
    """How many matched, how many were changed (the verb made sense), how many jobs run again.

    `job` is the job that changes more than 10,000, to be followed under /jobs.
    """

    matched: int
    changed: int
    jobs: int
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
        return reply(BulkOut(matched=done.matched, changed=0, jobs=0, job=str(done.job_id)), 202)
    return reply(BulkOut(matched=done.matched, changed=done.changed, jobs=done.jobs))
