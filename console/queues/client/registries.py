"""RQ as others use it, on our Redis or on theirs: what failed there, who works, and asking for another try.

Nothing here loads a payload: RQ's own serializer is pickle, and unpickling what lies in Redis runs it. Hashes are read
field by field, and no value of somebody else's is trusted to be of the form it should have.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, cast

import structlog
from redis import Redis
from rq.job import Job as RqJob
from rq.registry import StartedJobRegistry

from console.infra.queue import PREFIX
from console.queues.client import attempts, moves
from console.queues.client.reading import (
    CHUNK,
    Entry,
    entries_of,
    is_hashed,
    job_key,
    member_of,
    number,
    read_failures,
    text_of,
)
from console.queues.rules import RqAttempt, RqFailure, parse_time

# What RQ itself may stumble over when it restores a job that is no longer what it was.
GARBAGE: Final = (ValueError, TypeError, KeyError, AttributeError, zlib.error)

# Longer names of queues are no names.
LONGEST_NAME: Final = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker as it last told of itself."""

    name: str
    queues: tuple[str, ...]
    state: str
    current_job: str | None
    host: str
    pid: int | None
    last_heartbeat: datetime | None
    born_at: datetime | None
    succeeded: int
    failed: int

    @property
    def ours(self) -> bool:
        """Whether it works on queues of the console; what another runs has no page here."""
        return all(name.startswith(PREFIX) for name in self.queues)

    @property
    def shown_queues(self) -> list[str]:
        """Our queues by the names the pages use, others' as they are."""
        return [name.removeprefix(PREFIX) for name in self.queues]


class Registries(Protocol):
    """What the follower, the retry and the page ask of a Redis that RQ uses."""

    def queues(self) -> list[str]: ...
    def abandon(self, queue: str) -> None: ...
    def size(self, queue: str) -> int: ...
    def newest(self, queue: str) -> tuple[Entry, ...]: ...
    def above(self, queue: str, score: float, *, offset: int, limit: int) -> list[Entry]: ...
    def every(self, queue: str) -> Iterator[list[Entry]]: ...
    def failures(self, queue: str, entries: Sequence[Entry]) -> list[RqFailure]: ...
    def attempts(self, queue: str, looked: attempts.Looked) -> list[RqAttempt]: ...
    def gone(self, queue: str, job_ids: Sequence[str]) -> list[str]: ...
    def requeue(self, job_id: str) -> moves.Outcome: ...
    def delete(self, job_id: str) -> moves.Outcome: ...
    def states(self, job_ids: Sequence[str]) -> dict[str, str | None]: ...
    def workers(self) -> list[WorkerSeen]: ...


class Raw:
    """A serializer that leaves bytes as they are, so that RQ may move a job without anybody reading it."""

    @staticmethod
    def loads(data: bytes) -> Any:
        """The bytes."""
        return data

    @staticmethod
    def dumps(value: Any) -> bytes:
        """The bytes."""
        return value if isinstance(value, bytes) else b""


class ForeignJob(RqJob):
    """A job of somebody else: moved between registries, never run, its callbacks never imported here."""

    def execute_failure_callback(self, *_args: Any, **_kwargs: Any) -> None:
        """The function lives in the other service; calling it is not ours."""


class RqRegistries:
    """RQ's registries in one Redis. All methods raise `redis.RedisError` while it is away."""

    def __init__(self, connection: "Redis") -> None:
        self._redis = connection

    def queues(self) -> list[str]:
        """Names of all queues RQ knows, sorted."""
        found = cast("set[bytes]", self._redis.smembers("rq:queues"))
        return sorted(text_of(name).removeprefix("rq:queue:") for name in found if len(name) <= LONGEST_NAME)

    def abandon(self, queue: str) -> None:
        """Let RQ move jobs whose worker is gone to the failed registry, or back to the queue if they may retry."""
        try:
            StartedJobRegistry(queue, connection=self._redis, job_class=ForeignJob, serializer=Raw()).cleanup()
        except GARBAGE as error:
            log.warning("started_job_unreadable", queue=queue, error=str(error)[:200])

    def size(self, queue: str) -> int:
        """How many jobs the failed registry holds."""
        return cast("int", self._redis.zcard(_failed(queue)))

    def newest(self, queue: str) -> tuple[Entry, ...]:
        """The two entries with the highest scores: they change with nearly every failure."""
        return tuple(entries_of(self._redis.zrange(_failed(queue), -2, -1, withscores=True)))

    def above(self, queue: str, score: float, *, offset: int, limit: int) -> list[Entry]:
        """Entries from `score` on, ascending, without the first `offset`."""
        return entries_of(self._redis.zrangebyscore(_failed(queue), score, "+inf", offset, limit, withscores=True))

    def every(self, queue: str) -> Iterator[list[Entry]]:
        """All entries, in chunks; one that comes or goes meanwhile may be missed, one may come twice."""
        cursor = 0
        while True:
            cursor, found = cast("tuple[int, Any]", self._redis.zscan(_failed(queue), cursor, count=CHUNK))
            yield entries_of(found)
            if cursor == 0:
                return

    def failures(self, queue: str, entries: Sequence[Entry]) -> list[RqFailure]:
        """What is known of these entries; those whose job has expired in Redis are left out."""
        return read_failures(self._redis, queue, entries)

    def attempts(self, queue: str, looked: attempts.Looked) -> list[RqAttempt]:
        """Attempts that failed and that RQ makes again, as far as they can be seen now; see `client/attempts.py`."""
        return attempts.read_attempts(self._redis, queue, looked)

    def gone(self, queue: str, job_ids: Sequence[str]) -> list[str]:
        """Those of the ids that are no longer in the failed registry; of what does not lead back that is not known."""
        job_ids = [job_id for job_id in job_ids if not is_hashed(job_id)]
        members = cast("list[str]", [member_of(job_id) for job_id in job_ids])
        scores = cast("list[float | None]", self._redis.zmscore(_failed(queue), members)) if members else []
        return [job_id for job_id, score in zip(job_ids, scores, strict=True) if score is None]

    def requeue(self, job_id: str) -> moves.Outcome:
        """Put a failed job back into its queue: of any number who ask, one does."""
        return moves.requeue(self._redis, job_id)

    def delete(self, job_id: str) -> moves.Outcome:
        """Delete a failed job and what RQ keeps of it; never one that waits or runs."""
        return moves.delete(self._redis, job_id)

    def states(self, job_ids: Sequence[str]) -> dict[str, str | None]:
        """RQ's status word of each job, None for one that Redis no longer holds."""
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(job_key(job_id), "status")
            found = pipe.execute(raise_on_error=False)
        return {job_id: moves.word(status) for job_id, status in zip(job_ids, found, strict=True)}

    def workers(self) -> list[WorkerSeen]:
        """Workers that told of themselves and have not said good-bye, by name."""
        keys = sorted(cast("set[bytes]", self._redis.smembers("rq:workers")))
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hgetall(key.decode())
            rows = pipe.execute()
        return [_worker(key, row) for key, row in zip(keys, rows, strict=True) if row and b"death" not in row]


def _failed(queue: str) -> str:
    return f"rq:failed:{queue}"


def _worker(key: bytes, row: dict[bytes, bytes]) -> WorkerSeen:
    told = {name.decode(): value.decode(errors="replace") for name, value in row.items()}
    return WorkerSeen(
        name=key.decode(errors="replace").removeprefix("rq:worker:"),
        queues=tuple(filter(None, told.get("queues", "").split(","))),
        state=told.get("state", "?"),
        current_job=told.get("current_job"),
        host=told.get("hostname", ""),
        pid=number(row.get(b"pid")),
        last_heartbeat=parse_time(told.get("last_heartbeat")),
        born_at=parse_time(told.get("birth")),
        succeeded=number(row.get(b"successful_job_count")) or 0,
        failed=number(row.get(b"failed_job_count")) or 0,
    )
