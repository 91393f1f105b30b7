"""Moving a failed job of somebody else's: back into its queue, or out of Redis; each exactly once, or not at all.

Done by hand in one transaction that watches job and registry, since RQ's own way takes the job out of the registry
first, restores it whole, and puts it into the queue later. No payload is read and no other field is touched.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from redis import Redis, RedisError, ResponseError, WatchError

from console.infra import clock
from console.queues.client.reading import job_key, member_of, results_key, text

# On a registry that grows all the time a few tries may fail, ten do not.
TRIES: Final = 10
LOCKED: Final = "it is being changed by somebody else all the time"


class Done(StrEnum):
    """What became of one job."""

    REQUEUED = "requeued"
    DELETED = "deleted"
    GONE = "gone"
    MOVED_ON = "moved_on"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job, why if it is not what was asked, and whether RQ keeps no trace of its success."""

    done: Done
    why: str | None = None
    traceless: bool = False


def requeue(redis: "Redis", job_id: str) -> Outcome:
    """Failed becomes queued, at the end of its own queue."""

    def change(pipe: Any, origin: str) -> None:
        stamp = clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
        pipe.zrem(f"rq:failed:{origin}", member_of(job_id))
        pipe.hset(job_key(job_id), mapping={"status": "queued", "enqueued_at": stamp, "started_at": "", "ended_at": ""})
        pipe.hdel(job_key(job_id), "exc_info")
        pipe.persist(job_key(job_id))
        pipe.sadd("rq:queues", f"rq:queue:{origin}")
        pipe.rpush(f"rq:queue:{origin}", member_of(job_id))

    return _change(redis, job_id, change, Done.REQUEUED)


def delete(redis: "Redis", job_id: str) -> Outcome:
    """The job, its results and its place among the failed are gone."""

    def change(pipe: Any, origin: str) -> None:
        key = job_key(job_id)
        pipe.zrem(f"rq:failed:{origin}", member_of(job_id))
        pipe.delete(key, results_key(job_id), key + b":dependents", key + b":dependencies")

    return _change(redis, job_id, change, Done.DELETED)


def word(status: Any) -> str | None:
    """A status as a word; None where there is no job, "unreadable" where there is something else."""
    if isinstance(status, RedisError):
        return "unreadable"
    return text(status)


def _change(redis: "Redis", job_id: str, change: Callable[[Any, str], None], done: Done) -> Outcome:
    for _ in range(TRIES):
        try:
            return _once(redis, job_id, change, done)
        except WatchError:
            continue
        except ResponseError as error:
            return Outcome(Done.REFUSED, _refusal(error))
    return Outcome(Done.REFUSED, LOCKED)


def _once(redis: "Redis", job_id: str, change: Callable[[Any, str], None], done: Done) -> Outcome:
    pipe: Any
    with redis.pipeline() as pipe:
        pipe.watch(job_key(job_id))
        status, origin, ttl = pipe.hmget(job_key(job_id), ["status", "origin", "result_ttl"])
        if status is None and origin is None:
            return Outcome(Done.GONE, "Redis no longer holds this job")
        queue = text(origin) or ""
        pipe.watch(f"rq:failed:{queue}")
        if pipe.zscore(f"rq:failed:{queue}", member_of(job_id)) is None:
            return Outcome(Done.MOVED_ON, f"it is {text(status) or 'of no known state'} now, not among the failed jobs")
        pipe.multi()
        change(pipe, queue)
        pipe.execute()
    return Outcome(done, traceless=ttl == b"0")


def _refusal(error: ResponseError) -> str:
    if "WRONGTYPE" in str(error):
        return "Redis holds something else under its key"
    if "NOPERM" in str(error):
        return "the user of this broker's address may not change jobs"
    if "READONLY" in str(error):
        return "this Redis is a read-only replica"
    return "Redis refused the change"
