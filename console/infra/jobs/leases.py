"""Who may run a row now: claims, signs of life and settlements, each one conditional statement.

Every statement names the attempt it speaks for, so a run that lost its lease changes nothing any more.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, insert, select, text, update
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import func

from console.infra import outbox
from console.infra.db import db
from console.infra.events import JobSettled, touch
from console.infra.jobs.backoff import delay
from console.infra.jobs.context import Report
from console.infra.jobs.models import Job, JobAttempt, JobLog, JobState
from console.infra.jobs.registry import UnknownJob, spec_named
from console.infra.prepared import Prepared

jobs = cast("Table", Job.__table__)
NOW = func.clock_timestamp()
NO_WAIT = text("SET LOCAL synchronous_commit = off")

# Prepared: a worker runs them hundreds of times a second.
_CLAIM = Prepared(
    "claim_job",
    {"job": "uuid", "worker": "text", "lease": "float8"},
    """
    UPDATE jobs
    SET state = 'running', attempt = attempt + 1, worker = $2, started_at = clock_timestamp(),
        lease_until = clock_timestamp() + $3 * interval '1 second', progress = NULL, message = NULL, eta = NULL
    WHERE id = $1 AND state = 'requested' AND run_at <= clock_timestamp()
    RETURNING id, name, args, attempt, attempts_allowed, timeout_seconds, actor_kind, actor_id, actor_label, request_id,
        -- A claim that a crash of PostgreSQL forgets is made again: its commit need not wait for the disk.
        set_config('synchronous_commit', 'off', true)
    """,
)
_SUCCEED = Prepared(
    "succeed_job",
    {"job": "uuid", "attempt": "int", "result": "jsonb", "message": "text"},
    """
    UPDATE jobs
    SET state = 'succeeded', finished_at = clock_timestamp(), lease_until = NULL, eta = NULL, progress = 1.0,
        error = NULL, error_type = NULL, result = $3, message = coalesce($4, message)
    WHERE id = $1 AND attempt = $2 AND state = 'running'
    RETURNING id, name, queue, attempt, attempts_allowed, args, worker, request_id, finished_at
    """,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt ended: `outcome` is failed, lost or cancelled; `final` forbids another attempt."""

    outcome: str
    error_type: str
    message: str
    traceback: str | None = None
    final: bool = False

    @property
    def text(self) -> str:
        """The traceback, or the message where there is none."""
        return self.traceback or self.message


@dataclass(frozen=True, slots=True)
class Settlement:
    """The state a row is in after an attempt, and what is announced about it."""

    state: JobState
    event: JobSettled


def claim(job_id: uuid.UUID, *, worker: str, lease: float) -> Any | None:
    """Take a due row for `lease` seconds as its next attempt, in the unit's transaction.

    Returns what an attempt needs of it; None when it is not there to be taken.
    """
    return next(iter(_CLAIM.run(job=job_id, worker=worker, lease=lease)), None)


def beat(
    session: Session, job_id: uuid.UUID, attempt: int, *, lease: float | None, report: Report | None
) -> Row[Any] | None:
    """Extend the lease (None leaves it) and store a report.

    Returns `cancel_requested_at` as the row has it, or None when the lease is lost.
    """
    session.execute(NO_WAIT)
    values = {"lease_until": jobs.c.lease_until if lease is None else _in(lease)} | _progress(report)
    renewal = update(jobs).where(_held(job_id, attempt)).values(values).returning(jobs.c.cancel_requested_at)
    row = session.execute(renewal).one_or_none()
    if row is not None and report is not None:
        _keep_lines(session, job_id, attempt, report)
        touch("queues")
    return row


def succeed(job_id: uuid.UUID, attempt: int, *, result: Any, report: Report | None) -> Settlement | None:
    """Settle as succeeded, in the transaction of the job's own effects; None when the lease was lost."""
    db.session.flush()
    kept = None if result is None else json.dumps(result)
    rows = _SUCCEED.run(job=job_id, attempt=attempt, result=kept, message=(report and report.message) or None)
    if not rows:
        return None
    if report is not None:
        _keep_lines(db.session(), job_id, attempt, report)
    touch("queues")
    return Settlement(JobState.SUCCEEDED, _event(rows[0], rows[0].finished_at))


def fail(
    session: Session, job_id: uuid.UUID, attempt: int, failure: Failure, *, report: Report | None = None
) -> Settlement | None:
    """Settle an attempt that did not succeed: another attempt after the back-off, or the end.

    None when the lease was lost to somebody else, who has settled it.
    """
    row = session.execute(select(jobs).where(_held(job_id, attempt)).with_for_update()).one_or_none()
    if row is None:
        return None
    again = _may_retry(row, failure)
    now, next_run = session.execute(select(NOW, _in(_wait(row)))).one()
    state = JobState.REQUESTED if again else _end(row, failure)
    ended = {"state": state, "lease_until": None, "eta": None, "error_type": failure.error_type, "error": failure.text}
    ended |= {"run_at": next_run, "rung_at": None} if again else {"finished_at": now}
    session.execute(update(jobs).where(jobs.c.id == job_id).values(ended | _progress(report)))
    _keep_attempt(session, row, failure, now, next_run if again else None)
    if report is not None:
        _keep_lines(session, job_id, attempt, report)
    if again:
        outbox.put(session, [job_id], due_at=next_run)
    touch("queues")
    return Settlement(state, _event(row, now, failure, will_retry=again))


def expired(session: Session, *, limit: int = 100) -> Sequence[Row[Any]]:
    """Running rows whose worker has been silent for longer than its lease, locked for settling."""
    late = select(jobs).where(jobs.c.state == JobState.RUNNING, jobs.c.lease_until < NOW)
    return session.execute(late.order_by(jobs.c.lease_until).limit(limit).with_for_update(skip_locked=True)).all()


def _held(job_id: uuid.UUID, attempt: int) -> ColumnElement[bool]:
    return (jobs.c.id == job_id) & (jobs.c.attempt == attempt) & (jobs.c.state == JobState.RUNNING)


def _in(seconds: float) -> ColumnElement[Any]:
    return NOW + timedelta(seconds=seconds)


def _may_retry(row: Row[Any], failure: Failure) -> bool:
    stopped = failure.outcome == "cancelled" or row.cancel_requested_at is not None
    return not (stopped or failure.final) and row.attempt < row.attempts_allowed


def _end(row: Row[Any], failure: Failure) -> JobState:
    stopped = failure.outcome == "cancelled" or (failure.outcome == "lost" and row.cancel_requested_at is not None)
    return JobState.CANCELLED if stopped else JobState.FAILED


def _wait(row: Row[Any]) -> float:
    try:
        spec = spec_named(row.name)
    except UnknownJob:
        return delay(row.attempt, base=10.0, cap=600.0)
    return delay(row.attempt, base=spec.backoff, cap=spec.backoff_cap)


def _progress(report: Report | None) -> dict[str, Any]:
    if report is None or report.fraction is None:
        return {}
    return {"progress": report.fraction, "message": report.message or None, "eta": report.eta}


def _keep_lines(session: Session, job_id: uuid.UUID, attempt: int, report: Report) -> None:
    rows = [{"job_id": job_id, "attempt": attempt, "at": at, "line": line} for at, line in report.lines]
    if rows:
        session.execute(insert(JobLog), rows)


def _keep_attempt(session: Session, row: Row[Any], failure: Failure, now: datetime, next_run: datetime | None) -> None:
    kept = {
        "job_id": row.id,
        "attempt": row.attempt,
        "worker": row.worker,
        "started_at": row.started_at,
        "ended_at": now,
        "outcome": failure.outcome,
        "error_type": failure.error_type,
        "error": failure.text,
        "next_run_at": next_run,
    }
    session.execute(insert(JobAttempt).values(kept))


def _event(row: Any, at: datetime, failure: Failure | None = None, *, will_retry: bool = False) -> JobSettled:
    return JobSettled(
        job_id=row.id,
        name=row.name,
        queue=row.queue,
        attempt=row.attempt,
        max_attempts=row.attempts_allowed,
        succeeded=failure is None,
        will_retry=will_retry,
        at=at,
        exception_type=failure.error_type if failure else None,
        message=failure.message if failure else None,
        traceback=failure.traceback if failure else None,
        args=tuple(row.args),
        worker=row.worker,
        request_id=row.request_id,
    )
