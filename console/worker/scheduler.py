"""`python -m console scheduler`: rings bells, sweeps, keeps the timetable, follows RQ's failures.

Any number of schedulers may run: rows are locked with SKIP LOCKED, slots and event ids are unique.
"""

import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import psycopg2
import structlog
from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console.alerts import jobs as alert_jobs
from console.app import create_app
from console.config import Settings
from console.infra import outbox
from console.infra.db import db
from console.infra.jobs.timing import timing
from console.infra.queue import Doorbell, Sweeper
from console.infra.redis import connect
from console.infra.transaction import unit
from console.oncall import jobs as oncall_jobs
from console.queues.jobs import CeleryWatch, Followers, Sampler
from console.tickets import jobs as ticket_jobs
from console.tickets.jobs.following import SourceFollowers
from console.worker.schedules import Timetable

LONGEST_WAIT: Final = 10.0
POLL_SECONDS: Final = 1.0
# Bells come in bursts: ringing a few together costs a fraction of ringing each alone. The first of a burst is not kept
# waiting.
GATHER_SECONDS: Final = 0.02
BURST_SECONDS: Final = 0.1

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do every so many seconds, in a thread of its own so that none waits for another."""

    name: str
    every: float
    work: Callable[[], Any]
    wait: Callable[[float], Any] | None = None


class Scheduler:
    """All duties of one scheduler process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stop = threading.Event()
        self._failed = threading.Event()
        self._redis = connect(app.extensions["console.settings"])
        self._celery = CeleryWatch(app)
        self._duties = self._make_duties()

    def run(self) -> bool:
        """Work until `stop`; False when a duty broke for a reason that waiting does not mend."""
        threads = [
            threading.Thread(target=self._keep, args=(duty,), name=duty.name, daemon=True) for duty in self._duties
        ]
        for thread in threads:
            thread.start()
        log.info("scheduler_started", duties=[duty.name for duty in self._duties])
        self._stop.wait()
        self._celery.stop()
        for thread in threads:
            thread.join(timeout=3)
        return not self._failed.is_set()

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End all duties; also a signal handler."""
        self._stop.set()

    def _make_duties(self) -> tuple[Duty, ...]:
        with self._app.app_context():
            clocks = timing()
        bell, listener = Doorbell(self._redis), Listener()
        sweeper, timetable = Sweeper(self._redis, clocks), Timetable()
        followers = Followers()
        sampler = Sampler()
        sources = SourceFollowers(self._app)
        return (
            Duty("dispatch", POLL_SECONDS, lambda: ring_all(bell), listener.wait),
            Duty("sweep", clocks.sweep, sweeper.sweep),
            Duty("timetable", 1.0, timetable.tick),
            Duty("follow", 1.0, followers.tend),
            Duty("celery", 2.0, self._celery.tick),
            Duty("look-at-brokers", 5.0, sampler.sample),
            Duty("wake-snoozed", 1.0, alert_jobs.wake),
            Duty("settle-flapping", 5.0, alert_jobs.settle_flapping),
            Duty("silences", 1.0, alert_jobs.keep_silences),
            Duty("drops", 2.0, alert_jobs.count_drops),
            Duty("heartbeats", 1.0, alert_jobs.watch_heartbeats),
            Duty("tickets", 1.0, ticket_jobs.sweep),
            Duty("promise-sums", 5.0, ticket_jobs.fold_sums),
            Duty("ticket-sources", 1.0, sources.tick),
            Duty("tell", 1.0, oncall_jobs.tell),
        )

    def _keep(self, duty: Duty) -> None:
        wait = 0.0
        with self._app.app_context():
            try:
                while not self._stop.wait(wait):
                    wait = self._once(duty, wait)
            finally:
                if not self._stop.is_set():
                    self._failed.set()
                    self._stop.set()

    def _once(self, duty: Duty, waited: float) -> float:
        """Do the duty once; returns the seconds to wait before the next time, longer with each failure."""
        try:
            duty.work()
            if duty.wait is None:
                return duty.every
            duty.wait(duty.every)
        # All connections of the pool may be busy for a while: that mends itself.
        except (RedisError, DBAPIError, PoolTimeout) as error:
            wait = min(LONGEST_WAIT, max(0.5, waited * 2))
            log.warning("duty_failed", duty=duty.name, error=str(error)[:500], again_in_seconds=wait)
            return wait
        return 0.0


class Listener:
    """Waits for a bell in the outbox by PostgreSQL's LISTEN."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._heard = 0.0

    def wait(self, seconds: float) -> None:
        """Return at the next notification, after `seconds` at the latest. Raises DBAPIError when PostgreSQL is away."""
        if self._connection is None:
            self._connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.execute(text(f"LISTEN {outbox.CHANNEL}"))
        raw = self._connection.connection.driver_connection
        if select.select([raw], [], [], seconds)[0]:
            if time.monotonic() - self._heard < BURST_SECONDS:
                time.sleep(GATHER_SECONDS)
            self._heard = time.monotonic()
            self._read(raw)

    def _read(self, raw: Any) -> None:
        try:
            raw.poll()
        except psycopg2.Error as error:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
            raise DBAPIError("LISTEN", None, error) from error
        raw.notifies.clear()


def ring_all(bell: Doorbell) -> int:
    """Ring every due bell, a batch to a transaction; returns how many."""
    rung = 0
    while True:
        with unit() as session:
            batch = outbox.ring_due(session, bell.ring)
        rung += batch
        if batch < outbox.BATCH:
            return rung


def run_scheduler(settings: Settings) -> bool:
    """Schedule until SIGTERM or SIGINT; False when it ended because something in it is broken."""
    scheduler = Scheduler(create_app(settings))
    signal.signal(signal.SIGTERM, scheduler.stop)
    signal.signal(signal.SIGINT, scheduler.stop)
    return scheduler.run()
