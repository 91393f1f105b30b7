"""One broker followed: its events read as they come, noted in batches, for as long as we hold it.

Nothing is acknowledged to Celery, so whatever breaks here costs the services nothing. What comes while PostgreSQL is
away waits in memory, up to a bound; what Celery publishes while Redis or we are away nobody hears: results tell.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from threading import Event
from typing import Final

import structlog
from redis.exceptions import RedisError, ResponseError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from console.infra import clock
from console.infra.brokers import told
from console.infra.transaction import unit
from console.queues.actions import celery as actions
from console.queues.client import connect
from console.queues.client.celery import EventStream, Queues, Results
from console.queues.jobs.celery.hearing import Waiting
from console.queues.jobs.celery.losing import Losses
from console.queues.jobs.celery.reading import ResultReader
from console.queues.jobs.celery.telling import Teller
from console.queues.rules.brokers import Watched
from console.queues.rules.celery import Result, TaskEvent

FLUSH_SECONDS: Final = 0.5
HOLD_SECONDS: Final = 3.0
PRUNE_SECONDS: Final = 300.0
SPARE_SECONDS: Final = 10.0
# One transaction holds the alerts it counts on: others that count on them wait for it.
AT_ONCE: Final = 1_500
TIMEOUT: Final = 2.0
# What was heard last is still noted when we are stopped, within this time.
LAST_SECONDS: Final = 1.5
LONGEST_WAIT: Final = 15.0
FAILING: Final = frozenset({"task-failed", "task-retried", "task-rejected", "task-revoked"})

log = structlog.get_logger(__name__)


class Taken(Exception):
    """Somebody else follows the broker now."""


class Consumer:
    """Follows one broker until stopped; any number may try, one does."""

    def __init__(self, broker: Watched, *, owner: str, lost_after: timedelta = timedelta(seconds=30)) -> None:
        self.broker = broker
        self._owner = owner
        self._lost_after = lost_after
        self._waiting = Waiting()
        self._flushed = self._pruned = float("-inf")

    def run(self, stop: Event) -> None:
        """Follow until `stop`; runs inside an app context. Broken connections are made again, ever more slowly."""
        wait = 0.0
        while not stop.wait(wait):
            began = time.monotonic()
            try:
                self._follow(stop)
                wait = 1.0
            except Taken:
                wait = 2.0
            except (RedisError, DBAPIError, NoConnection, OSError, ValueError) as error:
                wait = 0.5 if time.monotonic() - began > LONGEST_WAIT else min(LONGEST_WAIT, max(0.5, wait * 2))
                self._complain(error)
        self._give_up()

    def _follow(self, stop: Event) -> None:
        with unit() as session:
            self._hold(session)
        stream = EventStream(connect(self.broker, timeout=TIMEOUT), db=self.broker.db, prefix=self.broker.prefix)
        try:
            stream.open()
            self._listen(stream, stop)
        finally:
            stream.close()

    def _listen(self, stream: EventStream, stop: Event) -> None:
        since = clock.now()
        with unit() as session:
            actions.listens(session, self.broker.name, at=since)
        log.info("celery_listening", broker=self.broker.name)
        beside = connect(self.broker, timeout=TIMEOUT)
        kept = connect(self.broker, db=self.broker.result_db, timeout=TIMEOUT)
        results = Results(kept, prefix=self.broker.prefix)
        losses = Losses(
            self.broker, results, Queues(beside, prefix=self.broker.prefix), since=since, after=self._lost_after
        )
        duties = (Spare(ResultReader(self.broker, results).step), Spare(losses.step), Spare(self._prune))
        while not stop.is_set():
            self._hear(stream)
            self._flush(results)
            for duty in duties:
                duty.do()
        until = time.monotonic() + LAST_SECONDS
        while self._flush(results, at_once=True) and time.monotonic() < until:
            continue

    def _hear(self, stream: EventStream) -> None:
        for data in stream.read(0 if len(self._waiting.tasks) >= AT_ONCE else FLUSH_SECONDS / 2):
            self._waiting.take(data, clock.now())

    def _flush(self, results: Results, *, at_once: bool = False) -> bool:
        """Note what was heard, if it is time to; True when more waits. While PostgreSQL is away it waits here."""
        rest = time.monotonic() - self._flushed
        if not at_once and rest < (FLUSH_SECONDS if self._waiting.any else HOLD_SECONDS):
            return False
        self._flushed = time.monotonic()
        batch = self._waiting.batch(AT_ONCE)
        try:
            self._note(batch, _ends(results, batch))
        except DataError:
            self._note_singly(batch)
        except IntegrityError:
            # The broker was deleted meanwhile.
            raise Taken from None
        except (DBAPIError, NoConnection) as error:
            self._flushed = time.monotonic() + FLUSH_SECONDS
            log.warning("celery_not_noted", broker=self.broker.name, waiting=len(self._waiting.tasks), error=str(error))
            return False
        self._waiting.drop(len(batch))
        if self._waiting.tasks:
            self._flushed = float("-inf")
        return bool(self._waiting.tasks)

    def _note(self, batch: Sequence[TaskEvent], results: Mapping[str, Result]) -> None:
        with unit() as session:
            self._hold(session)
            actions.note(session, self.broker.name, self._waiting.heard)
            actions.see_workers(session, self.broker.name, self._waiting.workers, now=clock.now())
            Teller(session, self.broker, clock.now()).events(batch, results)
        self._waiting.noted()

    def _note_singly(self, batch: Sequence[TaskEvent]) -> None:
        """One event that PostgreSQL will not take must not hold up all others for ever."""
        for event in batch:
            try:
                self._note([event], {})
            except DataError as error:
                log.warning("celery_event_refused", broker=self.broker.name, error=str(error)[:500])
                self._waiting.refuse("an event that PostgreSQL does not take")

    def _hold(self, session: Session) -> None:
        if not actions.hold(session, self.broker.name, owner=self._owner, now=clock.now()):
            raise Taken

    def _prune(self) -> None:
        if time.monotonic() - self._pruned < PRUNE_SECONDS:
            return
        with unit() as session:
            gone = actions.prune(session, self.broker.name, now=clock.now())
        self._pruned = time.monotonic() if gone < actions.BATCH else float("-inf")

    def _complain(self, error: Exception) -> None:
        said = told(error) if isinstance(error, RedisError) else "PostgreSQL is away"
        log.warning("celery_not_followed", broker=self.broker.name, error=said)
        self._deaf(said)

    def _give_up(self) -> None:
        self._deaf(None, give_up=True)

    def _deaf(self, error: str | None, *, give_up: bool = False) -> None:
        """Say that nobody hears now; without PostgreSQL the lease that runs out says it."""
        try:
            with unit() as session:
                actions.deaf(session, self.broker.name, owner=self._owner, at=clock.now(), error=error, give_up=give_up)
        except (DBAPIError, NoConnection) as away:
            log.warning("celery_gap_not_noted", broker=self.broker.name, error=str(away)[:500])


class Spare:
    """Work beside listening: what goes wrong in it is tried again later and never ends the listening."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._after = 0.0

    def do(self) -> None:
        """Do it, unless it went wrong a moment ago. Raises RedisError when the connection is broken."""
        if time.monotonic() < self._after:
            return
        try:
            self._work()
        except (DBAPIError, NoConnection, ResponseError) as error:
            self._after = time.monotonic() + SPARE_SECONDS
            log.warning("celery_duty_failed", error=str(error)[:500])


def _ends(results: Results, batch: Sequence[TaskEvent]) -> dict[str, Result]:
    """The results of tasks of which an end was heard: they say which attempt it was, and the arguments."""
    uuids = list(dict.fromkeys(event.uuid for event in batch if event.kind in FAILING))
    try:
        return results.read(uuids) if uuids else {}
    except RedisError:
        # Told without them; that the connection is broken is noticed by who listens.
        return {}
