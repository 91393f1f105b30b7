"""A thread for each Celery broker that is watched, started, restarted and stopped by one duty of the scheduler."""

import os
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Final

import structlog
from flask import Flask

from console.infra.transaction import unit
from console.queues import queries
from console.queues.jobs.celery.consuming import Consumer
from console.queues.rules.brokers import Kind, Watched

AGAIN_SECONDS: Final = 5.0
STOP_SECONDS: Final = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    thread: threading.Thread
    stop: threading.Event
    since: float


class CeleryWatch:
    """Keeps the consumers that should run running. Of several schedulers' consumers one follows a broker at a time."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._running: dict[Watched, _Running] = {}

    def tick(self) -> None:
        """Compare what runs with what should. Raises DBAPIError."""
        with unit():
            wanted = set(queries.watched(Kind.CELERY))
        for broker in [broker for broker in self._running if broker not in wanted]:
            # Changed or no longer watched: its thread ends in its own time.
            self._running.pop(broker).stop.set()
        for broker in sorted(wanted, key=lambda one: one.name):
            self._ensure(broker)

    def stop(self) -> None:
        """End all consumers; each gives its broker up so that another scheduler may take it at once."""
        for one in self._running.values():
            one.stop.set()
        until = time.monotonic() + STOP_SECONDS
        for one in self._running.values():
            one.thread.join(max(0.0, until - time.monotonic()))

    def _ensure(self, broker: Watched) -> None:
        found = self._running.get(broker)
        if found is not None and (found.thread.is_alive() or time.monotonic() - found.since < AGAIN_SECONDS):
            return
        if found is not None:
            log.error("celery_consumer_died", broker=broker.name)
        stop = threading.Event()
        consumer = Consumer(broker, owner=self._owner)
        thread = threading.Thread(target=self._run, args=(consumer, stop), name=f"celery-{broker.name}", daemon=True)
        self._running[broker] = _Running(thread, stop, time.monotonic())
        thread.start()

    def _run(self, consumer: Consumer, stop: threading.Event) -> None:
        with self._app.app_context():
            consumer.run(stop)
