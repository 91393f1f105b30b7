"""Counting what services send, in Redis: cheap enough for every request, and nothing is refused while it is away."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, cast

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError

from console.infra import events
from console.infra.redis import connection

# The room whose version says that a limit has changed.
LIMITS: Final = "source-limits"
_DROPPED, _TAKEN, _LOCK = "console:dropped", "console:dropped:taken", "console:dropped:lock"
# A minute's counter is of no use for longer than this; who takes drops has this long, in seconds.
_KEEP, _LEASE = 120, 30


@dataclass(frozen=True, slots=True)
class Counted:
    """How many failures each service has sent this minute, these included, and the version of the limits."""

    totals: Mapping[str, int]
    version: int


class Counter(Protocol):
    """What counts the failures of each service by the minute."""

    def add(self, sent: Mapping[str, int], at: datetime) -> Counted | None:
        """Count what services have `sent`; None when it cannot be counted: then no limit applies."""

    def drop(self, dropped: Mapping[str, int]) -> None:
        """Remember how many failures of each service were dropped."""


class NullCounter:
    """Counts nothing: nobody has a limit."""

    def add(self, sent: Mapping[str, int], at: datetime) -> Counted | None:  # noqa: ARG002 - the shape of a Counter
        """Never known."""
        return None

    def drop(self, dropped: Mapping[str, int]) -> None:
        """Nothing is dropped where nothing is counted."""


class RedisCounter:
    """One counter a service and minute, one trip a request."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    def add(self, sent: Mapping[str, int], at: datetime) -> Counted | None:
        """See Counter; whole minutes of UTC."""
        minute = int(at.timestamp()) // 60
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.get(events.version_key(LIMITS))
                for service, number in sent.items():
                    key = f"console:sent:{minute}:{service}"
                    pipe.incrby(key, number)
                    pipe.expire(key, _KEEP)
                told = cast("list[bytes | int | None]", pipe.execute())
        except RedisError:
            return None
        return Counted({service: int(told[1 + 2 * n] or 0) for n, service in enumerate(sent)}, int(told[0] or 0))

    def drop(self, dropped: Mapping[str, int]) -> None:
        """See Counter; what cannot be written down any more is lost with the Redis that counted it."""
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                for service, number in dropped.items():
                    pipe.hincrby(_DROPPED, service, number)
                pipe.execute()
        except RedisError:
            return


def counter() -> Counter:
    """The console's own."""
    found: Counter = current_app.extensions.setdefault("console.source_counter", RedisCounter(connection()))
    return found


@contextmanager
def taken_drops() -> Iterator[Mapping[str, int]]:
    """What was dropped since the last time, by service, for one scheduler at a time; forgotten if the block succeeds.

    What a block did not finish comes again: a count may be high after a crash, never low. Raises RedisError.
    """
    redis = connection()
    if not redis.set(_LOCK, 1, nx=True, ex=_LEASE):
        yield {}
        return
    try:
        if not redis.exists(_TAKEN) and redis.exists(_DROPPED):
            redis.rename(_DROPPED, _TAKEN)
        found = cast("dict[bytes, bytes]", redis.hgetall(_TAKEN))
        yield {service.decode(): int(number) for service, number in found.items()}
        redis.delete(_TAKEN)
    finally:
        redis.delete(_LOCK)
