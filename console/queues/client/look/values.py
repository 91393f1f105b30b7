"""Many commands in one round trip, and reading what comes back."""

from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

COUNTS: Final = frozenset({"LLEN", "ZCARD", "SCARD", "HLEN"})
SINGLE: Final = frozenset({"LINDEX", "HGET"})


def pipe_of(redis: "Redis", *commands: tuple[Any, ...]) -> list[Any]:
    """The answers of some commands, in order, from one round trip. Raises `redis.RedisError`.

    A key of another type than we ask for is somebody else's: it counts as empty, and the rest is read all the same.
    """
    if not commands:
        return []
    with redis.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)  # type: ignore[no-untyped-call]
        found: list[Any] = pipe.execute(raise_on_error=False)
    return [_or_empty(answer, command) for answer, command in zip(found, commands, strict=True)]


def _or_empty(answer: Any, command: tuple[Any, ...]) -> Any:
    if not isinstance(answer, RedisError):
        return answer
    if "WRONGTYPE" not in str(answer):
        raise answer
    name = command[0]
    if name == "HMGET":
        return [None] * (len(command) - 2)
    return 0 if name in COUNTS else None if name in SINGLE else []


def text(value: Any) -> str:
    """Bytes from Redis as text, nothing as an empty one."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)


def number(value: Any) -> int | None:
    """A whole number, if it is one."""
    found = text(value)
    return int(found) if found.isascii() and found.isdigit() else None


def instant(seconds: Any) -> datetime | None:
    """Unix seconds as a time, if it is one that a calendar has."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def pairs(answer: Any) -> list[tuple[Any, Any]]:
    """What an answer holds two by two: redis-py gives pairs or leaves them flat, by command and protocol."""
    if answer and isinstance(answer[0], tuple | list):
        return [(one, two) for one, two in answer]
    return list(zip(answer[::2], answer[1::2], strict=True))
