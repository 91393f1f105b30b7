"""A service with a real Celery worker on a real Redis, and our consumer beside it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psutil
from flask import Flask
from sqlalchemy import select

from console.alerts.models import Occurrence
from console.infra import clock, crypto
from console.infra.transaction import unit
from console.queues.jobs.celery.consuming import Consumer
from console.queues.models import Broker, CeleryFollower
from console.queues.rules.brokers import Watched
from tests.elsewhere import Elsewhere

FOLDER = Path(__file__).parent
LOOPBACK = (ip_network("127.0.0.0/8"),)


def eventually(true: Callable[[], Any], *, within: float = 30, said: str = "") -> Any:
    """Wait for a true answer and return it."""
    end = time.monotonic() + within
    while not (answer := true()):
        assert time.monotonic() < end, f"still {answer!r} after {within} s: {said}"
        time.sleep(0.05)
    return answer


@dataclass
class Service:
    """The service's side: its Redis, its code, its workers."""

    redis: Elsewhere
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        path = os.pathsep.join((str(self.folder), str(FOLDER)))
        return kept | {"BROKER": self.redis.url, "PYTHONPATH": path} | self.environment

    def worker(self, name: str = "w1", *options: str) -> "subprocess.Popen[bytes]":
        """Start a worker and wait until it is ready."""
        command = [sys.executable, "-m", "celery", "-A", "shop", "worker", "-n", f"{name}@shop", "-c", "2", *options]
        log = self.folder / f"{name}-{len(self.processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--loglevel", "INFO", "--without-mingle"],
                cwd=self.folder,
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes.append(process)
        eventually(lambda: b" ready." in log.read_bytes(), within=60, said=log.read_text()[-2_000:])
        return process

    def send(self, code: str) -> list[str]:
        """Send tasks, as `fails.delay(1)`; returns their ids in order."""
        script = f"import shop\nfrom shop import *\nfor sent in [{code}]: print(sent.id)"
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.split()

    def end(self) -> None:
        """Kill what runs, with its children."""
        for process in self.processes:
            kill_tree(process)
        self.processes.clear()


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to a worker and its pool, at once."""
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


@contextmanager
def following(
    app: Flask, broker: Watched, *, lost_after: float = 30, owner: str = "tests"
) -> Iterator[threading.Thread]:
    """Our consumer in a thread, as the scheduler runs it, from when it listens."""
    stop = threading.Event()
    consumer = Consumer(broker, owner=owner, lost_after=timedelta(seconds=lost_after))

    def run() -> None:
        with app.app_context():
            consumer.run(stop)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        eventually(lambda: listening(broker.name))
        yield thread
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def listening(broker: str) -> bool:
    found = state(broker)
    return found is not None and found.listening_since is not None


def state(broker: str) -> CeleryFollower | None:
    """What is noted of the following."""
    with unit() as session:
        found = session.get(CeleryFollower, broker)
        if found is not None:
            session.expunge(found)
        return found


def watch(redis: Elsewhere, name: str = "shop", **fields: Any) -> Watched:
    """A watched broker, as an admin would add it."""
    now = clock.now()
    plain: dict[str, Any] = {
        "service": "my-service", "environment": "production", "db": 0, "prefix": "", "queues": [],
        "result_db": None, "read_only": False, "enabled": True,
    }  # fmt: skip
    with unit() as session:
        row = Broker(
            name=name, kind="celery", url=crypto.seal(redis.url), host="127.0.0.1", port=redis.port, secure=False,
            created_at=now, updated_at=now, **(plain | fields),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.watched


def occurrences(number: int = 0, *, within: float = 30) -> list[Occurrence]:
    """All that was told, once there are so many."""

    def read() -> list[Occurrence]:
        with unit() as session:
            found = list(session.scalars(select(Occurrence).order_by(Occurrence.id)))
            session.expunge_all()
        return found

    end = time.monotonic() + within
    while len(found := read()) < number:
        assert time.monotonic() < end, [(one.task, one.exception_type, one.event_id) for one in found]
        time.sleep(0.05)
    return found
