"""RQ as a source of failures: every final failure in a failed registry becomes one occurrence.

Only the registry sees all five kinds (exception, exhausted retries, time-out, killed work-horse, abandoned job), and
only jobs without a row of ours are told: our own rows tell of themselves.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import structlog
from redis.exceptions import ResponseError
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from console.alerts import actions as alerts
from console.infra import clock
from console.infra.queue import PREFIX
from console.infra.transaction import unit
from console.queues import actions, queries
from console.queues.client import CHUNK, Entry, Looked, Registries
from console.queues.jobs.settled import as_row
from console.queues.jobs.telling import attempt_failure, final_failure, unstorable
from console.queues.rules import RqFailure
from console.queues.rules.brokers import CONSOLE, Watched

# Scores are whole seconds: what shares the newest second may still be arriving.
OVERLAP: Final = 2.0
ABANDON_SECONDS: Final = 10.0
ATTEMPTS_SECONDS: Final = 1.0
# A whole comparison costs a scan of the registry; it may take this share of the time at most.
COMPARE_SHARE: Final = 0.05
COMPARE_SECONDS: Final = 5.0
# What PostgreSQL or its driver says of a value that no rule of ours has made storable.
POISON: Final = (DataError, ValueError, TypeError, OverflowError)

log = structlog.get_logger(__name__)


@dataclass
class _Memory:
    """What this process knows of a queue since it started; losing it costs time, never a failure."""

    abandoned: float = float("-inf")
    compare_after: float = float("-inf")
    looked: tuple[int, tuple[Entry, ...]] | None = None
    noted: tuple[int | None, str | None] | None = None
    attempts: Looked = field(default_factory=Looked)


class Follower:
    """One round for every queue of a broker. Of several followers one works on a queue at a time."""

    def __init__(self, registries: Registries, broker: Watched = CONSOLE) -> None:
        self._registries = registries
        self._broker = broker
        self._memory: dict[str, _Memory] = {}

    def follow(self) -> int:
        """Tell what is new; returns how many final failures were told. Raises RedisError or SQLAlchemyError.

        A queue whose registry is something else than RQ's says so on its broker's page and holds up no other.
        """
        return sum(self._readable(name) for name in self._queues())

    def _queues(self) -> list[str]:
        found = self._registries.queues()
        return [name for name in found if not self._broker.queues or name in self._broker.queues]

    def _readable(self, queue: str) -> int:
        memory = self._memory.setdefault(queue, _Memory())
        try:
            return self._queue(queue, memory)
        except ResponseError as error:
            self._note(queue, memory, None, f"Redis refused to show its failed jobs: {str(error)[:100]}")
            return 0

    def _queue(self, queue: str, memory: _Memory) -> int:
        if self._broker.builtin and time.monotonic() - memory.abandoned >= ABANDON_SECONDS:
            # Of others' jobs their own workers take care: nothing is changed there unless somebody asks for it.
            self._registries.abandon(queue)
            memory.abandoned = time.monotonic()
        self._attempts(queue, memory)
        looked = (self._registries.size(queue), self._registries.newest(queue))
        if looked == memory.looked:
            return 0
        self._note(queue, memory, looked[0], None)
        told = self._above(queue, looked[0])
        if self._size(queue) == looked[0]:
            memory.looked = looked
        elif time.monotonic() >= memory.compare_after:
            told += self._compare(queue, memory)
        return told

    def _note(self, queue: str, memory: _Memory, total: int | None, trouble: str | None) -> None:
        if memory.noted != (total, trouble):
            with unit() as session:
                actions.note_look(session, self._broker.name, queue, total=total, trouble=trouble, at=clock.now())
            memory.noted = (total, trouble)

    def _attempts(self, queue: str, memory: _Memory) -> None:
        """Tell attempts that are made again; a job of ours tells of its own, and our queues need no look."""
        ours_alone = self._broker.builtin and queue.startswith(PREFIX)
        if ours_alone or time.monotonic() - memory.attempts.at < ATTEMPTS_SECONDS:
            return
        found = self._registries.attempts(queue, memory.attempts)
        if found:
            with unit() as session:
                ours = self._ours(session, [attempt.job_id for attempt in found])
                foreign = [attempt for attempt in found if attempt.job_id not in ours]
                alerts.ingest([attempt_failure(one, self._broker) for one in foreign], at=clock.now())

    def _above(self, queue: str, total: int) -> int:
        """What came above the cursor, where RQ puts all failures that are kept equally long."""
        with unit() as session:
            cursor = queries.cursor_of(session, self._broker.name, queue)
            since, size = (cursor.top - OVERLAP, cursor.size) if cursor is not None and cursor.size else (-1.0, 0)
        chunks = self._ahead(queue, since) if total - size > CHUNK else self._chunks(queue, since)
        return sum(self._tell(queue, entries, failures) for entries, failures in chunks)

    def _chunks(self, queue: str, since: float) -> Iterator[tuple[list[Entry], list[RqFailure] | None]]:
        offset, entries = 0, self._registries.above(queue, since, offset=0, limit=CHUNK)
        yield entries, None
        while len(entries) == CHUNK:
            offset += CHUNK
            entries = self._registries.above(queue, since, offset=offset, limit=CHUNK)
            yield entries, None

    def _ahead(self, queue: str, since: float) -> Iterator[tuple[list[Entry], list[RqFailure] | None]]:
        """The same for a registry that was full before we came: Redis is read while PostgreSQL stores."""

        def read(offset: int) -> tuple[list[Entry], list[RqFailure]]:
            entries = self._registries.above(queue, since, offset=offset, limit=CHUNK)
            return entries, self._registries.failures(queue, entries)

        with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
            offset, coming = 0, reader.submit(read, 0)
            while True:
                entries, failures = coming.result()
                offset += CHUNK
                if len(entries) == CHUNK:
                    coming = reader.submit(read, offset)
                yield entries, failures
                if len(entries) < CHUNK:
                    return

    def _size(self, queue: str) -> int:
        with unit() as session:
            cursor = queries.cursor_of(session, self._broker.name, queue)
            return cursor.size if cursor is not None else 0

    def _compare(self, queue: str, memory: _Memory) -> int:
        """Compare the whole registry with what was told: finds what came below the cursor, forgets what has gone."""
        began = time.monotonic()
        told = sum(self._tell(queue, entries) for entries in self._registries.every(queue))
        after = ""
        while ids := self._seen_after(queue, after):
            gone = self._registries.gone(queue, ids)
            with unit() as session:
                actions.forget_told(session, self._broker.name, queue, gone)
            after = ids[-1]
        memory.compare_after = time.monotonic() + max(COMPARE_SECONDS, (time.monotonic() - began) / COMPARE_SHARE)
        return told

    def _seen_after(self, queue: str, after: str) -> list[str]:
        with unit() as session:
            return queries.told_jobs(session, self._broker.name, queue, after=after, limit=CHUNK)

    def _tell(self, queue: str, entries: Sequence[Entry], failures: Sequence[RqFailure] | None = None) -> int:
        """Tell those of the entries that are news; one that cannot be stored is told in plain words, and skipped."""
        try:
            return self._store(queue, entries, failures)
        except POISON as error:
            if len(entries) > 1:
                return sum(self._tell(queue, [entry]) for entry in entries)
            log.warning("failure_unstorable", broker=self._broker.name, queue=queue, error=str(error)[:200])
            return self._store(queue, entries, [unstorable(entry, queue) for entry in entries])

    def _store(self, queue: str, entries: Sequence[Entry], failures: Sequence[RqFailure] | None) -> int:
        """In one transaction with the memory of having told them."""
        if not entries:
            return 0
        with unit() as session:
            if not actions.lock_cursor(session, self._broker.name, queue):
                return 0
            known = queries.told_scores(session, self._broker.name, queue, [entry.job_id for entry in entries])
            news = {entry.job_id: entry for entry in entries if known.get(entry.job_id) != entry.score}
            ours = self._ours(session, list(news))
            fresh = [entry for job_id, entry in news.items() if job_id not in ours]
            read = failures if failures is not None else self._registries.failures(queue, fresh) if fresh else []
            told = [failure for failure in read if failure.job_id in news and failure.job_id not in ours]
            if told:
                alerts.ingest([final_failure(failure, self._broker) for failure in told], at=clock.now())
            scores = {job_id: entry.score for job_id, entry in news.items()}
            actions.remember_told(session, self._broker.name, queue, scores)
        return len(told)

    def _ours(self, session: Session, job_ids: Sequence[str]) -> set[str]:
        """Those of the ids that are rows of ours; on our own Redis only, others' ids mean nothing here."""
        if not self._broker.builtin:
            return set()
        rows = {row: job_id for job_id in job_ids if (row := as_row(job_id)) is not None}
        return {rows[row] for row in queries.rows_among(session, list(rows))}
