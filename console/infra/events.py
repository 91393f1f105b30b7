"""Typed hooks by which a lower room is heard by a higher one, and the versions that live pages poll.

`app.py` connects the hooks. They run in the caller's transaction: a hook that fails fails the change.
"""

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

import structlog
from flask import current_app, g
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from console.infra.actor import Actor
from console.infra.db import db
from console.infra.redis import connection

P = TypeVar("P")
R = TypeVar("R")

log = structlog.get_logger(__name__)


class Hook(Generic[P, R]):
    """A named seam: `connect` in app.py, `announce` where it happens."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._listeners: list[Callable[[P], R]] = []

    def connect(self, listener: Callable[[P], R]) -> None:
        """Add a listener once, however many apps a process makes."""
        if listener not in self._listeners:
            self._listeners.append(listener)

    def announce(self, payload: P) -> list[R]:
        """Call every listener in the caller's transaction; returns their answers in order of connection."""
        return [listener(payload) for listener in self._listeners]


@dataclass(frozen=True, slots=True)
class JobSettled:
    """One attempt of one of our jobs has ended. `will_retry` marks an attempt that is not the last."""

    job_id: uuid.UUID
    name: str
    queue: str
    attempt: int
    max_attempts: int
    succeeded: bool
    will_retry: bool
    at: datetime
    exception_type: str | None = None
    message: str | None = None
    traceback: str | None = None
    args: Sequence[Any] = ()
    worker: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """Somebody asks to run an alert's failed jobs again; `dry_run` only counts."""

    alert_id: int
    source: str
    by: Actor
    dry_run: bool


@dataclass(frozen=True, slots=True)
class RetryAnswer:
    """What a source can do about it: `jobs` that are (or would be) run again, `refused` with each reason.

    `forbidden` says why nothing may be run again at all where that is so, such as a broker that is read-only.
    """

    jobs: int
    refused: tuple[tuple[str, str], ...] = ()
    forbidden: str | None = None


@dataclass(frozen=True, slots=True)
class AlertChanged:
    """An alert was opened, changed state or was reopened; `event` is the history row's word."""

    alert_id: int
    event: str
    by: Actor


@dataclass(frozen=True, slots=True)
class Told:
    """One message about an alert: when it was made, to whom, and what became of it (a word of deliveries)."""

    delivery_id: int
    at: datetime
    channel: str
    recipient: str
    state: str
    step: int
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Telling:
    """Who was told of an alert, the last first, and when the next reminder is due; None when none is."""

    lines: tuple[Told, ...]
    more: bool
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Something was asked for and not allowed; audited in a unit of its own."""

    action: str
    by: Actor
    reason: str
    object: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class LimitBreached:
    """A request of ours was answered 429. `key` is whose limit it was, `limit` reads like "100 per 1 minute"."""

    limit: str
    key: str
    endpoint: str
    method: str
    by: Actor


@dataclass(frozen=True, slots=True)
class Moment:
    """What rooms stand at: `versions` rise with every change, `acts` with those that somebody made by hand."""

    versions: tuple[int, ...]
    acts: tuple[int, ...]


job_settled: Hook[JobSettled, None] = Hook("job_settled")
retry_requested: Hook[RetryRequested, RetryAnswer] = Hook("retry_requested")
# Of one moment: a batch of failures may open hundreds of alerts.
alert_changed: Hook[Sequence[AlertChanged], None] = Hook("alert_changed")
alert_told: Hook[int, Telling] = Hook("alert_told")
refused: Hook[Refused, None] = Hook("refused")
limit_breached: Hook[LimitBreached, None] = Hook("limit_breached")

_TOUCHED = "console.touched"
# Of the number at which a version begins; a million changes a second would not come to its end in a century.
BITS = 48


def touch(*rooms: str) -> None:
    """Mark rooms as changed in this transaction; their versions rise once it has committed."""
    db.session().info.setdefault(_TOUCHED, set()).update(rooms)


def by_hand() -> None:
    """Say that this request is somebody's doing: whoever did it sees at once what came of it, and so do all others."""
    g.by_hand = True


def moment(rooms: Sequence[str]) -> Moment | None:
    """What some rooms stand at, or None while Redis is away (then nothing may be called unchanged)."""
    keys = [*map(version_key, rooms), *map(_act_key, rooms)]
    try:
        found = _numbers(keys)
        if not all(found):
            _begin(keys, anew=False)
            found = _numbers(keys)
    except RedisError:
        return None
    return Moment(tuple(found[: len(rooms)]), tuple(found[len(rooms) :]))


def _numbers(keys: Sequence[str]) -> list[int]:
    return [int(value or 0) for value in cast("list[bytes | None]", connection().mget(keys))]


def init_app() -> None:
    """Raise versions after commits and forget them after rollbacks, for every session of the process."""
    if not event.contains(Session, "after_commit", _raise_versions):
        event.listen(Session, "after_commit", _raise_versions)
        event.listen(Session, "after_rollback", _forget)


def version_key(room: str) -> str:
    """Where a room's version is kept in Redis, for who reads it along with something else."""
    return f"console:version:{room}"


def _act_key(room: str) -> str:
    return f"console:acts:{room}"


def _raise_versions(session: Session) -> None:
    rooms = sorted(session.info.pop(_TOUCHED, ()))
    if not rooms or not current_app:
        return
    keys = [*map(version_key, rooms), *(map(_act_key, rooms) if g.get("by_hand") else ())]
    try:
        raised = _raise(keys)
        if new := [key for key, version in zip(keys, raised, strict=True) if version == 1]:
            _begin(new, anew=True)
    except RedisError:
        # The change is stored; pages notice it at the next 30-second bucket of their ETag.
        log.warning("versions_not_raised", rooms=rooms)


def _begin(keys: Sequence[str], *, anew: bool) -> None:
    """Anywhere: after Redis was emptied, no version may be one that a page still shows."""
    with connection().pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.set(key, secrets.randbits(BITS) + 2, nx=not anew)
        pipe.execute()


def _raise(keys: Sequence[str]) -> list[int]:
    if len(keys) == 1:
        # As nearly always; a pipeline costs half as much again.
        return [cast("int", connection().incr(keys[0]))]
    with connection().pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.incr(key)
        return pipe.execute()


def _forget(session: Session) -> None:
    session.info.pop(_TOUCHED, None)
