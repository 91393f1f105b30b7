"""Rows of ours seen from Redis: which should have a bell, which bells have a row, which runs have no worker."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ARRAY, Uuid, any_, exists, func, literal, select

from console.infra.db import db
from console.infra.jobs import Job, JobState
from console.infra.outbox import Outbox

# A bell is rung, and a worker claims the row, within a moment: what is younger is on its way.
MOMENT: Final = timedelta(seconds=2)


def due_rows(now: datetime, *, limit: int) -> list[uuid.UUID]:
    """Rows that have been due for a moment, the oldest first."""
    since = now - MOMENT
    rows = select(Job.id).where(
        Job.state == JobState.REQUESTED, Job.run_at < since, func.coalesce(Job.rung_at, Job.run_at) < since
    )
    return list(db.session.scalars(rows.order_by(Job.run_at).limit(limit)))


def without_ringer(ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Those that still wait and that nobody is about to ring."""
    rung = exists().where(Outbox.job_id == Job.id)
    rows = select(Job.id).where(Job.id == _any(ids), Job.state == JobState.REQUESTED, ~rung)
    return list(db.session.scalars(rows.order_by(Job.run_at))) if ids else []


def live_rows(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the ids that are rows which wait or run."""
    rows = select(Job.id).where(Job.id == _any(ids), Job.state.in_([JobState.REQUESTED, JobState.RUNNING]))
    return set(db.session.scalars(rows)) if ids else set()


def silent_runs(now: datetime, *, limit: int = 50) -> Sequence[Job]:
    """Our jobs that run although their worker's lease has ended: the sweeper settles them in its next round."""
    rows = select(Job).where(Job.state == JobState.RUNNING, Job.lease_until < now).order_by(Job.lease_until)
    return db.session.scalars(rows.limit(limit)).all()


def _any(ids: Sequence[uuid.UUID]) -> object:
    return any_(literal(list(ids), ARRAY(Uuid)))
