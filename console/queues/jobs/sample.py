"""A duty of the scheduler: look at every broker every few seconds, and keep what was seen for the pages.

Each look runs in a thread of its own with an end: a broker that hangs holds up neither the others nor a page.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import redis
import structlog
from redis import Redis

from console.infra import clock
from console.infra.brokers import Refused, Wire, told
from console.infra.deadline import Deadline
from console.infra.transaction import unit
from console.queues import actions, client, queries
from console.queues.jobs.match import compare
from console.queues.rules.brokers import Kind, Watched
from console.queues.rules.samples import Sample

EVERY: Final = timedelta(seconds=5)
# The whole look, whatever the broker does.
SECONDS: Final = 3.0
# Above what one answer of a healthy broker takes, below what a page's reader waits.
TIMEOUT: Final = 1.0
PRUNE_SECONDS: Final = 3_600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one look; `error` is a sentence, or empty."""

    sample: Sample | None
    error: str
    seconds: float


class Sampler:
    """Looks at all brokers; of several schedulers one looks at a broker at a time."""

    def __init__(self, *, every: timedelta = EVERY) -> None:
        self._every = every
        self._busy: dict[str, Future[Look]] = {}
        self._pruned = time.monotonic()

    def sample(self) -> int:
        """One round; returns how many brokers answered. Raises DBAPIError while PostgreSQL is away."""
        self._prune()
        asked = self._ask(self._claimed())
        answered, left = 0, set(asked)
        with suppress(TimeoutError):
            for future in as_completed(asked, timeout=SECONDS + 0.5):
                left.discard(future)
                answered += self._keep(asked[future], future.result())
        for future in left:
            self._keep(asked[future], Look(None, "No answer in time.", SECONDS))
        return answered

    def _claimed(self) -> list[Watched]:
        with unit():
            brokers = [one for one in queries.watched() if not self._hangs(one.name)]
            return [one for one in brokers if actions.claim_look(one.name, at=clock.now(), every=self._every * 0.8)]

    def _hangs(self, name: str) -> bool:
        return name in self._busy and not self._busy[name].done()

    def _ask(self, brokers: list[Watched]) -> Mapping[Future[Look], str]:
        self._busy |= {one.name: started(look_of(one)) for one in brokers}
        return {self._busy[one.name]: one.name for one in brokers}

    def _keep(self, name: str, look: Look) -> bool:
        with unit():
            if look.sample is None:
                actions.keep_failure(name, look.error, at=clock.now())
                return False
            sample = replace(look.sample, match=compare()) if name == "console" else look.sample
            actions.keep_sample(name, sample, seconds=look.seconds, at=clock.now())
        return True

    def _prune(self) -> None:
        if time.monotonic() - self._pruned >= PRUNE_SECONDS:
            self._pruned = time.monotonic()
            with unit():
                actions.prune_depths(at=clock.now())


def started(work: Callable[[], Look]) -> "Future[Look]":
    """Do it in a daemon thread of its own: one that hangs holds up neither the others nor the end of the process."""
    future: Future[Look] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        finally:
            # Only a fault of ours ends without a result: whoever waits hears of it.
            future.cancel()

    threading.Thread(target=run, name="look", daemon=True).start()
    return future


def look_of(broker: Watched) -> Callable[[], Look]:
    """A function that looks at a broker and needs no app; it never raises what a broker can cause."""
    wire = Wire()
    try:
        found = client.connect(broker, timeout=TIMEOUT, wire=wire)
    except Refused as error:
        said = str(error)
        return lambda: Look(None, said, 0.0)
    return lambda: _look(broker, found, wire)


def _look(broker: Watched, connection: "Redis", wire: Wire) -> Look:
    began = time.monotonic()
    try:
        with Deadline(began + SECONDS, wire.find):
            sample = _sample(broker, connection)
    except (redis.RedisError, OSError) as error:
        late = time.monotonic() - began >= SECONDS
        return Look(None, "No answer in time." if late else told(error), time.monotonic() - began)
    finally:
        if not broker.builtin:
            connection.close()
    return Look(sample, "", time.monotonic() - began)


def _sample(broker: Watched, connection: "Redis") -> Sample:
    if broker.kind is Kind.RQ:
        return client.look_at_rq(connection, broker.queues)
    return client.look_at_celery(connection, broker.queues, prefix=broker.prefix)
