"""The rows that are our jobs, their failed attempts and their log lines."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Enum, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.actor import Actor
from console.infra.db import Model, intpk, uuidpk


class JobState(StrEnum):
    """`requested` waits for a worker or for its next attempt; the last three are final."""

    REQUESTED = "requested"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})

_STATE = Enum(
    JobState,
    native_enum=False,
    length=12,
    create_constraint=False,
    values_callable=lambda kinds: [k.value for k in kinds],
)


class Job(Model):
    """One request for work. `attempt` counts the runs begun; `attempts_allowed` rises with each retry by hand."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'running', 'succeeded', 'failed', 'cancelled')", name="state"),
        Index("ix_jobs_requested_at_id", "requested_at", "id"),
        Index("ix_jobs_state_requested_at_id", "state", "requested_at", "id"),
        Index("ix_jobs_name_requested_at_id", "name", "requested_at", "id"),
        Index("ix_jobs_finished_at", "finished_at"),
        Index("ix_jobs_waiting", "queue", "run_at", postgresql_where=text("state = 'requested'")),
        Index("ix_jobs_lease", "lease_until", postgresql_where=text("state = 'running'")),
    )

    id: Mapped[uuidpk]
    name: Mapped[str]
    queue: Mapped[str]
    args: Mapped[list[Any]] = mapped_column(JSONB)
    state: Mapped[JobState] = mapped_column(_STATE, default=JobState.REQUESTED)
    slot: Mapped[str | None] = mapped_column(unique=True)

    attempt: Mapped[int] = mapped_column(default=0)
    attempts_allowed: Mapped[int]
    timeout_seconds: Mapped[int]
    run_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    rung_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]

    progress: Mapped[float | None]
    message: Mapped[str | None]
    eta: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_requested_by: Mapped[str | None]

    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    error_type: Mapped[str | None]
    error: Mapped[str | None]

    actor_kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_label: Mapped[str]
    request_id: Mapped[str | None]

    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen unless somebody retries it."""
        return self.state in FINISHED

    @property
    def stopping(self) -> bool:
        """Whether somebody asked a running job to stop and it has not yet."""
        return self.state is JobState.RUNNING and self.cancel_requested_at is not None

    @property
    def actor(self) -> Actor:
        """Who asked; in a job nobody is signed in, so the role is not kept."""
        return actor_of(self.actor_kind, self.actor_id, self.actor_label, self.request_id)


class JobAttempt(Model):
    """One run that did not succeed: `outcome` is failed, lost (its worker died) or cancelled."""

    __tablename__ = "job_attempts"
    __table_args__ = (CheckConstraint("outcome IN ('failed', 'lost', 'cancelled')", name="outcome"),)

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    worker: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime]
    outcome: Mapped[str]
    error_type: Mapped[str | None]
    error: Mapped[str | None]
    next_run_at: Mapped[datetime | None]


class JobLog(Model):
    """A line a job wrote while it ran."""

    __tablename__ = "job_logs"
    __table_args__ = (Index("ix_job_logs_job_id_id", "job_id", "id"),)

    id: Mapped[intpk]
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    at: Mapped[datetime]
    line: Mapped[str]


def actor_of(kind: str, actor_id: int | None, label: str, request_id: str | None) -> Actor:
    """The actor whose parts a row keeps."""
    known = {"user": "user", "token": "token", "anonymous": "anonymous"}
    return Actor(kind=known.get(kind, "system"), id=actor_id, label=label, request_id=request_id)  # type: ignore[arg-type]
