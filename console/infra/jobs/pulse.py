"""The heartbeat of a running job: a thread that keeps its lease, stores its reports and hears its stop."""

import os
import signal
import threading
import time
from types import TracebackType
from typing import Self

import structlog
from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError

from console.infra.jobs import leases
from console.infra.jobs.context import JobContext
from console.infra.jobs.timing import Timing, timing
from console.infra.transaction import unit

log = structlog.get_logger(__name__)

# Progress and lines reach the row at most once a second.
REPORT_SECONDS = 1.0


class Pulse:
    """`with Pulse(context, timeout):` around the job's function; `timeout` is the attempt's, in seconds.

    The lease is never renewed past the timeout and its grace. A run that does not even then end (a loop that swallows
    the time-out) takes its process down, so that a supervisor can start a sound one.
    """

    def __init__(self, context: JobContext, timeout: float) -> None:
        self._context = context
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        self._timing: Timing = timing()
        self._over = threading.Event()
        self._began = self._beaten = time.monotonic()
        self._end = self._began + timeout + self._timing.grace
        self._thread = threading.Thread(target=self._run, name=f"pulse-{context.job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with self._app.app_context():
            while not self._over.wait(min(REPORT_SECONDS, self._timing.beat)):
                if time.monotonic() > self._end:
                    self._give_up()
                self._tick()

    def _tick(self) -> None:
        report = self._context.take_report()
        due = time.monotonic() - self._beaten >= self._timing.beat
        if not due and report is None:
            return
        try:
            with unit() as session:
                row = leases.beat(
                    session, self._context.job_id, self._context.attempt, lease=self._timing.lease, report=report
                )
        except DBAPIError:
            # The lease outlives two missed beats; the report is lost, the job is not.
            log.warning("heartbeat_missed", job_id=str(self._context.job_id))
            return
        self._beaten = time.monotonic()
        if row is None:
            self._context.lose()
        elif row.cancel_requested_at is not None:
            self._context.ask_to_stop()

    def _give_up(self) -> None:
        log.critical("job_does_not_end", job_id=str(self._context.job_id), attempt=self._context.attempt)
        os.kill(os.getpid(), signal.SIGKILL)
