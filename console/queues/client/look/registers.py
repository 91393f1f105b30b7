"""What RQ keeps of one queue, read with caps, and the jobs in it whose worker is gone."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from redis import Redis

from console.queues.client.look.values import instant, number, pairs, pipe_of, text
from console.queues.rules import parse_call, parse_time
from console.queues.rules.samples import LostJob

NEWEST: Final = 200
MAX_STARTED: Final = 50
MAX_LOST: Final = 50
STARTED_FIELDS: Final = ("description", "worker_name", "started_at", "retries_left")


@dataclass(frozen=True, slots=True)
class Register:
    """The state of one queue. `finished`, `failed` are ids, newest first; `started` are (job, execution, expires)."""

    name: str
    waiting: int
    head: str | None
    running: int
    later: int
    failed_count: int
    finished_count: int
    finished: Sequence[str]
    failed: Sequence[str]
    started: Sequence[tuple[str, str, float]]
    scheduled: Sequence[tuple[str, float]]

    @property
    def capped_finished(self) -> bool:
        """Whether there are more than were read."""
        return self.finished_count > len(self.finished)

    @property
    def capped_failed(self) -> bool:
        """Whether there are more than were read."""
        return self.failed_count > len(self.failed)


def read_register(redis: "Redis", name: str) -> Register:
    """One round trip; every answer is a count or a slice of fixed length. Raises `redis.RedisError`."""
    wip, failed, done, later, waits = (
        f"rq:{part}:{name}" for part in ("wip", "failed", "finished", "scheduled", "deferred")
    )
    found = pipe_of(
        redis,
        ("LLEN", f"rq:queue:{name}"),
        ("LINDEX", f"rq:queue:{name}", 0),
        *(("ZCARD", key) for key in (wip, failed, done, later, waits)),
        ("ZREVRANGE", done, 0, NEWEST - 1),
        ("ZREVRANGE", failed, 0, NEWEST - 1),
        ("ZRANGE", wip, 0, MAX_STARTED - 1, "WITHSCORES"),
        ("ZRANGE", later, 0, 9, "WITHSCORES"),
    )  # fmt: skip
    return Register(
        name=name,
        waiting=found[0],
        head=text(found[1]) or None,
        running=found[2],
        failed_count=found[3],
        finished_count=found[4],
        later=found[5] + found[6],
        finished=[text(one) for one in found[7]],
        failed=[text(one) for one in found[8]],
        started=[(*_parts(text(member)), float(score)) for member, score in pairs(found[9])],
        scheduled=[(text(member), float(score)) for member, score in pairs(found[10])],
    )


def lost_jobs(redis: "Redis", registers: Sequence[Register], alive: AbstractSet[str], now: datetime) -> list[LostJob]:
    """Jobs that count as started although their worker shows no sign of life."""
    started = [(register.name, *entry) for register in registers for entry in register.started]
    rows = pipe_of(redis, *(("HMGET", f"rq:job:{job}", *STARTED_FIELDS) for _, job, _, _ in started))
    runs = pipe_of(redis, *(("HGET", f"rq:execution:{job}:{run}", "worker_name") for _, job, run, _ in started))
    lost = []
    for (queue, job, _, expires), row, run in zip(started, rows, runs, strict=True):
        worker = text(run) or text(row[1])
        if worker not in alive:
            lost.append(_lost(queue, job, worker, expires, row, now))
    return lost[:MAX_LOST]


def _lost(queue: str, job: str, worker: str, expires: float, row: Sequence[Any], now: datetime) -> LostJob:
    return LostJob(
        job_id=job,
        queue=queue,
        task=parse_call(text(row[0]))[0],
        worker=worker or "unknown",
        started_at=parse_time(text(row[2])),
        fate=_fate(number(row[3]) or 0, instant(expires), now),
    )


def _fate(retries: int, expires: datetime | None, now: datetime) -> str:
    if expires is None:
        return "RQ keeps it as started for ever: it has no time-out."
    end = (
        f"back into its queue, {retries} more {'try' if retries == 1 else 'tries'} left"
        if retries
        else "to the failed jobs"
    )
    if expires > now:
        return f"RQ waits for its worker until {expires:%H:%M:%S} UTC, then moves it {end}."
    return f"The next worker that cleans up moves it {end}."


def _parts(member: str) -> tuple[str, str]:
    job, _, run = member.partition(":")
    return job, run
