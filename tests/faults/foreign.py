"""Tasks of another service that uses RQ, with its own pickle serializer, on the console's Redis."""

import os
import signal
import time
from pathlib import Path

from redis import Redis
from rq import Queue, Worker


def explode(number: int) -> None:
    raise ValueError(f"cannot bill order {number}")


def explode_unless(path: str) -> str:
    if not Path(path).exists():
        raise FileNotFoundError(path)
    return "done"


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def touch(path: str) -> None:
    """What an attacker would have done."""
    Path(path).touch()


def work(url: str, queue: str, *, burst: bool = False) -> None:
    """An ordinary `rq worker`."""
    connection = Redis.from_url(url)
    Worker([Queue(queue, connection=connection)], connection=connection).work(burst=burst, logging_level="WARNING")
