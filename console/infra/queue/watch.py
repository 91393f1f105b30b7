"""Whether somebody works on our queues, as Redis knows it."""

from datetime import UTC, timedelta
from typing import Final

from redis import Redis
from rq import Worker

from console.infra import clock
from console.infra.queue.bells import QUEUES, rq_name

# RQ's workers say that they live every 30 seconds or more often.
SILENT: Final = timedelta(seconds=90)


def unmanned(connection: "Redis") -> list[str]:
    """The queues on which no living worker listens. Raises `redis.RedisError` while Redis is away."""
    alive = clock.now() - SILENT
    manned: set[str] = set()
    for worker in Worker.all(connection=connection):
        beat = worker.last_heartbeat
        if beat is not None and (beat if beat.tzinfo else beat.replace(tzinfo=UTC)) > alive:
            manned.update(worker.queue_names())
    return [name for name in QUEUES if rq_name(name) not in manned]
