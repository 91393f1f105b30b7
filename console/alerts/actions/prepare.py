"""A failure as it came, made ready to be stored: storable, clipped, scrubbed, grouped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.alerts.rules import storable
from console.alerts.rules.failure import MAX_MESSAGE, MAX_TRACEBACK, Failure, clip
from console.alerts.rules.fingerprint import fingerprint
from console.alerts.rules.messages import title
from console.infra.scrub import scrub_text, scrub_value

# An own fingerprint longer than this is kept as a hash: it is a key, and index entries have a limit.
MAX_FINGERPRINT = 200

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A failure ready to store: the alert it belongs to, that alert's title, and the columns of its occurrence."""

    key: Key
    title: str
    event: tuple[str, str] | None
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
        "runbook_url": _text(failure.runbook_url, MAX_MESSAGE),
        "source": storable.text(failure.source),
        "args": _value(failure.args),
        "kwargs": _value(failure.kwargs),
        "tags": _value(failure.tags),
        "fingerprint": _value(failure.fingerprint),
        "extra": _value(failure.extra),
    }
    event = (row["service"], row["event_id"]) if row["event_id"] is not None else None
    return Prepared(_key(row), title(row["exception_type"], message, row["task"]), event, failure, row)


def _key(row: dict[str, Any]) -> Key:
    told = row["fingerprint"]
    default = fingerprint(
        task=row["task"],
        exception_type=row["exception_type"],
        message=row["message"],
        traceback=row["traceback"],
        override=told,
    )
    return row["service"], row["environment"], _own(told) or default.value


def _text(value: str | None, limit: int) -> str | None:
    return None if value is None else scrub_text(clip(storable.text(value), limit))


def _plain(value: str | None) -> str | None:
    return None if value is None else storable.text(value)


def _value(value: Any) -> Any:
    return scrub_value(storable.json(value)) if value else value


def _own(fingerprint: str | list[str] | None) -> str | None:
    """A plain word that was sent as the fingerprint is the fingerprint; lists and `{{ default }}` are hashed."""
    if not isinstance(fingerprint, str) or "{{" in fingerprint or len(fingerprint) > MAX_FINGERPRINT:
        return None
    return fingerprint.strip() or None
