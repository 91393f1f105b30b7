"""One thread for each RQ broker, so that one that is away or hangs holds up no other."""

import threading
from dataclasses import dataclass
from typing import Final

import structlog
from flask import Flask, current_app
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from console.infra.transaction import unit
from console.queues import queries
from console.queues.client import RqRegistries, connect
from console.queues.jobs.follow import Follower
from console.queues.jobs.orders import Ends, close_orders
from console.queues.rules.brokers import Kind, Watched

EVERY: Final = 0.5
# Rounds between looks at how requeued jobs ended.
ENDS_EVERY: Final = 2
LONGEST_WAIT: Final = 10.0
# Seconds for one answer: a thousand tracebacks may come over a slow line, and nobody else waits for them.
ANSWER_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass
class _Thread:
    """The follower of one broker, as it was set up when it began."""

    broker: Watched
    stop: threading.Event
    thread: threading.Thread


class Followers:
    """Followers of all RQ brokers, begun and ended as people add, change and remove them."""

    def __init__(self) -> None:
        self._threads: dict[str, _Thread] = {}

    def tend(self) -> None:
        """See to it that each broker has its follower. Raises SQLAlchemyError while PostgreSQL is away."""
        close_orders()
        with unit():
            wanted = {broker.name: broker for broker in queries.watched(Kind.RQ)}
        for name, running in list(self._threads.items()):
            if wanted.get(name) != running.broker or not running.thread.is_alive():
                running.stop.set()
                del self._threads[name]
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way
        for name in wanted.keys() - self._threads.keys():
            self._threads[name] = _begin(app, wanted[name])

    def stop(self) -> None:
        """End all of them, without waiting for those that wait for an answer."""
        for running in self._threads.values():
            running.stop.set()


def _begin(app: Flask, broker: Watched) -> _Thread:
    stop = threading.Event()
    thread = threading.Thread(target=_keep, args=(app, broker, stop), name=f"follow-{broker.name}", daemon=True)
    thread.start()
    return _Thread(broker, stop, thread)


def _keep(app: Flask, broker: Watched, stop: threading.Event) -> None:
    with app.app_context():
        registries = RqRegistries(connect(broker, timeout=ANSWER_SECONDS))
        follower, ends, wait = Follower(registries, broker), Ends(registries, broker.name), 0.0
        rounds = 0
        while not stop.wait(wait):
            try:
                follower.follow()
                rounds += 1
                if rounds % ENDS_EVERY == 0:
                    ends.look()
                wait = EVERY
            except (RedisError, SQLAlchemyError, OSError) as error:
                wait = min(LONGEST_WAIT, max(EVERY, wait * 2))
                log.warning("broker_not_followed", broker=broker.name, error=str(error)[:300], again_in_seconds=wait)
