"""What another service runs by RQ: functions by their import path, real workers in processes of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def succeed(number: int = 0) -> int:
    """Return its argument."""
    return number


def fail(number: int = 0) -> None:
    """Fail."""
    raise ValueError(f"invoice {number} cannot be sent")


def linger(seconds: float = 60.0) -> None:
    """Take long."""
    time.sleep(seconds)


def work(url: str, *queues: str, burst: bool = True) -> "subprocess.Popen[bytes]":
    """Start RQ's own worker on queues of a Redis; a burst one ends when they are empty."""
    command = [
        sys.executable,
        "-m",
        "rq.cli",
        "worker",
        "--url",
        url,
        "--quiet",
        *(["--burst"] if burst else []),
        *queues,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError("it did not become true in time")
        time.sleep(0.05)
