"""A page of a failed registry: a slice by rank, and the fields of its jobs, however many failed."""

from dataclasses import dataclass, replace
from typing import Final, cast

from redis import Redis

from console.infra.paging import Page, decode, encode
from console.infra.scrub import scrub_text
from console.queues.client.look.values import pairs
from console.queues.client.reading import Entry, entries_of
from console.queues.client.registries import RqRegistries
from console.queues.rules import RqFailure, Told, read_error

LIMIT: Final = 50


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job in a failed registry; `failure` None when Redis holds no more than its id."""

    job_id: str
    failure: RqFailure | None
    error: Told | None


@dataclass(frozen=True, slots=True)
class FailedPage:
    """Some of them, and how many there are in all."""

    page: Page[FailedJob]
    count: int


def failed_jobs(redis: "Redis", queue: str, *, limit: int = LIMIT, cursor: str | None = None) -> FailedPage:
    """Those that RQ keeps longest first, which are the newest where all are kept equally long.

    Raises `redis.RedisError`, and Invalid for a bad cursor. Of what left the registry meanwhile nothing is shown twice.
    """
    key = f"rq:failed:{queue}"
    start = _start(redis, key, *decode(cursor, str, str)) if cursor else 0
    with redis.pipeline(transaction=False) as pipe:
        pipe.zcard(key)
        pipe.zrevrange(key, start, start + limit, withscores=True)
        count, found = pipe.execute()
    entries = entries_of(pairs(found))
    shown = entries[:limit]
    more = encode(shown[-1].job_id, repr(shown[-1].score)) if len(entries) > limit else None
    return FailedPage(Page(_jobs(redis, queue, shown), more), count)


def _start(redis: "Redis", key: str, job_id: str, score: str) -> int:
    """The rank behind the last job shown, or behind where it stood when it has left.

    Entries of one score stand in the order of their names, backwards: its place among them is found by halves.
    """
    rank = cast("int | None", redis.zrevrank(key, job_id))
    if rank is not None:
        return rank + 1
    at, wanted = _number(score), job_id.encode()
    low = cast("int", redis.zcount(key, f"({at}", "+inf"))
    high = low + cast("int", redis.zcount(key, at, at))
    while low < high:
        middle = (low + high) // 2
        found = cast("list[bytes]", redis.zrevrange(key, middle, middle))
        low, high = (middle + 1, high) if found and found[0] > wanted else (low, middle)
    return low


def _number(score: str) -> float:
    try:
        return float(score)
    except ValueError:
        return 0.0


def _jobs(redis: "Redis", queue: str, entries: list[Entry]) -> list[FailedJob]:
    known = {one.job_id: one for one in RqRegistries(redis).failures(queue, entries)} if entries else {}
    found = []
    for entry in entries:
        failure = known.get(entry.job_id)
        found.append(FailedJob(entry.job_id, failure, _error(failure) if failure else None))
    return found


def _error(failure: RqFailure) -> Told:
    error = read_error(failure.traceback)
    return replace(error, message=scrub_text(error.message))
