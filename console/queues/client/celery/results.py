"""Celery's results in Redis: the failures that are still told when nobody listened."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from console.queues.client.celery.events import glob
from console.queues.rules.celery import HEAD, Result, read_result

if TYPE_CHECKING:
    from redis import Redis

# Results hold what tasks returned, of any size.
AT_ONCE: Final = 200
KEY: Final = "celery-task-meta-"
# Celery puts this between a prefix and its key unless the prefix ends like one.
ENDS: Final = (":", "_", "-", ".")


class Results:
    """The results of one broker. All methods raise `redis.RedisError` while it is away."""

    def __init__(self, connection: "Redis", *, prefix: str = "") -> None:
        self._redis = connection
        joined = f"{prefix}_" if prefix and not prefix.endswith(ENDS) else prefix
        self._key = f"{joined}{KEY}"

    def scan(self, cursor: int, *, count: int) -> tuple[int, list[str]]:
        """Some of the tasks' ids and where to go on; 0 is the beginning, and the end when it comes back."""
        after, keys = cast(
            "tuple[int, list[bytes]]", self._redis.scan(cursor, match=f"{glob(self._key)}*", count=count)
        )
        return after, [key.decode(errors="replace").removeprefix(self._key) for key in keys]

    def heads(self, uuids: Sequence[str]) -> list[bytes]:
        """The first bytes of each result: they tell its state without bringing what a task returned."""
        with self._redis.pipeline(transaction=False) as pipe:
            for uuid in uuids:
                pipe.getrange(f"{self._key}{uuid}", 0, HEAD)
            # A key of another type under such a name is not a result.
            return [head if isinstance(head, bytes) else b"" for head in pipe.execute(raise_on_error=False)]

    def read(self, uuids: Sequence[str]) -> dict[str, Result]:
        """The results that are there and are Celery's."""
        found = (self._some(uuids[at : at + AT_ONCE]) for at in range(0, len(uuids), AT_ONCE))
        return {result.uuid: result for some in found for result in some if result is not None}

    def _some(self, uuids: Sequence[str]) -> list[Result | None]:
        with self._redis.pipeline(transaction=False) as pipe:
            for uuid in uuids:
                pipe.get(f"{self._key}{uuid}")
            values = pipe.execute(raise_on_error=False)
        pairs = zip(uuids, values, strict=True)
        return [read_result(uuid, value if isinstance(value, bytes) else None) for uuid, value in pairs]
