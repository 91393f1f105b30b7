"""Our own Redis under another name: servers tell who they are, so names and addresses need not be compared."""

from collections.abc import Callable
from typing import Any, Final, cast

from redis import Redis, RedisError
from redis.connection import Connection
from redis.exceptions import ResponseError

from console.infra.brokers import Refused
from console.queues.rules.brokers import CONSOLE

SENTENCE: Final = f"This is the console's own Redis under another name: it is watched as {CONSOLE.name} already."
_RUN_ID: Final = b"run_id:"


class Ours(Refused):
    """The connection led to the database of REDIS_URL."""


def unless_ours(ours: "Redis", *, db: int) -> Callable[[Connection], None] | None:
    """What each new connection of a foreign broker's database is greeted with: it refuses our own by raising Ours.

    None for another number than ours, since other databases of our server may be watched. A server that will not say
    who it is passes, and so does every one while ours does not answer.
    """
    if ours.connection_pool.connection_kwargs.get("db", 0) != db:
        return None

    def greet(connection: Connection) -> None:
        untyped: Any = connection
        untyped.on_connect()
        there = _asked(connection)
        if there is not None and there == _own(ours):
            raise Ours(SENTENCE)

    return greet


def _asked(connection: Connection) -> bytes | None:
    untyped: Any = connection
    try:
        untyped.send_command("INFO", "server", check_health=False)
        return _run_id(untyped.read_response())
    except ResponseError:
        return None


def _own(ours: "Redis") -> bytes | None:
    try:
        told = cast("dict[str, Any]", ours.info("server"))
    except RedisError:
        return None
    return str(told.get("run_id", "")).encode() or None


def _run_id(told: Any) -> bytes | None:
    lines = told.splitlines() if isinstance(told, bytes) else []
    return next((line.removeprefix(_RUN_ID) for line in lines if line.startswith(_RUN_ID)), None) or None
