"""The list of our jobs, newest first, by keyset."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, select, tuple_

from console.infra.db import db
from console.infra.jobs import Job, JobState
from console.infra.paging import Page, decode, page_of

LIMIT: Final = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list shows; None leaves a question open."""

    state: JobState | None = None
    queue: str | None = None
    name: str | None = None

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.state or self.queue or self.name)


def list_jobs(filters: Filters, *, limit: int = LIMIT, cursor: str | None = None) -> Page[Job]:
    """A page of jobs, newest request first; raises Invalid for a bad cursor."""
    rows = _filtered(select(Job), filters).order_by(Job.requested_at.desc(), Job.id.desc())
    if cursor:
        at, job_id = decode(cursor, datetime, str)
        rows = rows.where(tuple_(Job.requested_at, Job.id) < (at, job_id))
    return page_of(
        db.session.scalars(rows.limit(limit + 1)).all(), limit, lambda job: (job.requested_at.isoformat(), str(job.id))
    )


def _filtered(rows: Select[Job], filters: Filters) -> Select[Job]:
    if filters.state:
        rows = rows.where(Job.state == filters.state)
    if filters.queue:
        rows = rows.where(Job.queue == filters.queue)
    if filters.name:
        rows = rows.where(Job.name == filters.name)
    return rows
