"""What goes wrong between PostgreSQL and Redis is put right here: silent workers, lost bells, an emptied Redis."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, cast

import structlog
from redis import Redis
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.serializers import JSONSerializer
from sqlalchemy import exists, func, insert, literal, select, update
from sqlalchemy.engine import Row

from console.infra import outbox
from console.infra.jobs import leases, run
from console.infra.jobs.leases import NOW, jobs
from console.infra.jobs.models import JobState
from console.infra.jobs.timing import Timing
from console.infra.outbox import CHANNEL, Outbox
from console.infra.queue.bells import rq_name
from console.infra.transaction import unit

# Lies in Redis as long as Redis remembers; when it is gone, so are all bells.
MEMORY: Final = "console:bells:remembered"
BATCH: Final = 1_000

log = structlog.get_logger(__name__)


class Sweeper:
    """Any number may sweep: rows are locked with SKIP LOCKED, and every repair is conditional."""

    def __init__(self, connection: "Redis", timing: Timing) -> None:
        self._redis = connection
        self._timing = timing

    def sweep(self) -> None:
        """One round. Raises `redis.RedisError` or `sqlalchemy.exc.DBAPIError` while either is away."""
        self.settle_expired()
        self.ring_all_after_loss()
        self.ring_missed()
        self.end_stubborn()

    def settle_expired(self) -> int:
        """Settle jobs whose worker died without a word; returns how many."""
        with unit() as session:
            rows = leases.expired(session)
            for row in rows:
                silent = f"The worker {row.worker} fell silent; its lease ended at {row.lease_until:%H:%M:%S} UTC."
                run.settle_row_lost(session, row, silent)
        return len(rows)

    def ring_all_after_loss(self) -> int:
        """When Redis has come back empty, ring every waiting job again; returns how many."""
        if self._redis.exists(MEMORY):
            return 0
        with unit() as session:
            waiting = _without_bell(
                select(jobs.c.id, NOW).where(jobs.c.state == JobState.REQUESTED, jobs.c.run_at <= NOW)
            )
            found = session.execute(
                insert(Outbox).from_select(["job_id", "due_at"], waiting).returning(Outbox.id)
            ).all()
            session.execute(select(func.pg_notify(CHANNEL, "")))
        self._redis.set(MEMORY, "1")
        if found:
            log.warning("redis_forgot_its_bells", rung_again=len(found))
        return len(found)

    def ring_missed(self) -> int:
        """Ring again what is due for a while and has no bell in Redis; returns how many."""
        patience = NOW - timedelta(seconds=self._timing.missed_bell)
        late = select(jobs.c.id, jobs.c.queue).where(
            jobs.c.state == JobState.REQUESTED,
            jobs.c.run_at < patience,
            func.coalesce(jobs.c.rung_at, jobs.c.run_at) < patience,
        )
        with unit() as session:
            query = _without_bell(late).order_by(jobs.c.run_at).limit(BATCH).with_for_update(skip_locked=True)
            rows = session.execute(query).all()
            missed = self._without_bell_in_redis(rows)
            ids = [row.id for row in rows]
            session.execute(update(jobs).where(jobs.c.id.in_(ids)).values(rung_at=NOW))
            outbox.put(session, missed)
        if missed:
            log.warning("bells_rung_again", count=len(missed))
        return len(missed)

    def end_stubborn(self) -> int:
        """Have RQ kill the work-horse of jobs that were asked to stop and do not; returns how many."""
        patience = NOW - timedelta(seconds=self._timing.grace)
        with unit() as session:
            running = select(jobs.c.id).where(jobs.c.state == JobState.RUNNING, jobs.c.queue != literal("fast"))
            ids = session.scalars(running.where(jobs.c.cancel_requested_at < patience)).all()
        for job_id in ids:
            try:
                send_stop_job_command(self._redis, str(job_id), serializer=JSONSerializer)
            except (NoSuchJobError, InvalidJobOperation):
                # Its worker is gone; the lease settles it.
                continue
        return len(ids)

    def _without_bell_in_redis(self, rows: Sequence[Row[Any]]) -> list[uuid.UUID]:
        missed: list[uuid.UUID] = []
        for queue in sorted({row.queue for row in rows}):
            mine = [row.id for row in rows if row.queue == queue]
            items = cast("list[bytes]", self._redis.lrange(f"rq:queue:{rq_name(queue)}", 0, -1))
            standing = {item.decode() for item in items}
            with self._redis.pipeline(transaction=False) as pipe:
                for job_id in mine:
                    pipe.exists(f"rq:job:{job_id}")
                hashes = pipe.execute()
            missed += [i for i, known in zip(mine, hashes, strict=True) if not known or str(i) not in standing]
        return missed


def _without_bell(query: Any) -> Any:
    return query.where(~exists().where(Outbox.job_id == jobs.c.id))
