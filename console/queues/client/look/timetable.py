"""What comes by the clock in RQ: `rq cron`, rq-scheduler, and the nearest scheduled jobs."""

import json
from collections.abc import Sequence
from typing import Any, Final

from redis import Redis

from console.queues.client.look.registers import Register
from console.queues.client.look.values import instant, pairs, pipe_of, text
from console.queues.rules import parse_call, parse_time
from console.queues.rules.samples import ScheduleSeen

MOST: Final = 50
NEAREST: Final = 10
CRON: Final = "rq cron"
# The package of that name keeps its jobs in one sorted set by their next time.
SCHEDULER: Final = "rq-scheduler"
SCHEDULER_KEY: Final = "rq:scheduler:scheduled_jobs"


def schedules(redis: "Redis", registers: Sequence[Register]) -> list[ScheduleSeen]:
    """All of them, what comes next first. Raises `redis.RedisError`."""
    keepers, listed = pipe_of(
        redis, ("ZRANGE", "rq:cron_schedulers", 0, 9), ("ZRANGE", SCHEDULER_KEY, 0, MOST - 1, "WITHSCORES")
    )
    rows = pipe_of(redis, *(("HGET", f"rq:cron_scheduler:{text(name)}", "cron_jobs") for name in keepers))
    found = [line for row in rows for line in _cron(text(row))]
    found += _listed(redis, SCHEDULER, [(text(job), float(score)) for job, score in pairs(listed)])
    once = [entry for register in registers for entry in register.scheduled]
    found += _listed(redis, "scheduled once", sorted(once, key=lambda entry: entry[1])[:NEAREST])
    return sorted(found, key=lambda line: (line.next_at is None, line.next_at and line.next_at.timestamp()))[:MOST]


def _cron(kept: str) -> list[ScheduleSeen]:
    try:
        rows = json.loads(kept) if kept else []
    except ValueError:
        return []
    return [_cron_line(row) for row in rows if isinstance(row, dict)]


def _cron_line(row: dict[str, Any]) -> ScheduleSeen:
    return ScheduleSeen(
        name=str(row.get("name") or row.get("func_name") or "unknown")[:200],
        keeper=CRON,
        rhythm=f"cron {row['cron']}" if row.get("cron") else f"every {row.get('interval')} s",
        queue=str(row.get("queue_name") or "") or None,
        last_at=parse_time(row.get("latest_enqueue_time")),
        next_at=parse_time(row.get("next_enqueue_time")),
    )


def _listed(redis: "Redis", keeper: str, entries: Sequence[tuple[str, float]]) -> list[ScheduleSeen]:
    rows = pipe_of(redis, *(("HMGET", f"rq:job:{job}", "description", "origin") for job, _ in entries))
    return [
        ScheduleSeen(parse_call(text(row[0]))[0], keeper, queue=text(row[1]) or None, next_at=instant(score))
        for (_, score), row in zip(entries, rows, strict=True)
    ]
