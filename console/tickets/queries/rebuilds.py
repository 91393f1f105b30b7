"""Rebuilds after edits, and previews that became jobs."""

import uuid

from sqlalchemy import select

from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.jobs import Job
from console.infra.paging import Page, decode, page_of
from console.tickets.models import Rebuild


def rebuilds(*, limit: int, cursor: str | None = None) -> Page[Rebuild]:
    """Rebuilds, the newest first; raises Invalid for a bad cursor."""
    rows = select(Rebuild).order_by(Rebuild.id.desc())
    if cursor:
        (before,) = decode(cursor, int)
        rows = rows.where(Rebuild.id < before)
    return page_of(db.session.scalars(rows.limit(limit + 1)).all(), limit, lambda found: (found.id,))


def running() -> Rebuild | None:
    """The rebuild that goes on now, if any."""
    rows = select(Rebuild).where(Rebuild.finished_at.is_(None), Rebuild.superseded_at.is_(None))
    return db.session.scalar(rows.order_by(Rebuild.id.desc()).limit(1))


def job_named(job_id: uuid.UUID, name: str) -> Job:
    """A job of ours by its id, if it is of this kind; raises NotFound."""
    found = db.session.get(Job, job_id)
    if found is None or found.name != name:
        raise NotFound("There is no such preview.")
    return found
