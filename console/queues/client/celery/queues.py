"""The queues of a Celery broker on Redis by name, as kombu binds them to exchanges, and messages not finished."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from console.queues.client.celery.events import glob

if TYPE_CHECKING:
    from redis import Redis

SEP: Final = "\x06\x16"
BINDINGS: Final = "_kombu.binding."
# Events, remote control and replies are no queues of tasks.
APART: Final = ("celeryev", "reply.celery.pidbox", "celery.pidbox")
MAX_QUEUES: Final = 500
SCANS: Final = 50


class Queues:
    """The queues of one broker. All methods raise `redis.RedisError` while it is away."""

    def __init__(self, connection: "Redis", *, prefix: str = "", only: Sequence[str] = ()) -> None:
        self._redis = connection
        self._prefix = prefix
        self._only = frozenset(only)

    def names(self) -> list[str]:
        """The queues that services have declared, sorted; those asked for only, if some were."""
        found: set[str] = set()
        for exchange in self._exchanges():
            if not exchange.startswith(APART) and not exchange.endswith(".pidbox"):
                members = cast("set[bytes]", self._redis.smembers(f"{self._prefix}{BINDINGS}{exchange}"))
                found.update(member.decode(errors="replace").split(SEP)[-1] for member in members)
        wanted = {name for name in found if name and (not self._only or name in self._only)}
        return sorted(wanted)[:MAX_QUEUES]

    def unfinished(self, uuids: Sequence[str], *, limit: int = 5_000) -> frozenset[str]:
        """Those of the tasks whose messages a worker took and did not finish: Redis delivers them again."""
        wanted, found, cursor, looked = frozenset(uuids), set[str](), 0, 0
        while looked < limit:
            cursor, some = cast(
                "tuple[int, dict[bytes, bytes]]", self._redis.hscan(f"{self._prefix}unacked", cursor, count=200)
            )
            found.update(wanted.intersection(map(_task_of, some.values())))
            looked += max(len(some), 1)
            if cursor == 0:
                break
        return frozenset(found)

    def _exchanges(self) -> list[str]:
        """Names of exchanges. The usual ones are asked by name; SCAN finds the rest, within a bound."""
        key, found, cursor = f"{self._prefix}{BINDINGS}", {"celery"}, 0
        for _ in range(SCANS):
            cursor, keys = cast(
                "tuple[int, list[bytes]]", self._redis.scan(cursor, match=f"{glob(key)}*", count=2_000, _type="SET")
            )
            found.update(name.decode(errors="replace").removeprefix(key) for name in keys)
            if cursor == 0:
                break
        return sorted(found)


def _task_of(raw: bytes) -> str:
    """The id of the task in a message that kombu put by; empty where there is none."""
    try:
        parts: Any = json.loads(raw)
        headers = parts[0]["headers"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return ""
    found = headers.get("id") if isinstance(headers, Mapping) else None
    return found if isinstance(found, str) else ""
