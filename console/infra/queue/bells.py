"""What lies in Redis for each waiting job, and what a worker makes of it."""

import uuid
from collections.abc import Sequence
from typing import Any, Final, cast

from redis import Redis
from rq import Queue
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from console.infra.jobs import run
from console.infra.outbox import Bell as Row

QUEUES: Final = ("fast", "default", "long")
PREFIX: Final = "console-"
# A refused bell stays this long in Redis, in seconds, so that it is seen.
REFUSED_TTL: Final = 86_400


class Refused(Exception):
    """Something lies in our queue that is no request of ours; it was not executed."""


def rq_name(queue: str) -> str:
    """The name in Redis of "fast", "default" or "long"."""
    return PREFIX + queue


class Bell(RqJob):
    """An RQ job that can only do one thing: run the row with its own id.

    Whoever can write to Redis can write any function name, pickle, callback or webhook into a job's hash. None of it is
    read here: the payload is never loaded, callbacks are never imported, webhooks never called.
    """

    def perform(self) -> Any:
        """Claim, run and settle the row; raises Refused when there is none."""
        try:
            run.perform(_row_id(self.id), worker=self.worker_name or "")
        except run.NoSuchRow as unknown:
            raise Refused(
                f"RQ job {self.id} ({self.description}) was not requested through the console and was not executed"
            ) from unknown

    @property
    def success_callback(self) -> None:
        """Never any."""

    @property
    def failure_callback(self) -> None:
        """Never any."""

    @property
    def stopped_callback(self) -> None:
        """Never any."""

    def send_webhooks(self, *_args: Any, **_kwargs: Any) -> None:
        """Never any."""


class Doorbell:
    """Rings bells: enqueues each row once under its own id."""

    def __init__(self, connection: "Redis") -> None:
        self._connection = connection
        self._queues = {
            name: Queue(rq_name(name), connection=connection, serializer=JSONSerializer, job_class=Bell)
            for name in QUEUES
        }
        # Bells that were found standing outside their queue, until they are looked at again: a second later.
        self._seen: set[uuid.UUID] = set()

    def ring(self, bells: Sequence[Row]) -> list[uuid.UUID]:
        """Enqueue the rows; returns those that RQ is still busy with, to be rung a second later.

        Two trips to Redis for all. Two dispatchers that hold bells of one row at the same moment may both ring: the
        row's claim sorts that out. Raises `redis.RedisError` while Redis is away; what was rung before that may be
        rung again.
        """
        rows = list({bell.job_id: bell for bell in bells}.values())
        fresh: list[Row] = []
        busy: list[uuid.UUID] = []
        for row, known in zip(rows, self._known(rows), strict=True):
            if not known:
                fresh.append(row)
            elif self._connection.lpos(self._queues[row.queue].key, str(row.job_id)) is not None:
                continue
            elif row.job_id in self._seen:
                forget(self._connection, self._queues[row.queue].key, str(row.job_id))
                fresh.append(row)
            else:
                # RQ is closing its books on the attempt before, or a worker has just taken the bell.
                busy.append(row.job_id)
        self._enqueue(fresh)
        # Others are rung in between.
        self._seen = self._seen.difference(row.job_id for row in rows).union(busy)
        return busy

    def _known(self, rows: Sequence[Row]) -> list[bool]:
        """Whether RQ has a job of each row."""
        with self._connection.pipeline(transaction=False) as pipe:
            for row in rows:
                pipe.exists(Bell.key_for(str(row.job_id)))
            return [bool(found) for found in pipe.execute()]

    def _enqueue(self, rows: Sequence[Row]) -> None:
        with self._connection.pipeline() as pipe:
            for row in rows:
                self._queues[row.queue].enqueue_job(self._bell(row), pipeline=pipe)
            pipe.execute()

    def _bell(self, bell: Row) -> Bell:
        return cast(
            "Bell",
            Bell.create(
                bell.name,
                id=str(bell.job_id),
                connection=self._connection,
                timeout=bell.timeout,
                result_ttl=0,
                failure_ttl=REFUSED_TTL,
                description=bell.name,
                serializer=JSONSerializer,
            ),
        )


def _row_id(rq_id: str) -> uuid.UUID:
    try:
        return uuid.UUID(rq_id)
    except ValueError:
        raise run.NoSuchRow(f"{rq_id} is no job's id") from None


def forget(connection: "Redis", queue_key: str, job_id: str) -> None:
    """Remove what an ended or lost attempt left in Redis, so that `unique` lets the next bell in."""
    queue = queue_key.removeprefix("rq:queue:")
    with connection.pipeline() as pipe:
        pipe.delete(f"rq:job:{job_id}", f"rq:results:{job_id}", f"rq:executions:{job_id}")
        pipe.zrem(f"rq:failed:{queue}", job_id)
        pipe.lrem(f"{queue_key}:intermediate", 0, job_id)
        pipe.execute()
