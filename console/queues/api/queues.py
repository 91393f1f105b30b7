"""All queues of all brokers over the API, and the failed jobs of one."""

from datetime import datetime

from flask import Response
from pydantic import BaseModel, Field
from redis.exceptions import RedisError

from console.infra import clock
from console.infra.actor import Scope
from console.infra.brokers import told
from console.infra.errors import Invalid, Unavailable
from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT, decode, page_of
from console.infra.queue import PREFIX
from console.queues import client, queries
from console.queues.api.blueprint import bp, reply
from console.queues.queries import BrokerNow, QueueNow
from console.queues.rules.brokers import CONSOLE, Kind
from console.queues.rules.samples import QueueSeen
from console.web.auth import requires_scope
from console.web.inputs import query
from console.web.openapi import describe


class QueueOut(BaseModel):
    """A queue as it was at `seen_at`; null stands for what the broker does not tell.

    Rates are jobs a minute over the last five; `at_least` marks one that is more than was counted. `away`: the broker
    does not answer now, and this is what it told before.
    """

    broker: str
    queue: str
    kind: Kind
    waiting: int
    oldest_at: datetime | None
    running: int | None
    later: int | None
    failed: int | None
    in_per_minute: float | None
    out_per_minute: float | None
    failed_per_minute: float | None
    at_least: bool
    away: bool
    seen_at: datetime


class QueuePage(BaseModel):
    """Queues by broker, our own first, then by name."""

    items: list[QueueOut]
    next_cursor: str | None


class QueueQuery(BaseModel):
    """What to list: one broker's, or all."""

    broker: str | None = None
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


class FailedOut(BaseModel):
    """A job in RQ's failed registry. Its error is scrubbed of secrets; fields are null when Redis keeps only the id."""

    job_id: str
    task: str | None
    exception_type: str | None
    message: str | None
    worker: str | None
    retries: int | None
    failed_at: datetime | None


class FailedList(BaseModel):
    """A page of failed jobs, the newest first, and how many there are."""

    count: int
    items: list[FailedOut]
    next_cursor: str | None


class FailedQuery(BaseModel):
    """Which queue."""

    queue: str
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


@bp.get("/queues")
@requires_scope(Scope.READ)
@describe("The queues of all brokers, as last seen", query=QueueQuery, reply=QueuePage)
def queues() -> Response:
    """A page of queues."""
    asked = query(QueueQuery)
    last = decode(asked.cursor, str, str) if asked.cursor else None
    found = [one for one in _all() if asked.broker in {None, one.broker} and (last is None or _place(one) > last)]
    rows = page_of(found[: asked.limit + 1], asked.limit, _place)
    return reply(QueuePage(items=list(rows.items), next_cursor=rows.next_cursor))


@bp.get("/brokers/<name>/failed-jobs")
@requires_scope(Scope.READ)
@describe(
    "The failed jobs of a queue of an RQ broker", query=FailedQuery, reply=FailedList,
    problems={404: "There is no such broker", 503: "It does not answer"},
)  # fmt: skip
def failed_jobs(name: str) -> Response:
    """A page of them, read from the broker; one that is known to be away is not asked."""
    asked, now = query(FailedQuery), queries.broker_now(queries.get_watched(name))
    if now.broker.kind is not Kind.RQ:
        raise Invalid("Celery keeps no list of failed tasks; its failures are alerts.")
    if now.away and now.state:
        raise Unavailable(f"{name} does not answer: {now.state.error}", retry_after=5)
    try:
        found = client.failed_jobs(client.connect(now.broker), asked.queue, limit=asked.limit, cursor=asked.cursor)
    except RedisError as error:
        raise Unavailable(f"{name} does not answer: {told(error)}", retry_after=5) from error
    items = [_failed(job) for job in found.page.items]
    return reply(FailedList(count=found.count, items=items, next_cursor=found.page.next_cursor))


def _all() -> list[QueueOut]:
    at = clock.now()
    ours = [_own(queue, at) for queue in queries.board(at).queues]
    theirs = (out for now in queries.brokers_now() for out in _seen(now))
    return sorted([*ours, *theirs], key=_place)


def _place(queue: QueueOut) -> tuple[str, str]:
    """Our own come first."""
    return ("" if queue.broker == CONSOLE.name else queue.broker, queue.queue)


def _own(queue: QueueNow, at: datetime) -> QueueOut:
    minutes = queries.RATE_WINDOW.total_seconds() / 60
    return QueueOut(
        broker="console", queue=queue.name, kind=Kind.RQ, waiting=queue.waiting, oldest_at=queue.oldest_at,
        running=queue.running, later=queue.later, failed=queue.failed, in_per_minute=queue.in_per_minute,
        out_per_minute=queue.per_minute, failed_per_minute=queue.failed / minutes, at_least=False, away=False,
        seen_at=at,
    )  # fmt: skip


def _seen(now: BrokerNow) -> list[QueueOut]:
    if now.sample is None:
        return []
    theirs = [one for one in now.sample.queues if not (now.broker.builtin and one.name.startswith(PREFIX))]
    return [_out(now, queue, now.sample.at) for queue in theirs]


def _out(now: BrokerNow, queue: QueueSeen, at: datetime) -> QueueOut:
    return QueueOut(
        broker=now.broker.name, queue=queue.name, kind=now.broker.kind, waiting=queue.waiting,
        oldest_at=queue.oldest_at, running=queue.running, later=queue.later, failed=queue.failed,
        in_per_minute=queue.in_rate, out_per_minute=queue.out_rate, failed_per_minute=queue.failed_rate,
        at_least=queue.at_least, away=now.away, seen_at=at,
    )  # fmt: skip


def _failed(job: client.FailedJob) -> FailedOut:
    failure, error = job.failure, job.error
    return FailedOut(
        job_id=job.job_id,
        task=failure.task if failure else None,
        exception_type=error.exception_type if error else None,
        message=error.message if error else None,
        worker=failure.worker if failure else None,
        retries=failure.retries if failure else None,
        failed_at=failure.ended_at if failure else None,
    )
