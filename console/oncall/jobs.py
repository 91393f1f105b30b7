"""What the scheduler and the workers do for this room."""

import time
from datetime import timedelta
from typing import Any, Final

import structlog
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import CursorResult, delete, select, text
from sqlalchemy.exc import DBAPIError

from console.config import Settings
from console.infra import clock, jobs
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.jobs import JobContext, job
from console.infra.queue.watch import unmanned
from console.infra.redis import connection
from console.infra.transaction import unit
from console.oncall import client, queries
from console.oncall.actions import delivering, telling
from console.oncall.actions.delivering import Claim, Outcome
from console.oncall.actions.heartbeat import note_beat
from console.oncall.models import Delivery

# A channel gives way to others after this many seconds; the next job goes on.
TURN_SECONDS: Final = 20.0
KEEP: Final = timedelta(days=90)
PRUNED_AT_ONCE: Final = 5_000
# A short job that has not begun after this long means that scheduler or workers do not keep up.
PATIENCE: Final = timedelta(minutes=2)

log = structlog.get_logger(__name__)


def tell() -> int:
    """Make the steps that are due and ask for a job for each channel that has something to send; returns the steps."""
    steps = 0
    while True:
        with unit():
            told = telling.tell(at=clock.now())
        steps += told.steps
        if told.news < telling.BATCH and told.steps < telling.BATCH:
            break
    with unit():
        for channel in queries.channels_with_work(clock.now()):
            channel.job_id = jobs.request(deliver, channel.id, by=SYSTEM).id
    return steps


@job(queue="fast", timeout=120, max_attempts=3)
def deliver(context: JobContext, channel_id: int) -> dict[str, int]:
    """Send what a channel has to send, message by message, until it is done, fails or has had its turn."""
    done, until = {"sent": 0, "failed": 0}, time.monotonic() + TURN_SECONDS
    while time.monotonic() < until and (taken := _claim(channel_id)) is not None:
        outcome = _try(taken)
        with unit():
            delivering.settle(taken, outcome, at=clock.now())
        done["sent" if outcome.delivered else "failed"] += 1
        context.log(f"{taken.name}: {outcome.detail}")
        context.check()
        if not outcome.delivered:
            break
    return done


@job(queue="fast", timeout=60, max_attempts=1)
def outward_heartbeat(context: JobContext) -> dict[str, Any]:
    """Ping OUTWARD_HEARTBEAT_URL if scheduler, workers and database are well; silence is what its watcher acts on."""
    url = _settings().outward_heartbeat_url
    if not url:
        return {"pinged": False, "why": "OUTWARD_HEARTBEAT_URL is not set"}
    why = _unwell(context)
    if not why:
        try:
            client.beat(url)
        except client.Undelivered as error:
            why = error.detail
    with unit():
        note_beat(why, at=clock.now())
    if why:
        log.warning("outward_heartbeat_not_sent", why=why)
    return {"pinged": not why, "why": why}


@job(queue="default", timeout=900, max_attempts=3)
def prune_deliveries(context: JobContext) -> dict[str, int]:
    """Delete deliveries older than 90 days, in batches; their tries go with them."""
    pruned = 0
    while gone := _prune():
        pruned += gone
        context.check()
    return {"pruned": pruned}


def _claim(channel_id: int) -> Claim | None:
    with unit():
        return delivering.claim(channel_id, home=_settings().public_url, at=clock.now())


def _try(taken: Claim) -> Outcome:
    began = time.monotonic()
    try:
        said = client.sender(taken.kind, taken.recipient, taken.address, taken.signing_key).send(taken.message)
    except client.Undelivered as error:
        took = time.monotonic() - began
        how = {"refused": error.refused, "perhaps": error.perhaps, "retry_after": error.retry_after}
        return Outcome(False, error.detail, took, **how)  # type: ignore[arg-type]
    return Outcome(True, said, time.monotonic() - began)


def _unwell(context: JobContext) -> str:
    """Why the console is not well, or nothing. That this job runs shows the rest: it was scheduled and claimed."""
    try:
        with unit() as session:
            session.execute(text("SELECT 1"))
            own = session.get(jobs.Job, context.job_id)
            if own is not None and clock.now() - own.run_at > PATIENCE:
                return "This job was asked for minutes ago: the scheduler or the workers are behind."
            if late := queries.overdue_jobs(clock.now(), PATIENCE):
                return f"{late} short jobs have not begun in time: the workers are behind."
        if idle := unmanned(connection()):
            return f"No worker listens on {', '.join(idle)}."
    except DBAPIError:
        return "The database does not answer."
    except RedisError:
        return "Redis does not answer."
    return ""


def _settings() -> Settings:
    found: Settings = current_app.extensions["console.settings"]
    return found


def _prune() -> int:
    old = select(Delivery.id).where(Delivery.created_at < clock.now() - KEEP).limit(PRUNED_AT_ONCE)
    with unit():
        done = db.session.execute(delete(Delivery).where(Delivery.id.in_(old)))
    assert isinstance(done, CursorResult)
    return done.rowcount
