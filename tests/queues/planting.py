"""Failed jobs as RQ leaves them, planted without running them."""

from typing import Any

from redis import Redis
from rq import Queue
from rq.job import Job as RqJob

TRACEBACK = """Traceback (most recent call last):
  File "/srv/app/billing/tasks.py", line 7, in bill
    raise ValueError(number)
ValueError: {}
"""


def plant(redis: "Redis", job_id: str, queue: str = "billing", *, text: str = "", **fields: Any) -> str:
    """A failed job of this id, with RQ's own tools; `fields` are what it is enqueued with."""
    where = Queue(queue, connection=redis)
    job = RqJob.create("billing.tasks.bill", args=(7,), id=job_id, connection=redis, origin=queue, **fields)
    job.save()
    redis.sadd("rq:queues", where.key)
    where.failed_job_registry.add(job, ttl=31_536_000, exc_string=text or TRACEBACK.format(job_id))
    pipe = redis.pipeline()
    job.set_status("failed", pipeline=pipe)  # type: ignore[arg-type]
    job._handle_failure(text or TRACEBACK.format(job_id), pipeline=pipe, worker_name="w")
    pipe.execute()
    return job_id


def state(redis: "Redis", job_id: str) -> str | None:
    found: Any = redis.hget(f"rq:job:{job_id}", "status")
    return found.decode() if found else None


def waiting(redis: "Redis", queue: str = "billing") -> list[str]:
    found: Any = redis.lrange(f"rq:queue:{queue}", 0, -1)
    return [job_id.decode() for job_id in found]


def finish(redis: "Redis", *job_ids: str, how: str = "finished") -> None:
    """What a worker would have made of them."""
    for job_id in job_ids:
        redis.hset(f"rq:job:{job_id}", "status", how)
