"""First grouping of another Redis's failed registry that is already full, then rounds: `bench/follow.py [JOBS]`.

Floor: reading the same hashes and results from Redis without telling anybody. PostgreSQL with fsync.
"""

import os
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

from bench.stand import Stand, family_cpu, keep, second_redis, stand
from console.alerts.models import Alert, Occurrence
from console.app import create_app
from console.infra.transaction import unit
from console.queues.client import RqRegistries
from console.queues.jobs import Follower
from console.queues.rules.brokers import Kind, Watched

CAUSES = 40
BILLING = Watched("billing", Kind.RQ, "billing", sealed="another Redis")


def traceback_of(number: int) -> str:
    """Twenty frames, of forty causes, with values that differ each time."""
    cause = number % CAUSES
    frames = "".join(
        f'  File "/srv/app/billing/step_{cause}_{depth}.py", line {depth + 10}, in step_{depth}\n    go({depth})\n'
        for depth in range(20)
    )
    return f"Traceback (most recent call last):\n{frames}billing.errors.Cause{cause}: order {number} failed\n"


def fill(redis: "Redis", count: int, *, first: int = 0) -> None:
    """Failed jobs as RQ leaves them: a hash, a result, a place in the registry."""
    now = datetime.now(UTC).isoformat()
    pipe = redis.pipeline(transaction=False)
    pipe.sadd("rq:queues", "rq:queue:billing")
    for number in range(first, first + count):
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


def measure(redis: "Redis", count: int, on: Stand) -> dict[str, Any]:
    """All rows of the table."""
    registries = RqRegistries(redis)
    follower = Follower(registries, BILLING)
    read, read_cpu, _ = timed(lambda: floor(registries))
    stored_cpu = family_cpu(on.postmaster)
    first, first_cpu, told = timed(follower.follow)
    stored_cpu = family_cpu(on.postmaster) - stored_cpu
    idle, idle_cpu, nothing = timed(follower.follow)
    again, _, repeated = timed(Follower(registries, BILLING).follow)
    fill(redis, 100, first=count)
    more, more_cpu, fresh = timed(follower.follow)
    with unit() as session:
        alerts = session.scalar(select(func.count()).select_from(Alert))
        stored = session.scalar(select(func.count()).select_from(Occurrence))
    found = (told, nothing, repeated, fresh, stored)
    assert found == (count, 0, 0, 100, count + 100), found
    return {
        "jobs": count,
        "alerts": alerts,
        "load on 2 cores": round(os.getloadavg()[0], 1),
        "read only, seconds": round(read, 2),
        "read only, CPU seconds": round(read_cpu, 2),
        "first grouping, seconds": round(first, 2),
        "first grouping, CPU seconds": round(first_cpu, 2),
        "of it PostgreSQL, CPU seconds": round(stored_cpu, 2),
        "round with nothing new, ms": round(idle * 1_000, 2),
        "round with nothing new, CPU ms": round(idle_cpu * 1_000, 2),
        "round with 100 new, ms": round(more * 1_000, 1),
        "round with 100 new, CPU ms": round(more_cpu * 1_000, 1),
        "first round after a restart, seconds": round(again, 3),
    }


def main(count: int) -> None:
    """Fill, measure, print."""
    with stand() as on, second_redis() as url:
        redis = Redis.from_url(url)
        fill(redis, count)
        with create_app(on.settings).app_context():
            found = measure(redis, count, on)
    print(
        "| failed registry | value |", "|---|---:|", *(f"| {key} | {value} |" for key, value in found.items()), sep="\n"
    )
    keep("follow", found)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
