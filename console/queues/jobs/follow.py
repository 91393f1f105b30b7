"""RQ as a source of failures: every final failure in a failed registry becomes one occurrence.

Only the registry sees all five kinds (exception, exhausted retries, time-out, killed work-horse, abandoned job), and
only jobs without a row of ours are told: our own rows tell of themselves.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.orm import Session

from console.alerts import actions as alerts
from console.alerts.rules.failure import Failure
from console.infra import clock
from console.infra.transaction import unit
from console.queues import actions, queries
from console.queues.client import CHUNK, Entry, Registries
from console.queues.jobs.settled import as_row
from console.queues.models import RqCursor
from console.queues.rules import RqFailure, read_error

SERVICE: Final = "rq"
# Scores are whole seconds: what shares the newest second may still be arriving.
OVERLAP: Final = 2.0
ABANDON_SECONDS: Final = 10.0
# A whole comparison costs a scan of the registry; it may take this share of the time at most.
COMPARE_SHARE: Final = 0.05
COMPARE_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass
class _Memory:
    """What this process knows of a queue since it started; losing it costs time, never a failure."""

    abandoned: float = float("-inf")
    compare_after: float = float("-inf")
    looked: tuple[int, tuple[Entry, ...]] | None = None


class Follower:
    """One round for every queue RQ knows. Of several followers one works on a queue at a time."""

    def __init__(self, registries: Registries) -> None:
        self._registries = registries
        self._memory: dict[str, _Memory] = {}

    def follow(self) -> int:
        """Tell what is new; returns how many failures were told. Raises RedisError or DBAPIError."""
        return sum(self._queue(name) for name in self._registries.queues())

    def _queue(self, queue: str) -> int:
        memory = self._memory.setdefault(queue, _Memory())
        if time.monotonic() - memory.abandoned >= ABANDON_SECONDS:
            self._registries.abandon(queue)
            memory.abandoned = time.monotonic()
        looked = (self._registries.size(queue), self._registries.newest(queue))
        if looked == memory.looked:
            return 0
        told = self._above(queue)
        if self._complete(queue, looked[0]):
            memory.looked = looked
        elif time.monotonic() >= memory.compare_after:
            told += self._compare(queue, memory)
        return told

    def _above(self, queue: str) -> int:
        """What came above the cursor, where RQ puts all failures that are kept equally long."""
        told, offset = 0, 0
        since = self._since(queue)
        while True:
            entries = self._registries.above(queue, since, offset=offset, limit=CHUNK)
            told += self._tell(queue, entries)
            if len(entries) < CHUNK:
                return told
            offset += CHUNK

    def _since(self, queue: str) -> float:
        with unit() as session:
            cursor = session.get(RqCursor, queue)
            return cursor.top - OVERLAP if cursor is not None else -1.0

    def _complete(self, queue: str, size: int) -> bool:
        with unit() as session:
            cursor = session.get(RqCursor, queue)
            return (cursor.size if cursor is not None else 0) == size

    def _compare(self, queue: str, memory: _Memory) -> int:
        """Compare the whole registry with what was told: finds what came below the cursor, forgets what has gone."""
        began = time.monotonic()
        told = sum(self._tell(queue, entries) for entries in self._registries.every(queue))
        after = ""
        while ids := self._seen_after(queue, after):
            gone = self._registries.gone(queue, ids)
            with unit() as session:
                actions.forget_told(session, queue, gone)
            after = ids[-1]
        memory.compare_after = time.monotonic() + max(COMPARE_SECONDS, (time.monotonic() - began) / COMPARE_SHARE)
        return told

    def _seen_after(self, queue: str, after: str) -> list[str]:
        with unit() as session:
            return queries.told_jobs(session, queue, after=after, limit=CHUNK)

    def _tell(self, queue: str, entries: Sequence[Entry]) -> int:
        """Tell those of the entries that are news, in one transaction with the memory of having told them."""
        if not entries:
            return 0
        with unit() as session:
            if not actions.lock_cursor(session, queue):
                return 0
            known = queries.told_scores(session, queue, [entry.job_id for entry in entries])
            news = [entry for entry in entries if known.get(entry.job_id) != entry.score]
            failures = self._failures(session, queue, news)
            if failures:
                alerts.ingest([_failure(failure) for failure in failures], at=clock.now())
            actions.remember_told(session, queue, {entry.job_id: entry.score for entry in news})
        return len(failures)

    def _failures(self, session: Session, queue: str, news: Sequence[Entry]) -> list[RqFailure]:
        if not news:
            return []
        ours = queries.rows_among(session, [i for i in (as_row(entry.job_id) for entry in news) if i is not None])
        return self._registries.failures(queue, [entry for entry in news if as_row(entry.job_id) not in ours])


def _failure(failure: RqFailure) -> Failure:
    error = read_error(failure.traceback)
    return Failure(
        service=SERVICE,
        task=failure.task,
        occurred_at=failure.ended_at or clock.now(),
        exception_type=error.exception_type,
        message=error.message,
        traceback=error.traceback,
        event_id=failure.event_id,
        job_id=failure.job_id,
        queue=failure.queue,
        worker=failure.worker,
        retries=failure.retries,
        max_retries=failure.max_retries,
        args=failure.args,
        source="rq",
    )
