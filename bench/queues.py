"""The queues room with a failed registry that is full: `python bench/queues.py [JOBS]`.

Each page is built thirty times by a signed-in viewer in one process: p95 of the wall-clock time, and CPU of this
process and PostgreSQL together. The look is what the scheduler does every five seconds. Floor: RQ reads fifty jobs.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from rq.job import Job
from rq.registry import FailedJobRegistry

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.follow import fill
from bench.poll import session
from bench.stand import Stand, keep, measured, stand
from console.app import create_app
from console.infra import log
from console.infra.paging import encode
from console.queues.client import look_at_rq
from console.queues.jobs import Sampler

TIMES = 30
QUEUE = "billing"
FAILED = f"/queues/brokers/console/failed?queue={QUEUE}"


def paths(redis: "Redis", count: int) -> dict[str, str]:
    """The pages; a cursor in the middle, and one whose job has left since."""
    key = f"rq:failed:{QUEUE}"
    ((member, score),) = redis.zrange(key, count // 2, count // 2, withscores=True)  # type: ignore[misc]
    middle = encode(member.decode(), repr(score))
    gone = encode("job-that-left", repr(score))
    return {
        "board of all brokers": "/queues",
        "one broker": "/queues/brokers/console",
        "failed jobs, first 50": FAILED,
        "failed jobs, in the middle": f"{FAILED}&cursor={middle}",
        "failed jobs, after one that left": f"{FAILED}&cursor={gone}",
    }


def timed(work: Callable[[], object]) -> list[float]:
    """Milliseconds, thirty times."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return took


def row(took: list[float], cpu: float | None = None) -> dict[str, Any]:
    """Median and p95, and CPU where it was counted."""
    p95 = statistics.quantiles(took, n=20)[-1]
    found = {"median_ms": round(statistics.median(took), 1), "p95_ms": round(p95, 1)}
    return found | ({"cpu_ms": round(cpu, 1)} if cpu is not None else {})


def page(on: Stand, client: FlaskClient, path: str) -> dict[str, Any]:
    """One page."""
    took: list[float] = []

    def ask() -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")

    ask()
    own = time.process_time()
    found = measured(on, TIMES, lambda: took.extend(timed(ask)))
    return row(took, found["cpu_ms"] + (time.process_time() - own) * 1000 / TIMES)


def floor(redis: "Redis") -> None:
    """What RQ itself needs for the first fifty, without a page."""
    ids = FailedJobRegistry(QUEUE, connection=redis).get_job_ids(0, 49, desc=True, cleanup=False)
    with redis.pipeline(transaction=False) as pipe:
        for job_id in ids:
            pipe.hgetall(Job.key_for(job_id))
        pipe.execute()


def measure(on: Stand, app: Flask, count: int) -> dict[str, Any]:
    """All rows of the table."""
    redis = Redis.from_url(on.settings.redis_url)
    fill(redis, count)
    with app.app_context():
        Sampler().sample()
    client = app.test_client()
    client.set_cookie("session", session(on.settings))
    pages = {name: page(on, client, path) for name, path in paths(redis, count).items()}
    looks = {"the scheduler's look": row(timed(lambda: look_at_rq(redis)))}
    return pages | looks | {"floor: RQ reads the first 50": row(timed(lambda: floor(redis)))}


def main(count: int) -> None:
    """Fill, measure, print."""
    with stand() as on:
        log.configure(on.settings.model_copy(update={"log_level": "WARNING"}))
        app = create_app(on.settings.model_copy(update={"secret_key": "bench" * 8}))
        rows = measure(on, app, count)
    print(f"| {count:,} failed jobs | median ms | p95 ms | CPU ms |", "|---|---:|---:|---:|", sep="\n")
    for name, found in rows.items():
        print(f"| {name} | {found['median_ms']} | {found['p95_ms']} | {found.get('cpu_ms', '')} |")
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    keep("queues", {"jobs": count, "load": round(os.getloadavg()[0], 1), "rows": rows})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
