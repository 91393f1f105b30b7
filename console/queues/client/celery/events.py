"""Celery's events as they come: published on Redis, heard only by who listens at that moment."""

import re
import time
from typing import TYPE_CHECKING, Any, Final

import redis

if TYPE_CHECKING:
    from redis import Redis

# So many messages are handed over at once; Redis cuts off a listener that falls behind by 32 MiB.
BATCH: Final = 2_000
PING_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 15.0
_GLOB: Final = re.compile(r"([*?\[\]\\])")


def glob(text: str) -> str:
    """A text in which no character stands for others in patterns of Redis."""
    return _GLOB.sub(r"\\\1", text)


class EventStream:
    """One subscription to the events of a broker. All methods raise `redis.RedisError` once it is broken."""

    def __init__(self, connection: "Redis", *, db: int, prefix: str = "") -> None:
        untyped: Any = connection
        self._pubsub = untyped.pubsub(ignore_subscribe_messages=False)
        self._pattern = f"{glob(prefix)}/{db}.celeryev/*"
        self._heard = self._pinged = time.monotonic()

    def open(self, *, within: float = 2.0) -> None:
        """Subscribe, and wait until Redis has said that we are."""
        self._pubsub.psubscribe(self._pattern)
        message = self._pubsub.get_message(timeout=within)
        if message is None or message["type"] != "psubscribe":
            raise redis.TimeoutError("Redis did not answer the subscription in time")
        self._heard = time.monotonic()

    def read(self, seconds: float) -> list[bytes]:
        """The messages that have come, at most `seconds` waited for the first.

        A broker that hangs or a line that is cut says nothing either: it is asked, and is dead without an answer.
        """
        found: list[bytes] = []
        message = self._pubsub.get_message(timeout=seconds)
        while message is not None:
            self._heard = time.monotonic()
            if message["type"] == "pmessage":
                found.append(message["data"])
            if len(found) == BATCH:
                break
            message = self._pubsub.get_message(timeout=0)
        self._keep_alive()
        return found

    def close(self) -> None:
        """End the subscription."""
        self._pubsub.close()

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if now - self._heard > SILENCE_SECONDS:
            raise redis.TimeoutError("Redis has not answered for a while")
        if now - self._pinged > PING_SECONDS:
            self._pinged = now
            self._pubsub.ping()
