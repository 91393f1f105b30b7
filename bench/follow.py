"""First grouping of a failed registry that is already full, then a round with nothing new: `bench/follow.py [JOBS]`.

Floor: reading the same hashes and results from Redis without telling anybody.
"""

import sys
import time
import zlib
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis import Redis
from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.stand import keep, second_redis, stand
from console.alerts.models import Alert, Occurrence
from console.app import create_app
from console.infra.transaction import unit
from console.queues.client import RqRegistries
from console.queues.jobs import Follower

CAUSES = 40


def traceback_of(number: int) -> str:
    """Twenty frames, of forty causes, with values that differ each time."""
    cause = number % CAUSES
    frames = "".join(
        f'  File "/srv/app/billing/step_{cause}_{depth}.py", line {depth + 10}, in step_{depth}\n    go({depth})\n'
        for depth in range(20)
    )
    return f"Traceback (most recent call last):\n{frames}billing.errors.Cause{cause}: order {number} failed\n"


def fill(redis: "Redis", count: int) -> None:
    """Failed jobs as RQ leaves them: a hash, a result, a place in the registry."""
    now = datetime.now(UTC).isoformat()
    pipe = redis.pipeline(transaction=False)
    pipe.sadd("rq:queues", "rq:queue:billing")
    for number in range(count):
        job_id, text = f"job-{number}", traceback_of(number).encode()
        call = f"billing.tasks.bill({number})"
        pipe.hset(
            f"rq:job:{job_id}", mapping={"status": "failed", "origin": "billing", "description": call, "ended_at": now}
        )
        result: dict[Any, Any] = {
            "type": 2,
            "execution_id": f"e{number}",
            "exc_string": b64encode(zlib.compress(text)).decode(),
        }
        pipe.xadd(f"rq:results:{job_id}", result)
        pipe.zadd("rq:failed:billing", {job_id: 1_800_000_000 + number // 50})
        if number % 1_000 == 0:
            pipe.execute()
    pipe.execute()


def timed(work: Any) -> tuple[float, float, Any]:
    """Wall and CPU seconds of this process."""
    wall, cpu = time.monotonic(), time.process_time()
    answer = work()
    return time.monotonic() - wall, time.process_time() - cpu, answer


def floor(registries: RqRegistries) -> int:
    """Read everything and tell nobody."""
    return sum(len(registries.failures("billing", entries)) for entries in registries.every("billing"))


def measure(redis: "Redis", count: int) -> dict[str, Any]:
    """All rows of the table."""
    registries = RqRegistries(redis)
    follower = Follower(registries)
    read, read_cpu, _ = timed(lambda: floor(registries))
    first, first_cpu, told = timed(follower.follow)
    idle, idle_cpu, nothing = timed(follower.follow)
    again, _, repeated = timed(Follower(registries).follow)
    with unit() as session:
        alerts = session.scalar(select(func.count()).select_from(Alert))
        stored = session.scalar(select(func.count()).select_from(Occurrence))
    assert (told, nothing, repeated, stored) == (count, 0, 0, count), (told, nothing, repeated, stored)
    return {
        "jobs": count,
        "alerts": alerts,
        "read_only_seconds": round(read, 2),
        "read_only_cpu_seconds": round(read_cpu, 2),
        "first_seconds": round(first, 2),
        "first_cpu_seconds": round(first_cpu, 2),
        "idle_round_ms": round(idle * 1_000, 2),
        "idle_round_cpu_ms": round(idle_cpu * 1_000, 2),
        "after_restart_seconds": round(again, 3),
    }


def main(count: int) -> None:
    """Fill, measure, print."""
    with stand() as on, second_redis() as url:
        redis = Redis.from_url(url)
        fill(redis, count)
        with create_app(on.settings).app_context():
            found = measure(redis, count)
    print(
        "| failed registry | value |", "|---|---:|", *(f"| {key} | {value} |" for key, value in found.items()), sep="\n"
    )
    keep("follow", found)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
