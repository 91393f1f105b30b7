"""What is remembered of Celery brokers: who follows each, tasks that have not ended, workers, tasks sent again.

Brokers go by their name. Nothing here is the only copy of a failure: those are the alerts' occurrences.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model

OF_BROKER = "brokers.name"
RUNNING = text("started_at IS NOT NULL AND NOT done")


class CeleryFollower(Model):
    """Who listens to a broker, and what was heard. `owner` holds it until `lease_until`.

    `listening_since` None: nobody listens now, `deaf_since` says since when. `events`, `rubbish` and `dropped` are
    counts since the broker was added. `events_on`: whether any worker was heard to send events of tasks.
    """

    __tablename__ = "celery_followers"

    broker: Mapped[str] = mapped_column(ForeignKey(OF_BROKER, ondelete="CASCADE", onupdate="CASCADE"), primary_key=True)
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    listening_since: Mapped[datetime | None]
    deaf_since: Mapped[datetime | None]
    last_event_at: Mapped[datetime | None]
    events: Mapped[int] = mapped_column(BigInteger, default=0)
    rubbish: Mapped[int] = mapped_column(BigInteger, default=0)
    rubbish_why: Mapped[str | None]
    dropped: Mapped[int] = mapped_column(BigInteger, default=0)
    events_on: Mapped[bool] = mapped_column(default=False)
    # When the results in Redis were last read from end to end, and how many there were.
    results_read_at: Mapped[datetime | None]
    results: Mapped[int | None]
    error: Mapped[str | None]


class CeleryWorker(Model):
    """A worker as it was last heard; `seen_at` is our clock, `heartbeat_at` its own."""

    __tablename__ = "celery_workers"

    broker: Mapped[str] = mapped_column(ForeignKey(OF_BROKER, ondelete="CASCADE", onupdate="CASCADE"), primary_key=True)
    hostname: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime | None]
    pid: Mapped[int | None]
    freq: Mapped[float | None]
    active: Mapped[int | None]
    processed: Mapped[int | None] = mapped_column(BigInteger)
    software: Mapped[str | None]
    offline: Mapped[bool]


class CeleryTask(Model):
    """A task that has not ended, or has just now: what its failure will not say. Texts are scrubbed.

    `retries` is its highest attempt heard of, `settled` how many attempts ended, `pending` ends that wait for its name.
    """

    __tablename__ = "celery_tasks"

    broker: Mapped[str] = mapped_column(ForeignKey(OF_BROKER, ondelete="CASCADE", onupdate="CASCADE"), primary_key=True)
    uuid: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    args: Mapped[str | None]
    kwargs: Mapped[str | None]
    queue: Mapped[str | None]
    root_id: Mapped[str | None]
    parent_id: Mapped[str | None]
    hostname: Mapped[str | None]
    retries: Mapped[int | None]
    settled: Mapped[int]
    received_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    done: Mapped[bool]
    pending: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    seen_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_celery_tasks_broker_seen_at", "broker", "seen_at"),
        # Few of many: what runs now, and what waits.
        Index("ix_celery_tasks_running", "broker", "hostname", postgresql_where=RUNNING),
        Index("ix_celery_tasks_pending", "broker", "seen_at", postgresql_where=text("pending IS NOT NULL")),
    )


class CeleryRetry(Model):
    """A failed task that somebody had sent again, once: `sent_as` is its new id, made before it is sent.

    `refused` says why it was not sent after all.
    """

    __tablename__ = "celery_retries"

    broker: Mapped[str] = mapped_column(ForeignKey(OF_BROKER, ondelete="CASCADE", onupdate="CASCADE"), primary_key=True)
    uuid: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(BigInteger)
    sent_as: Mapped[str] = mapped_column(unique=True)
    requested_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    refused: Mapped[str | None]
