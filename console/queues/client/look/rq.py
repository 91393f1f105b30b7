"""Looking at RQ: four round trips, bounded in what they read."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from redis import Redis

from console.queues.client.look.registers import Register, lost_jobs, read_register
from console.queues.client.look.timetable import schedules
from console.queues.client.look.values import number, pipe_of, text
from console.queues.rules import parse_call, parse_time
from console.queues.rules.samples import QueueSeen, Sample, WorkerNow, per_minute

MAX_QUEUES: Final = 100
MAX_WORKERS: Final = 200
# RQ forgets finished jobs after 500 s by default: within this span all of them are still there.
WINDOW: Final = timedelta(minutes=5)
WORKER: Final = "rq:worker:"
WORKER_FIELDS: Final = (
    "queues", "state", "current_job", "hostname", "pid", "last_heartbeat", "successful_job_count", "failed_job_count",
    "death",
)  # fmt: skip


def look_at_rq(redis: "Redis", wanted: Sequence[str] = ()) -> Sample:
    """What RQ tells of `wanted` queues, or of all. Raises `redis.RedisError`."""
    info, clock, known, names = pipe_of(
        redis, ("INFO", "server"), ("TIME",), ("SMEMBERS", "rq:queues"), ("SMEMBERS", "rq:workers")
    )
    now = datetime.fromtimestamp(int(clock[0]), UTC)
    queues = sorted(wanted) or sorted(text(key).removeprefix("rq:queue:") for key in known)
    workers = _workers(redis, sorted(text(key) for key in names)[:MAX_WORKERS])
    registers = [read_register(redis, name) for name in queues[:MAX_QUEUES]]
    seen = _queues(redis, registers, workers, now)
    return Sample(
        at=now,
        version=str(cast("dict[str, Any]", info).get("redis_version", "")),
        queues=seen,
        more_queues=max(0, len(queues) - MAX_QUEUES),
        workers=workers,
        more_workers=max(0, len(names) - MAX_WORKERS),
        schedules=schedules(redis, registers),
        lost=lost_jobs(redis, registers, {one.name for one in workers if not one.stale(now)}, now),
    )


def _workers(redis: "Redis", keys: Sequence[str]) -> list[WorkerNow]:
    rows = pipe_of(redis, *(("HMGET", key, *WORKER_FIELDS) for key in keys))
    told = [(key, dict(zip(WORKER_FIELDS, row, strict=True))) for key, row in zip(keys, rows, strict=True)]
    alive = [(key, row) for key, row in told if not row["death"]]
    jobs = [text(row["current_job"]) for _, row in alive]
    tasks = pipe_of(redis, *(("HGET", f"rq:job:{job}", "description") for job in jobs))
    return [_worker(key, row, task) for (key, row), task in zip(alive, tasks, strict=True)]


def _worker(key: str, row: dict[str, Any], task: Any) -> WorkerNow:
    return WorkerNow(
        name=key.removeprefix(WORKER),
        queues=tuple(filter(None, text(row["queues"]).split(","))),
        state=text(row["state"]),
        current_job=text(row["current_job"]) or None,
        task=parse_call(text(task))[0] if task else None,
        host=text(row["hostname"]),
        pid=number(row["pid"]),
        heartbeat=parse_time(text(row["last_heartbeat"])),
        succeeded=number(row["successful_job_count"]) or 0,
        failed=number(row["failed_job_count"]) or 0,
        # Its hash has run out while its name stays until RQ cleans up.
        gone=not row["last_heartbeat"] and not row["queues"],
    )


def _queues(
    redis: "Redis", registers: Sequence[Register], workers: Sequence[WorkerNow], now: datetime
) -> list[QueueSeen]:
    heads = [register.head or "" for register in registers]
    ages = pipe_of(redis, *(("HGET", f"rq:job:{head}", "enqueued_at") for head in heads))
    ends = [_ends(redis, register) for register in registers]
    return [
        _queue(register, parse_time(text(age)), finished, failed, workers, now)
        for register, age, (finished, failed) in zip(registers, ages, ends, strict=True)
    ]


def _ends(redis: "Redis", register: Register) -> tuple[list[datetime], list[datetime]]:
    """When the newest finished and failed jobs of a queue ended, as far as they are still there."""
    ids = [*register.finished, *register.failed]
    found = [parse_time(text(at)) for at in pipe_of(redis, *(("HGET", f"rq:job:{i}", "ended_at") for i in ids))]
    cut = len(register.finished)
    return [at for at in found[:cut] if at], [at for at in found[cut:] if at]


def _queue(
    register: Register, oldest: datetime | None, finished: Sequence[datetime], failed: Sequence[datetime],
    workers: Sequence[WorkerNow], now: datetime,
) -> QueueSeen:  # fmt: skip
    mine = [one for one in workers if register.name in one.queues and not one.gone]
    failed_rate, more = _rate(failed, now, capped=register.capped_failed)
    done_rate, more_done = _rate(finished, now, capped=register.capped_finished)
    # A queue whose jobs leave no result tells nothing: then only the workers' counters can say that nothing ended.
    known = bool(finished or failed_rate)
    return QueueSeen(
        name=register.name,
        waiting=register.waiting,
        oldest_at=oldest,
        running=register.running,
        later=register.later,
        failed=register.failed_count,
        out_rate=round(done_rate + failed_rate, 2) if known else None,
        failed_rate=failed_rate,
        at_least=more or more_done,
        ended=sum((one.succeeded or 0) + (one.failed or 0) for one in mine) if mine else None,
    )


def _rate(ends: Sequence[datetime], now: datetime, *, capped: bool) -> tuple[float, bool]:
    """Jobs a minute; with True when all that were read lie in the window, so that there may be more."""
    recent = [at for at in ends if now - at <= WINDOW]
    if capped and len(recent) == len(ends) and recent:
        return per_minute(len(recent), max(now - min(recent), timedelta(seconds=1))), True
    return per_minute(len(recent), WINDOW), False
