"""One attempt of one job, from claim to settlement. The only place besides the error page that catches everything."""

import random
import traceback
import uuid
from types import TracebackType
from typing import Any, Final

import orjson
import structlog
from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from console.infra import sentry
from console.infra.events import job_settled
from console.infra.jobs import leases
from console.infra.jobs.context import Cancelled, JobContext, LeaseLost
from console.infra.jobs.leases import Failure, Settlement
from console.infra.jobs.models import Job, JobState, actor_of
from console.infra.jobs.pulse import Pulse
from console.infra.jobs.registry import UnknownJob, spec_named
from console.infra.jobs.timing import timing
from console.infra.scrub import scrub_text
from console.infra.transaction import unit

RESULT_BYTES: Final = 64 * 1024
TEXT_CHARACTERS: Final = 100_000

log = structlog.get_logger(__name__)


class ResultTooLarge(ValueError):
    """A job returned more than its page could show."""


class NoSuchRow(LookupError):
    """A bell rang for a job that nobody requested: somebody else wrote to our queue in Redis."""


def perform(job_id: uuid.UUID, *, worker: str) -> bool:
    """Claim, run and settle one attempt; False when there was nothing to claim (a bell that rang twice).

    Raises NoSuchRow for an id without a row. What the job raises is settled, never raised.
    """
    with unit():
        row = leases.claim(job_id, worker=worker, lease=timing().lease)
    if row is None:
        _explain_idle_bell(job_id)
        return False
    with structlog.contextvars.bound_contextvars(
        request_id=row.request_id, job_id=str(row.id), job=row.name, attempt=row.attempt, actor=row.actor_label
    ):
        _attempt(row)
    return True


def settle_lost(job_id: uuid.UUID, reason: str, *, worker: str | None = None) -> None:
    """Settle a job whose process is known to be dead; `worker` limits it to an attempt of that worker."""
    with unit() as session:
        query = select(leases.jobs).where(leases.jobs.c.id == job_id, leases.jobs.c.state == JobState.RUNNING)
        row = session.execute(query).one_or_none()
        if row is not None and worker in {None, row.worker}:
            settle_row_lost(session, row, reason)


def settle_row_lost(session: Session, row: Row[Any], reason: str) -> None:
    """The same for a row already read, in the caller's unit."""
    failure = Failure("lost", "WorkerLost", reason)
    _announce(session, leases.fail(session, row.id, row.attempt, failure), failure)


def _explain_idle_bell(job_id: uuid.UUID) -> None:
    with unit() as session:
        state = session.scalar(select(Job.state).where(Job.id == job_id))
    if state is None:
        raise NoSuchRow(f"There is no row for job {job_id}: the console runs only what was requested of it.")
    log.info("bell_rang_again", job_id=str(job_id), state=state.value)


def _attempt(row: Any) -> None:
    actor = actor_of(row.actor_kind, row.actor_id, row.actor_label, row.request_id)
    context = JobContext(job_id=row.id, attempt=row.attempt, max_attempts=row.attempts_allowed, actor=actor)
    # Forked workers would otherwise all draw the same jitter.
    random.seed()
    try:
        _run(row, context)
    except LeaseLost:
        log.warning("lease_lost", hint="another worker or the sweeper has settled this attempt; nothing was kept")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a job raises is its failure, not the worker's
        _settle_failed(row, context, _failure(error))
        if context.attempt >= context.max_attempts and not isinstance(error, Cancelled):
            sentry.report(error, job=row.name, job_id=str(row.id), request_id=row.request_id or "")


def _run(row: Any, context: JobContext) -> None:
    """The function's own effects and the success of its row are one transaction."""
    with unit():
        with Pulse(context, row.timeout_seconds):
            result = _result(spec_named(row.name).function(context, *row.args))
        done = leases.succeed(row.id, row.attempt, result=result, report=context.take_report(last=True))
        if done is None:
            raise LeaseLost
        job_settled.announce(done.event)


def _settle_failed(row: Any, context: JobContext, failure: Failure) -> None:
    report = context.take_report(last=True)
    with unit() as session:
        _announce(session, leases.fail(session, row.id, row.attempt, failure, report=report), failure)


def _announce(session: Session, settled: Settlement | None, failure: Failure) -> None:
    """Tell the hook and the log. A listener that fails must not keep the job from being settled."""
    if settled is None or settled.state is JobState.CANCELLED:
        return
    event = settled.event
    said = log.warning if event.will_retry else log.critical
    said(
        "job_attempt_failed" if event.will_retry else "job_failed",
        job_id=str(event.job_id),
        job=event.name,
        attempt=event.attempt,
        error_type=failure.error_type,
        error=failure.text,
    )
    try:
        with session.begin_nested():
            job_settled.announce(event)
    except Exception:
        log.critical("job_settled_unheard", job_id=str(event.job_id), exc_info=True)


def _result(value: Any) -> Any:
    """The value as it will be stored; raises for what is not JSON or larger than 64 KB."""
    if value is None:
        return None
    size = len(value) if isinstance(value, str | bytes) else 0
    size = size or len(orjson.dumps(value))
    if size > RESULT_BYTES:
        raise ResultTooLarge(f"The result is {size:,} bytes; a job may return {RESULT_BYTES:,}.")
    return value if isinstance(value, dict) else {"value": value}


def _failure(error: BaseException) -> Failure:
    if isinstance(error, Cancelled):
        return Failure("cancelled", "Cancelled", "Stopped on request.")
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    text = "".join(traceback.format_exception(kind, error, _own_frames(error.__traceback__)))
    return Failure(
        "failed",
        name,
        _storable(str(error)[:TEXT_CHARACTERS]),
        _storable(text if len(text) <= TEXT_CHARACTERS else text[-TEXT_CHARACTERS:]),
        final=isinstance(error, UnknownJob),
    )


def _own_frames(found: TracebackType | None) -> TracebackType | None:
    """The traceback without the engine's frames at its top, unless it has no other."""
    frame = found
    while frame is not None and frame.tb_frame.f_code.co_filename == __file__:
        frame = frame.tb_next
    return frame or found


def _storable(text: str) -> str:
    # PostgreSQL stores neither NUL nor lone surrogates; the job's page shows the rest, so secrets go first.
    return scrub_text(text).replace("\0", "�").encode("utf-8", "replace").decode()
