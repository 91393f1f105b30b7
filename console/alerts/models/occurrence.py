"""The failures themselves, partitioned by the week in which they were received."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, Sequence
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from console.alerts.models.ranked import Ranked
from console.alerts.rules.states import Severity
from console.infra.db import Model

OCCURRENCE_IDS = Sequence("occurrences_id_seq", metadata=Model.metadata)


class Occurrence(Model):
    """One failure with its fields, scrubbed. `id` rises with the order of arrival; `extra` holds unknown fields.

    A week is a partition, made ahead by a job and by the first failure of a week that has none. No default partition:
    it would have to be searched, and locked, for every week that is added.
    """

    __tablename__ = "occurrences"

    id: Mapped[int] = mapped_column(
        BigInteger, OCCURRENCE_IDS, server_default=OCCURRENCE_IDS.next_value(), primary_key=True
    )
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    # No foreign key: adding a week would have to lock all alerts against writing.
    alert_id: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime]
    severity: Mapped[Severity] = mapped_column(Ranked(Severity))
    will_retry: Mapped[bool]
    retries: Mapped[int | None]
    max_retries: Mapped[int | None]
    service: Mapped[str]
    environment: Mapped[str]
    task: Mapped[str]
    exception_type: Mapped[str | None]
    message: Mapped[str | None]
    traceback: Mapped[str | None]
    event_id: Mapped[str | None]
    job_id: Mapped[str | None]
    queue: Mapped[str | None]
    worker: Mapped[str | None]
    host: Mapped[str | None]
    release: Mapped[str | None]
    runbook_url: Mapped[str | None]
    source: Mapped[str]
    args: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    kwargs: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    tags: Mapped[dict[str, Any]]
    fingerprint: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    extra: Mapped[dict[str, Any]]

    __table_args__ = (
        Index(None, "alert_id", "occurred_at", "id"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )


class FailureEvent(Model):
    """A failure's own id, once per service: what tells a repeat from news.

    Apart from `occurrences`, because a partitioned table cannot be unique over all its partitions.
    """

    __tablename__ = "failure_events"

    service: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]

    __table_args__ = (Index(None, "received_at", postgresql_using="brin"),)
