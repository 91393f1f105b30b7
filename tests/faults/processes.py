"""Real workers and schedulers in processes of their own, with jobs made for breaking them.

`python tests/faults/processes.py worker|simple|scheduler` runs one; `Processes` starts and kills them from a test.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from sqlalchemy import text

from console.config import Settings, load_settings
from console.infra import jobs
from console.infra.db import db
from console.infra.jobs import JobContext
from console.worker import run_rqworker, run_scheduler

ROOT = Path(__file__).parent.parent.parent


@jobs.job(name="faults.noop", queue="fast", max_attempts=1)
def noop(context: JobContext) -> None:
    """Nothing at all."""


@jobs.job(name="faults.ledger", queue="default", max_attempts=50, backoff=0.1, backoff_cap=0.5)
def ledger(context: JobContext, entry: int) -> None:
    """Append a line to a table without any guard of its own; kept in the transaction of the job's success."""
    db.session.execute(text("INSERT INTO ledger (entry) VALUES (:entry)"), {"entry": entry})
    time.sleep(0.01)


@jobs.job(name="faults.segfault", queue="default", max_attempts=1)
def segfault(context: JobContext) -> None:
    ctypes.string_at(0)


@jobs.job(name="faults.endless", queue="default", timeout=1, max_attempts=1)
def endless(context: JobContext) -> None:
    """A loop that swallows its own time-out."""
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.05)


@jobs.job(name="faults.slow", queue="default", timeout=1, max_attempts=1)
def slow(context: JobContext) -> None:
    time.sleep(60)


@jobs.job(name="faults.big", queue="default", max_attempts=1)
def big(context: JobContext) -> str:
    return "x" * 100_000_000


@jobs.job(name="faults.deaf", queue="long", timeout=120, max_attempts=1)
def deaf(context: JobContext) -> None:
    """Never looks whether it should stop."""
    context.progress(0.25, "not listening")
    time.sleep(100)


@jobs.job(name="faults.deaf_short", queue="fast", timeout=120, max_attempts=1)
def deaf_short(context: JobContext) -> None:
    """The same on a worker that does not fork."""
    context.progress(0.25, "not listening")
    time.sleep(100)


@jobs.job(name="faults.polite", queue="long", timeout=120, max_attempts=1)
def polite(context: JobContext) -> None:
    for step in range(1_000):
        context.progress(step / 1_000, f"step {step}")
        context.check()
        time.sleep(0.05)


class Processes:
    """The processes of one test; all are killed, with their children, when it ends."""

    def __init__(self, settings: Settings, *, lease: float = 5.0, **more: str) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "CONSOLE_DATA_DIR": str(settings.console_data_dir),
            "JOB_LEASE_SECONDS": str(lease),
            "LOG_LEVEL": "WARNING",
            **more,
        }
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            kill_tree(process)

    def start(self, kind: str) -> subprocess.Popen[bytes]:
        """Start "worker" (forks, default and long), "simple" (fast) or "scheduler"."""
        command = [sys.executable, __file__, kind]
        log = (Path(self._environment["CONSOLE_DATA_DIR"]) / f"{kind}.log").open("ab")
        process = subprocess.Popen(
            command, env=self._environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self._running.append(process)
        return process


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to a process and everything under it, at once."""
    import psutil

    try:
        tree = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        tree = []
    for member in tree:
        try:
            member.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    process.wait()


def eventually(true: Callable[[], Any], *, within: float, every: float = 0.1) -> Any:
    """Wait for a true answer and return it; fails with the last answer."""
    end = time.monotonic() + within
    while True:
        answer = true()
        if answer:
            return answer
        assert time.monotonic() < end, f"still {answer!r} after {within} s"
        time.sleep(every)


def main(kind: str) -> None:
    settings = load_settings()
    if kind == "scheduler":
        sys.exit(0 if run_scheduler(settings) else 1)
    run_rqworker(settings, ("fast",) if kind == "simple" else ("default", "long"), simple=kind == "simple")


if __name__ == "__main__":
    main(sys.argv[1])
