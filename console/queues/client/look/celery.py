"""Looking at Celery on Redis: depth, what workers have taken, how many of them listen.

Kombu keeps a queue as one list for each priority, and taken messages in one hash for all queues. Messages carry no time
of sending, workers tell of themselves by events only, and beat keeps its timetable in a file: none of it is guessed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from redis import Redis

from console.queues.client.look.values import pipe_of, text
from console.queues.rules.samples import QueueSeen, Sample

DEFAULT: Final = "celery"
MAX_QUEUES: Final = 100
SEPARATOR: Final = "\x06\x16"
# Kombu's own steps; another priority_steps is rare, and told in the docs.
STEPS: Final = ("", *(f"{SEPARATOR}{step}" for step in (3, 6, 9)))
BINDINGS: Final = "_kombu.binding."
NOTES: Final = (
    "Celery puts no time of sending on a task: the age of the oldest is not known.",
    "Celery counts neither what comes in nor what goes out: rates are not known.",
    "Celery beat keeps its timetable in a file beside it, not in the broker. Give periodic tasks a heartbeat.",
)


def look_at_celery(redis: "Redis", wanted: Sequence[str] = (), *, prefix: str = "") -> Sample:
    """What Redis knows of `wanted` queues, or of those bound to Celery's default exchange. Raises `redis.RedisError`.

    `prefix` is Celery's global_keyprefix.
    """
    info, clock, bound, taken, announced = pipe_of(
        redis,
        ("INFO", "server"),
        ("TIME",),
        ("SMEMBERS", f"{prefix}{BINDINGS}{DEFAULT}"),
        ("HLEN", f"{prefix}unacked"),
        ("SCARD", f"{prefix}{BINDINGS}celery.pidbox"),
    )
    names = sorted({*wanted} or {*map(_queue_of, bound), DEFAULT})
    depths = _depths(redis, prefix, names[:MAX_QUEUES])
    return Sample(
        at=datetime.fromtimestamp(int(clock[0]), UTC),
        version=str(cast("dict[str, Any]", info).get("redis_version", "")),
        queues=[QueueSeen(name, depth) for name, depth in depths],
        more_queues=max(0, len(names) - MAX_QUEUES),
        announced=announced,
        notes=(*NOTES, _taken(taken)),
    )


def _depths(redis: "Redis", prefix: str, names: Sequence[str]) -> list[tuple[str, int]]:
    found = pipe_of(redis, *(("LLEN", f"{prefix}{name}{step}") for name in names for step in STEPS))
    size = len(STEPS)
    return [(name, sum(found[at * size : (at + 1) * size])) for at, name in enumerate(names)]


def _taken(count: int) -> str:
    """Tasks leave the broker when they are acknowledged: before they run, or after it with acks_late."""
    tasks = "1 task" if count == 1 else f"{count:,} tasks"
    return f"Workers hold {tasks} that they have not acknowledged: reserved, or running with acks_late."


def _queue_of(member: Any) -> str:
    return text(member).rpartition(SEPARATOR)[2]
