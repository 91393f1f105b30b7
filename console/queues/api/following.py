"""How well a Celery broker is heard, over the API."""

from datetime import datetime

from flask import Response
from pydantic import BaseModel, ConfigDict

from console.infra.actor import Scope
from console.infra.errors import NotFound
from console.queues import queries
from console.queues.api.blueprint import bp, reply
from console.queues.queries import celery
from console.queues.rules.brokers import Kind
from console.web.auth import requires_scope
from console.web.openapi import describe


class CeleryWorkerOut(BaseModel):
    """A worker as its last event told. `heartbeat_at` is its own clock, `seen_at` ours; `processed` tasks ever done."""

    model_config = ConfigDict(from_attributes=True)

    hostname: str
    pid: int | None
    software: str | None
    active: int | None
    processed: int | None
    heartbeat_at: datetime | None
    seen_at: datetime
    offline: bool


class CeleryTaskOut(BaseModel):
    """A task that was started and has not ended. `name` is null where nobody told it."""

    model_config = ConfigDict(from_attributes=True)

    uuid: str
    name: str | None
    queue: str | None
    hostname: str | None
    started_at: datetime | None


class FollowingOut(BaseModel):
    """Whether events are heard, since when, and what was missed.

    `deaf_since` begins the gap before `listening_since`, or the one that lasts while that is null. `made_up`: whether
    the results were read since, null without a gap. `rubbish` messages were no events, `dropped` could not be stored.
    """

    model_config = ConfigDict(from_attributes=True)

    listens: bool
    listening_since: datetime | None
    deaf_since: datetime | None
    made_up: bool | None
    events_on: bool
    events: int
    last_event_at: datetime | None
    rubbish: int
    rubbish_why: str | None
    dropped: int
    results: int | None
    results_read_at: datetime | None
    error: str | None
    workers: list[CeleryWorkerOut]
    running: list[CeleryTaskOut]


@bp.get("/brokers/<name>/following")
@requires_scope(Scope.READ)
@describe("How well a Celery broker is heard", reply=FollowingOut, problems={404: "There is no such Celery broker"})
def following(name: str) -> Response:
    """Who listens, what was missed, which workers and tasks are known."""
    watched = queries.get_watched(name)
    if watched.kind is not Kind.CELERY:
        raise NotFound(f"{watched.name} is no Celery broker: only those are followed by their events.")
    heard = celery.following(name)
    parts = {field: getattr(heard, field) for field in FollowingOut.model_fields if hasattr(heard, field)}
    workers = [CeleryWorkerOut.model_validate(row) for row in celery.workers(name)]
    running = [CeleryTaskOut.model_validate(row) for row in celery.running(name)]
    return reply(FollowingOut(**parts, workers=workers, running=running))
