"""The jobs of this room, and what the scheduler does for it."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, delete, select

from console.infra import clock
from console.infra.jobs import FINISHED, Job, JobContext, JobState, job
from console.infra.transaction import unit

# How long a finished job's row is kept; failures longer, since somebody may still retry them.
KEEP: Final = {JobState.SUCCEEDED: timedelta(days=14), JobState.CANCELLED: timedelta(days=14)}
KEEP_FAILED: Final = timedelta(days=90)
BATCH: Final = 5_000


class InvoiceTotalMismatch(ArithmeticError):
    """What the practice job raises, as a real job would."""


@job(name="console.queues.jobs.practice_failure", queue="default", timeout=60, max_attempts=1)
def practice_failure(context: JobContext) -> dict[str, Any]:
    """Fail like a real job on the first run and succeed on every later one, so that a retry can be tried out."""
    context.progress(0.3, "Reading the invoice lines")
    context.log("reading invoice 2026-1184: 3 lines")
    lines = [("shipping", 490), ("keyboard", 8_900), ("discount", -500)]
    stated = 8_980 if context.attempt == 1 else 8_890
    context.progress(0.7, "Comparing the total")
    return {"invoice": "2026-1184", "total_cents": _checked_total(lines, stated)}


def _checked_total(lines: list[tuple[str, int]], stated: int) -> int:
    total = sum(cents for _, cents in lines)
    if total != stated:
        raise InvoiceTotalMismatch(f"invoice 2026-1184 states {stated} cents, its lines sum to {total}")
    return total


@job(name="console.queues.jobs.prune_jobs", queue="default", timeout=900, max_attempts=3)
def prune_jobs(context: JobContext) -> dict[str, int]:
    """Delete the rows of jobs that finished long ago, in batches; their attempts and lines go with them."""
    pruned = 0
    for state in sorted(FINISHED):
        while gone := _prune(state, KEEP.get(state, KEEP_FAILED)):
            pruned += gone
            context.check()
            context.progress(0.5, f"{pruned:,} rows deleted")
    return {"pruned": pruned}


def _prune(state: JobState, age: timedelta) -> int:
    old = select(Job.id).where(Job.state == state, Job.finished_at < clock.now() - age).limit(BATCH)
    with unit() as session:
        done = session.execute(delete(Job).where(Job.id.in_(old)).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount
