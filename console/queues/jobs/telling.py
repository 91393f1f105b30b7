"""RQ's failures as alerts take them."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from console.alerts.rules.failure import AHEAD, Failure
from console.alerts.rules.states import Severity
from console.infra import clock
from console.queues.client import Entry
from console.queues.rules import RqAttempt, RqFailure, Told, read_error
from console.queues.rules.brokers import Watched

LONGEST: Final = 200
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


def final_failure(failure: RqFailure, broker: Watched) -> Failure:
    """A job in a failed registry. Its severity is an error's, its service and environment its broker's."""
    error = read_error(failure.traceback)
    if failure.trouble:
        error = Told("UnreadableJob", failure.trouble, None)
    return Failure(
        **_place(failure, broker),
        occurred_at=_instant(failure.ended_at),
        exception_type=error.exception_type,
        message=error.message,
        traceback=error.traceback,
    )


def attempt_failure(attempt: RqAttempt, broker: Watched) -> Failure:
    """An attempt that RQ repeats: a warning, since nobody has to do anything yet."""
    return Failure(
        **_place(attempt, broker),
        occurred_at=_instant(attempt.ended_at),
        severity=Severity.WARNING,
        exception_type="AttemptFailed",
        message=attempt.message,
        will_retry=True,
    )


def unstorable(entry: Entry, queue: str) -> RqFailure:
    """What is told of an entry whose fields no rule could make storable."""
    return RqFailure(
        job_id=entry.job_id, queue=queue, task="unknown", args=None, traceback="", execution=str(entry.score),
        ended_at=None, worker=None, retries=None, max_retries=None,
        trouble="A failed job of RQ holds values that cannot be stored; look at it with RQ's own tools",
    )  # fmt: skip


def _place(one: RqFailure | RqAttempt, broker: Watched) -> dict[str, Any]:
    """What failures and attempts have in common."""
    event = one.event_id if broker.builtin else f"{broker.name}/{one.event_id}"
    return {
        "service": broker.service,
        "environment": broker.environment,
        "task": one.task[:LONGEST],
        "event_id": event if len(event) <= LONGEST else blake2b(event.encode(), digest_size=16).hexdigest(),
        "job_id": one.job_id,
        "queue": one.queue[:LONGEST],
        "worker": one.worker[:LONGEST] if one.worker else None,
        "retries": one.retries,
        "max_retries": one.max_retries,
        "args": one.args,
        "tags": {} if broker.builtin else {"broker": broker.name},
        "source": "rq",
    }


def _instant(told: datetime | None) -> datetime:
    """When it happened: now, where RQ's fields say nothing or what cannot be."""
    now = clock.now()
    return told if told is not None and EARLIEST <= told <= now + AHEAD else now
