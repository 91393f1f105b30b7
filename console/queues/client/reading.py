"""What lies in somebody else's Redis, read with suspicion: keys of another type, text that is none, packed giants."""

import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from redis import Redis, RedisError

from console.queues.rules import RqFailure, parse_call, parse_time, retries_of

CHUNK: Final = 1_000
FIELDS: Final = (
    "status", "description", "origin", "exc_info", "ended_at", "worker_name", "number_of_retries", "retries_left",
    "retry_intervals",
)  # fmt: skip
# An id that PostgreSQL cannot hold as text is told by its bytes; one too long for an index by its hash.
ODD: Final = "0x"
HASHED: Final = "#"
LONGEST_ID: Final = 500
# A traceback of this many bytes is kept by its head; packed text may unpack to a thousand times its size.
LONGEST_TEXT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of a failed registry. `score` is when RQ forgets it (Unix seconds), -1 for never."""

    job_id: str
    score: float


def name_of(member: bytes) -> str:
    """A job's id as text; `member_of` leads back."""
    if len(member) > LONGEST_ID:
        return HASHED + blake2b(member, digest_size=16).hexdigest()
    try:
        found = member.decode()
    except UnicodeDecodeError:
        return ODD + member.hex()
    return ODD + member.hex() if "\0" in found or found.startswith(ODD) else found


def is_hashed(job_id: str) -> bool:
    """Whether this is the hash of an id too long to be kept: it does not lead back."""
    return job_id.startswith(HASHED) and len(job_id) == len(HASHED) + 32


def member_of(job_id: str) -> bytes:
    """The id as it stands in Redis."""
    if job_id.startswith(ODD):
        try:
            return bytes.fromhex(job_id.removeprefix(ODD))
        except ValueError:
            pass
    return job_id.encode(errors="replace")


def job_key(job_id: str) -> Any:
    """Where RQ keeps a job: bytes, which the library takes and does not say so."""
    return b"rq:job:" + member_of(job_id)


def results_key(job_id: str) -> Any:
    """Where RQ keeps the results of its last ten executions."""
    return b"rq:results:" + member_of(job_id)


def entries_of(found: Any) -> list[Entry]:
    """Members of a sorted set with their scores."""
    return [Entry(name_of(member), float(score)) for member, score in found]


def read_failures(redis: "Redis", queue: str, entries: Sequence[Entry]) -> list[RqFailure]:
    """What is known of these entries. One that cannot be read is told as a failure that says so."""
    with redis.pipeline(transaction=False) as pipe:
        for entry in entries:
            pipe.hmget(job_key(entry.job_id), list(FIELDS))
            pipe.xrevrange(results_key(entry.job_id), count=1)
        answers = pipe.execute(raise_on_error=False)
    return list(_told(queue, entries, answers))


def _told(queue: str, entries: Sequence[Entry], answers: Sequence[Any]) -> Iterator[RqFailure]:
    for entry, fields, results in zip(entries, answers[::2], answers[1::2], strict=True):
        if isinstance(fields, RedisError):
            odd = "WRONGTYPE" in str(fields)
            yield _trouble(queue, entry, "Redis holds another type of value under its key" if odd else "Redis refused")
            continue
        job = dict(zip(FIELDS, fields, strict=True))
        if job["description"] is None and job["status"] is None:
            if is_hashed(entry.job_id):
                yield _trouble(queue, entry, f"its id is longer than {LONGEST_ID} bytes")
            continue
        # Redis before 5 has no streams, and RQ keeps no results there.
        yield _failure(queue, entry, job, [] if isinstance(results, RedisError) else results)


def _failure(queue: str, entry: Entry, fields: Mapping[str, bytes | None], results: Any) -> RqFailure:
    stamp, payload = newest(results)
    task, args = parse_call(text(fields["description"]) or "")
    retries, most = retries_of(
        number(fields["number_of_retries"]), number(fields["retries_left"]), text(fields["retry_intervals"])
    )
    return RqFailure(
        job_id=entry.job_id,
        queue=text(fields["origin"]) or queue,
        task=task,
        args=args,
        traceback=inflate(payload.get(b"exc_string"), packed=True) or inflate(fields["exc_info"], packed=False) or "",
        execution=text(payload.get(b"execution_id")) or stamp or (text(fields["ended_at"]) or str(entry.score)),
        ended_at=parse_time(text(fields["ended_at"])) or stream_time(stamp),
        worker=text(payload.get(b"worker_name")) or text(fields["worker_name"]),
        retries=retries,
        max_retries=most,
    )


def _trouble(queue: str, entry: Entry, why: str) -> RqFailure:
    return RqFailure(
        job_id=entry.job_id, queue=queue, task="unknown", args=None, execution=str(entry.score), ended_at=None,
        worker=None, retries=None, max_retries=None, traceback="",
        trouble=f"A failed job of RQ cannot be read: {why}",
    )  # fmt: skip


def newest(results: Any) -> tuple[str, Mapping[bytes, bytes]]:
    """Stream id and fields of the newest result; empty without one."""
    if not results or not isinstance(results, list):
        return "", {}
    stamp, payload = results[0]
    return stamp.decode(errors="replace"), payload or {}


def text(value: bytes | None) -> str | None:
    """A field's text."""
    return text_of(value) if value else None


def text_of(value: bytes) -> str:
    """Bytes as text that PostgreSQL can hold."""
    return value.decode(errors="replace").replace("\0", "\N{SYMBOL FOR NULL}")


def number(value: bytes | None) -> int | None:
    """A count; None for anything else."""
    return int(value) if value and value.isdigit() and len(value) < 10 else None  # noqa: PLR2004 - what fits an integer


def inflate(value: bytes | None, *, packed: bool) -> str | None:
    """RQ's packed text (`packed`: in base64 too), or plain text as older versions kept it; cut at LONGEST_TEXT."""
    if not value:
        return None
    try:
        unpacker = zlib.decompressobj()
        found = unpacker.decompress(b64decode(value) if packed else value, LONGEST_TEXT)
    except (zlib.error, Base64Error, ValueError):
        found = value[:LONGEST_TEXT]
    return found.decode(errors="replace")


def stream_time(stamp: str) -> datetime | None:
    """The instant in a stream id."""
    milliseconds = stamp.partition("-")[0]
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
