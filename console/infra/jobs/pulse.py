"""The heartbeat of running jobs: one thread a process that keeps leases, stores reports and hears stops."""

import os
import signal
import threading
import time
from types import TracebackType
from typing import Final, Self

import structlog
from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError

from console.infra.jobs import leases
from console.infra.jobs.context import JobContext, Report
from console.infra.jobs.timing import Timing, timing
from console.infra.transaction import unit

log = structlog.get_logger(__name__)

# Progress and lines reach the row at most once a second.
REPORT_SECONDS: Final = 1.0


class Pulse:
    """`with Pulse(context, timeout):` around the job's function; `timeout` is the attempt's, in seconds.

    The lease is never renewed past the timeout and its grace. A run that does not even then end (a loop that swallows
    the time-out), or does not stop long after it was asked to, takes its process down, so that a supervisor can start
    a sound one: a worker without work-horses has nobody else to do it.
    """

    def __init__(self, context: JobContext, timeout: float) -> None:
        self._context = context
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        self._timing: Timing = timing()
        self._beaten = self._reported = time.monotonic()
        self._asked: float | None = None
        self._end = self._beaten + timeout + self._timing.grace

    @property
    def interval(self) -> float:
        """How often this pulse wants to tick, in seconds."""
        return min(REPORT_SECONDS, self._timing.beat)

    def __enter__(self) -> Self:
        heart().add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        heart().remove(self)

    def tick(self) -> None:
        """Beat or report if either is due."""
        now = time.monotonic()
        if now > self._end:
            self._give_up("job_does_not_end")
        if self._asked is not None and now > self._asked + 2 * self._timing.grace:
            self._give_up("job_does_not_stop")
        report = self._context.take_report() if now - self._reported >= self.interval else None
        if report is None and now - self._beaten < self._timing.beat:
            return
        self._reported = now
        with self._app.app_context():
            self._beat(report)

    def _beat(self, report: Report | None) -> None:
        context = self._context
        try:
            with unit() as session:
                row = leases.beat(session, context.job_id, context.attempt, lease=self._timing.lease, report=report)
        except DBAPIError:
            # The lease outlives two missed beats; the report is lost, the job is not.
            log.warning("heartbeat_missed", job_id=str(context.job_id))
            return
        self._beaten = time.monotonic()
        if row is None:
            context.lose()
        elif row.cancel_requested_at is not None:
            context.ask_to_stop()
            self._asked = self._asked or time.monotonic()

    def _give_up(self, why: str) -> None:
        log.critical(why, job_id=str(self._context.job_id), attempt=self._context.attempt)
        os.kill(os.getpid(), signal.SIGKILL)


class Heart:
    """The thread that ticks all pulses of a process. A thread for each job would cost more than a short job."""

    def __init__(self) -> None:
        self._pulses: set[Pulse] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        threading.Thread(target=self._run, name="heart", daemon=True).start()

    def add(self, pulse: Pulse) -> None:
        """Tick this pulse from now on."""
        with self._lock:
            self._pulses.add(pulse)
        # Only a beat faster than the usual must interrupt the wait.
        if pulse.interval < REPORT_SECONDS:
            self._wake.set()

    def remove(self, pulse: Pulse) -> None:
        """Stop ticking it; a tick under way is waited for."""
        with self._lock:
            self._pulses.discard(pulse)

    def _run(self) -> None:
        while True:
            self._wake.wait(self._interval())
            self._wake.clear()
            with self._lock:
                for pulse in self._pulses:
                    pulse.tick()

    def _interval(self) -> float:
        with self._lock:
            return min((pulse.interval for pulse in self._pulses), default=REPORT_SECONDS)


_HEARTS: dict[int, Heart] = {}


def heart() -> Heart:
    """This process's heart; threads do not survive a fork, so a work-horse gets its own."""
    pid = os.getpid()
    if pid not in _HEARTS:
        _HEARTS.clear()
        _HEARTS[pid] = Heart()
    return _HEARTS[pid]
