"""RQ as others use it on our Redis: what failed there, who works, and asking for another try.

Nothing here loads a payload: RQ's own serializer is pickle, and unpickling what lies in Redis runs it. Hashes are read
field by field; what is written back is written as it was found.
"""

import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol, cast

from redis import Redis
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job as RqJob
from rq.registry import FailedJobRegistry, StartedJobRegistry

from console.infra.queue import PREFIX
from console.queues.rules import RqFailure, parse_call, parse_time

CHUNK: Final = 1_000
FIELDS: Final = (
    "status", "description", "origin", "exc_info", "ended_at", "worker_name", "number_of_retries", "retries_left",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of a failed registry. `score` is when RQ forgets it (Unix seconds), -1 for never."""

    job_id: str
    score: float


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
    def gone(self, queue: str, job_ids: Sequence[str]) -> list[str]: ...
    def requeue(self, job_id: str) -> str | None: ...
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
        return sorted(name.decode(errors="replace").removeprefix("rq:queue:") for name in found)

    def abandon(self, queue: str) -> None:
        """Let RQ move jobs whose worker is gone to the failed registry, or back to the queue if they may retry."""
        StartedJobRegistry(queue, connection=self._redis, job_class=ForeignJob, serializer=Raw()).cleanup()

    def size(self, queue: str) -> int:
        """How many jobs the failed registry holds."""
        return cast("int", self._redis.zcard(_failed(queue)))

    def newest(self, queue: str) -> tuple[Entry, ...]:
        """The two entries with the highest scores: they change with nearly every failure."""
        return tuple(_entries(self._redis.zrange(_failed(queue), -2, -1, withscores=True)))

    def above(self, queue: str, score: float, *, offset: int, limit: int) -> list[Entry]:
        """Entries from `score` on, ascending, without the first `offset`."""
        return _entries(self._redis.zrangebyscore(_failed(queue), score, "+inf", offset, limit, withscores=True))

    def every(self, queue: str) -> Iterator[list[Entry]]:
        """All entries, in chunks; one that comes or goes meanwhile may be missed, one may come twice."""
        cursor = 0
        while True:
            cursor, found = cast("tuple[int, Any]", self._redis.zscan(_failed(queue), cursor, count=CHUNK))
            yield _entries(found)
            if cursor == 0:
                return

    def failures(self, queue: str, entries: Sequence[Entry]) -> list[RqFailure]:
        """What is known of these entries; those whose job has expired in Redis are left out."""
        with self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.hmget(f"rq:job:{entry.job_id}", list(FIELDS))
                pipe.xrevrange(f"rq:results:{entry.job_id}", count=1)
            answers = pipe.execute()
        pairs = zip(answers[::2], answers[1::2], strict=True)
        told = (
            _failure(queue, e, dict(zip(FIELDS, f, strict=True)), r) for e, (f, r) in zip(entries, pairs, strict=True)
        )
        return [failure for failure in told if failure is not None]

    def gone(self, queue: str, job_ids: Sequence[str]) -> list[str]:
        """Those of the ids that are no longer in the failed registry."""
        scores = cast("list[float | None]", self._redis.zmscore(_failed(queue), list(job_ids))) if job_ids else []
        return [job_id for job_id, score in zip(job_ids, scores, strict=True) if score is None]

    def requeue(self, job_id: str) -> str | None:
        """Put a failed job back into its queue; returns None, or why not: two who ask start one run."""
        try:
            job = ForeignJob.fetch(job_id, connection=self._redis, serializer=Raw())
            FailedJobRegistry(job.origin, connection=self._redis, job_class=ForeignJob, serializer=Raw()).requeue(job)
        except NoSuchJobError:
            return "Redis no longer holds this job"
        except InvalidJobOperation:
            return "it is not among the failed jobs any more: somebody retried or removed it"
        return None

    def states(self, job_ids: Sequence[str]) -> dict[str, str | None]:
        """RQ's status word of each job, None for one that Redis no longer holds."""
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(f"rq:job:{job_id}", "status")
            found = pipe.execute()
        return {job_id: _text(status) for job_id, status in zip(job_ids, found, strict=True)}

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


def _entries(found: Any) -> list[Entry]:
    return [Entry(member.decode(errors="replace"), float(score)) for member, score in found]


def _failure(queue: str, entry: Entry, fields: dict[str, bytes | None], results: Any) -> RqFailure | None:
    if fields["description"] is None and fields["status"] is None:
        return None
    result = results[0] if results else None
    stamp, payload = (result[0].decode(), result[1]) if result else ("", {})
    task, args = parse_call(_text(fields["description"]) or "")
    retries = _number(fields["number_of_retries"])
    return RqFailure(
        job_id=entry.job_id,
        queue=_text(fields["origin"]) or queue,
        task=task,
        args=args,
        traceback=_inflate(payload.get(b"exc_string"), packed=True) or _inflate(fields["exc_info"], packed=False) or "",
        execution=_text(payload.get(b"execution_id")) or stamp or (_text(fields["ended_at"]) or str(entry.score)),
        ended_at=parse_time(_text(fields["ended_at"])) or _stream_time(stamp),
        worker=_text(payload.get(b"worker_name")) or _text(fields["worker_name"]),
        retries=retries,
        max_retries=None if retries is None else retries + (_number(fields["retries_left"]) or 0),
    )


def _worker(key: bytes, row: dict[bytes, bytes]) -> WorkerSeen:
    told = {name.decode(): value.decode(errors="replace") for name, value in row.items()}
    return WorkerSeen(
        name=key.decode(errors="replace").removeprefix("rq:worker:"),
        queues=tuple(filter(None, told.get("queues", "").split(","))),
        state=told.get("state", "?"),
        current_job=told.get("current_job"),
        host=told.get("hostname", ""),
        pid=_number(row.get(b"pid")),
        last_heartbeat=parse_time(told.get("last_heartbeat")),
        born_at=parse_time(told.get("birth")),
        succeeded=_number(row.get(b"successful_job_count")) or 0,
        failed=_number(row.get(b"failed_job_count")) or 0,
    )


def _text(value: bytes | None) -> str | None:
    return value.decode(errors="replace") if value else None


def _number(value: bytes | None) -> int | None:
    return int(value) if value and value.isdigit() else None


def _inflate(value: bytes | None, *, packed: bool) -> str | None:
    if not value:
        return None
    try:
        return zlib.decompress(b64decode(value) if packed else value).decode(errors="replace")
    except (zlib.error, Base64Error, ValueError):
        return value.decode(errors="replace")


def _stream_time(stamp: str) -> datetime | None:
    milliseconds = stamp.partition("-")[0]
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds.isdigit() else None
