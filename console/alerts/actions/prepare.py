"""A failure as it came, made ready to be stored: storable, clipped, scrubbed, grouped."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from console.alerts.rules import storable
from console.alerts.rules.failure import MAX_MESSAGE, MAX_TRACEBACK, Failure, clip

# An own fingerprint longer than this is kept as a hash: it is a key, and index entries have a limit.
MAX_FINGERPRINT = 200

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A failure ready to store: the alert it belongs to, that alert's title, and the columns of its occurrence."""

    key: Key
    title: str
    event: tuple[str, str] | None
    occurred_at: datetime
    failure: Failure
    row: dict[str, Any]


def prepare(failure: Failure, *, at: datetime) -> Prepared:
    """Scrub and group one failure that was received `at`."""
    message, traceback = _text(failure.message, MAX_MESSAGE), _text(failure.traceback, MAX_TRACEBACK)
    row: dict[str, Any] = {
        "received_at": at,
        "occurred_at": failure.occurred_at,
        "severity": int(failure.severity),
        "will_retry": failure.will_retry,
        "retries": failure.retries,
        "max_retries": failure.max_retries,
        "service": storable.text(failure.service),
        "environment": storable.text(failure.environment),
        "task": storable.text(failure.task),
        "exception_type": _plain(failure.exception_type),
        "message": message,
        "traceback": traceback,
        "event_id": _plain(failure.event_id),
        "job_id": _plain(failure.job_id),
        "queue": _plain(failure.queue),
        "worker": _plain(failure.worker),
        "host": _plain(failure.host),
        "release": _plain(failure.release),
        "runbook_url": _plain(failure.runbook_url),
        "source": storable.text(failure.source),
        "args": _value(failure.args),
        "kwargs": _value(failure.kwargs),
        "tags": _value(failure.tags),
        "fingerprint": _value(failure.fingerprint),
        "extra": _value(failure.extra),
    }
    print_ = _own(row["fingerprint"]) or _interim(row)
    event = (row["service"], row["event_id"]) if row["event_id"] is not None else None
    return Prepared((row["service"], row["environment"], print_), _title(row), event, failure.occurred_at, failure, row)


def _text(value: str | None, limit: int) -> str | None:
    return None if value is None else clip(storable.text(value), limit)


def _plain(value: str | None) -> str | None:
    return None if value is None else storable.text(value)


def _value(value: Any) -> Any:
    return storable.json(value) if value else value


def _own(fingerprint: str | list[str] | None) -> str | None:
    if not fingerprint:
        return None
    told = fingerprint if isinstance(fingerprint, str) else orjson.dumps(fingerprint).decode()
    return told if len(told) <= MAX_FINGERPRINT else hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def _title(row: dict[str, Any]) -> str:
    told = [part for part in (row["exception_type"], (row["message"] or "").partition("\n")[0]) if part]
    return ": ".join(told)[:300] or str(row["task"])


def _interim(row: dict[str, Any]) -> str:
    parts = (row["task"], row["exception_type"], row["traceback"] or row["message"])
    return hashlib.blake2b(orjson.dumps(parts), digest_size=16).hexdigest()
