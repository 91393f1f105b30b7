"""Attempts that failed and that RQ makes again.

RQ leaves no text of such an attempt, and no result: what shows it is a job that waits, is scheduled or runs although an
execution of it has ended. Looking at all jobs would cost a scan, so each look reads the next due of the schedule, what
was enqueued last and what runs, and of those only what the last look had not read. An attempt is therefore seen for
certain when the job then waits or runs for a look's length; one that is repeated at once and succeeds sooner is not.
Final failures are always seen, in the failed registry.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from redis import Redis, RedisError

from console.queues.client.reading import job_key, name_of, newest, number, results_key, stream_time, text
from console.queues.rules import RqAttempt, parse_call, parse_time, retries_of

LOOK: Final = 500
FIELDS: Final = (
    "status", "description", "ended_at", "worker_name", "number_of_retries", "retries_left", "retry_intervals",
)  # fmt: skip
RETRIED: Final = b"4"
GOING_ON: Final = frozenset({b"queued", b"scheduled", b"started"})


@dataclass
class Looked:
    """What the last look at a queue read, by what changes when the job moves on; losing it costs reading it again."""

    at: float = float("-inf")
    seen: set[tuple[bytes, Any]] = field(default_factory=set)


def read_attempts(redis: "Redis", queue: str, looked: Looked) -> list[RqAttempt]:
    """Attempts that show now and did not show at the last look."""
    now = _shown(redis, queue)
    fresh = sorted({member for member, _ in now - looked.seen})
    found = list(_read(redis, queue, fresh))
    looked.seen, looked.at = now, time.monotonic()
    return found


def _shown(redis: "Redis", queue: str) -> set[tuple[bytes, Any]]:
    with redis.pipeline(transaction=False) as pipe:
        pipe.zrange(f"rq:scheduled:{queue}", 0, LOOK - 1, withscores=True)
        pipe.lrange(f"rq:queue:{queue}", -LOOK, -1)
        pipe.zrange(f"rq:wip:{queue}", 0, LOOK - 1)
        scheduled, waiting, running = (
            [] if isinstance(found, RedisError) else found for found in pipe.execute(raise_on_error=False)
        )
    shown = {(member, score) for member, score in scheduled}
    shown |= {(member, "waits") for member in waiting}
    # Newer versions of RQ keep `job:execution` there, older ones the job alone.
    return shown | {(member.rpartition(b":")[0] or member, member) for member in running}


def _read(redis: "Redis", queue: str, members: Sequence[bytes]) -> Iterator[RqAttempt]:
    ids = [name_of(member) for member in members]
    with redis.pipeline(transaction=False) as pipe:
        for job_id in ids:
            pipe.hmget(job_key(job_id), list(FIELDS))
            pipe.xrevrange(results_key(job_id), count=1)
        answers = pipe.execute(raise_on_error=False) if ids else []
    for job_id, fields, results in zip(ids, answers[::2], answers[1::2], strict=True):
        if not isinstance(fields, RedisError):
            job = dict(zip(FIELDS, fields, strict=True))
            found = _attempt(queue, job_id, job, [] if isinstance(results, RedisError) else results)
            if found is not None:
                yield found


def _attempt(queue: str, job_id: str, job: dict[str, bytes | None], results: Any) -> RqAttempt | None:
    ended = parse_time(text(job["ended_at"]))
    if ended is None or job["status"] not in GOING_ON:
        return None
    left, times = number(job["retries_left"]), number(job["number_of_retries"])
    stamp, payload = newest(results)
    asked = payload.get(b"type") == RETRIED
    written = stream_time(stamp)
    if not asked and (left is None or (written is not None and written >= ended)):
        # Its last execution has a result: it succeeded, or failed for good, and somebody enqueued it again.
        return None
    retries, most = retries_of(times, left, text(job["retry_intervals"]))
    task, args = parse_call(text(job["description"]) or "")
    return RqAttempt(
        job_id=job_id, queue=queue, task=task, args=args, ended_at=ended, worker=text(job["worker_name"]),
        retries=None if retries is None else max(retries - 1, 0), max_retries=most, asked=asked,
    )  # fmt: skip
