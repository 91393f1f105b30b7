"""Celery's event messages as kombu publishes them on Redis: an envelope of JSON around a body of JSON.

Only JSON is read. A body in pickle, YAML or compressed is refused by its content type: loading it could run it.
"""

import binascii
import json
import math
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

MAX_MESSAGE: Final = 4 * 1024 * 1024
# Texts of an event beyond this are cut: a task's name is no essay, a traceback keeps its tail elsewhere.
MAX_NAME: Final = 500
MAX_REPR: Final = 10_000
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
JSON: Final = "application/json"
TASKS: Final = frozenset(
    {
        "task-sent", "task-received", "task-started", "task-succeeded", "task-failed", "task-retried",
        "task-rejected", "task-revoked", "task-cancelled",
    }
)  # fmt: skip
WORKERS: Final = frozenset({"worker-online", "worker-heartbeat", "worker-offline"})


class Rubbish(ValueError):
    """A message that is no Celery event in JSON; the text says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One event of a task. `at` is the sender's clock; None where it sent none that can be one.

    `name`, `args` and `kwargs` come with "task-sent" and "task-received" only, `exception` and `traceback` with
    "task-failed" and "task-retried" only.
    """

    kind: str
    uuid: str
    at: datetime | None
    hostname: str | None = None
    name: str | None = None
    args: str | None = None
    kwargs: str | None = None
    retries: int | None = None
    queue: str | None = None
    root_id: str | None = None
    parent_id: str | None = None
    exception: str | None = None
    traceback: str | None = None
    requeue: bool = False
    terminated: bool = False
    expired: bool = False
    signal: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerEvent:
    """A worker tells of itself: `freq` seconds between heartbeats, tasks in work and tasks ever done."""

    kind: str
    hostname: str
    at: datetime | None
    pid: int | None
    freq: float | None
    active: int | None
    processed: int | None
    software: str | None


Event = TaskEvent | WorkerEvent


def read_message(data: bytes) -> list[Event]:
    """The events of one message, one or a batch; kinds that say nothing of tasks or workers are left out.

    Raises Rubbish.
    """
    if len(data) > MAX_MESSAGE:
        raise Rubbish("a message of more than 4 MiB")
    envelope = _json(data, "no JSON")
    if not isinstance(envelope, dict) or "body" not in envelope:
        raise Rubbish("no message of kombu")
    if envelope.get("content-type") != JSON:
        raise Rubbish("not in JSON: the worker's event_serializer must be json")
    body = _json(_body(envelope), "its body is no JSON")
    found = body if isinstance(body, list) else [body]
    return [event for one in found for event in _read(one)]


def instant(value: Any, *, now: datetime) -> datetime:
    """A sender's Unix seconds or ISO text as an instant not ahead of `now`; `now` where it is neither.

    Clocks of other hosts go wrong. What lies in the future is taken to be now.
    """
    at = value if isinstance(value, datetime) else _epoch(value)
    return now if at is None or at < EARLIEST else min(at, now)


def _body(envelope: Mapping[str, Any]) -> bytes:
    body, properties = envelope["body"], envelope.get("properties")
    encoding = properties.get("body_encoding") if isinstance(properties, dict) else None
    headers = envelope.get("headers")
    if isinstance(headers, dict) and headers.get("compression"):
        raise Rubbish("compressed")
    if not isinstance(body, str):
        raise Rubbish("its body is no text")
    try:
        return b64decode(body, validate=True) if encoding == "base64" else body.encode()
    except (binascii.Error, ValueError):
        raise Rubbish("its body is not what it says to be") from None


def _json(data: bytes, complaint: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Rubbish(complaint) from None


def _read(one: Any) -> Iterator[Event]:
    if not isinstance(one, dict) or not isinstance(one.get("type"), str):
        raise Rubbish("an event without a type")
    kind = one["type"]
    if kind in TASKS:
        yield _task(kind, one)
    elif kind in WORKERS:
        yield _worker(kind, one)


def _task(kind: str, one: Mapping[str, Any]) -> TaskEvent:
    uuid = _text(one.get("uuid"))
    if not uuid:
        raise Rubbish("an event of a task without an id")
    return TaskEvent(
        kind=kind,
        uuid=uuid,
        at=_epoch(one.get("timestamp")),
        hostname=_text(one.get("hostname")),
        name=_text(one.get("name")),
        args=_text(one.get("args"), MAX_REPR),
        kwargs=_text(one.get("kwargs"), MAX_REPR),
        retries=_count(one.get("retries")),
        queue=_text(one.get("queue")),
        root_id=_text(one.get("root_id")),
        parent_id=_text(one.get("parent_id")),
        exception=_text(one.get("exception"), MAX_MESSAGE),
        traceback=_text(one.get("traceback"), MAX_MESSAGE),
        requeue=one.get("requeue") is True,
        terminated=one.get("terminated") is True,
        expired=one.get("expired") is True,
        signal=_word(one.get("signum")),
    )


def _worker(kind: str, one: Mapping[str, Any]) -> WorkerEvent:
    hostname = _text(one.get("hostname"))
    if not hostname:
        raise Rubbish("a worker without a name")
    freq = one.get("freq")
    software = " ".join(filter(None, (_text(one.get("sw_ident"), 60), _text(one.get("sw_ver"), 60))))
    return WorkerEvent(
        kind=kind,
        hostname=hostname,
        at=_epoch(one.get("timestamp")),
        pid=_count(one.get("pid")),
        freq=float(freq) if isinstance(freq, int | float) and 0 < freq < 86_400 else None,  # noqa: PLR2004 - a day
        active=_count(one.get("active")),
        processed=_count(one.get("processed")),
        software=software or None,
    )


def _text(value: Any, limit: int = MAX_NAME) -> str | None:
    """Text as PostgreSQL can keep it: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str) or not value:
        return None
    return value[:limit].replace("\0", "␀").encode("utf-8", "replace").decode()


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _word(value: Any) -> str | None:
    return _text(str(value), 40) if isinstance(value, int | str) and not isinstance(value, bool) else None


def _epoch(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None
