"""What happened to an alert: its history, its counts over time, and the retries it waits for."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from console.alerts.models.ranked import Ranked
from console.infra.db import Model, intpk


class AlertHistory(Model):
    """One change or note. Rows are only ever added; `before` and `after` are words of states, severities or people."""

    __tablename__ = "alert_history"

    id: Mapped[intpk]
    alert_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by: Mapped[str]
    by_kind: Mapped[str]
    event: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    why: Mapped[str]

    __table_args__ = (Index(None, "alert_id", "id"), {"info": {"append_only": True}})


class Grain(IntEnum):
    """How wide a counter is. Minutes are kept for some hours, hours for good."""

    MINUTE = 1
    HOUR = 2


class AlertCount(Model):
    """How many failures of an alert occurred in the minute or hour that begins `at`: for good, and to be retried."""

    __tablename__ = "alert_counts"

    alert_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    grain: Mapped[Grain] = mapped_column(Ranked(Grain), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    final: Mapped[int]
    retried: Mapped[int]

    __table_args__ = (
        Index("ix_alert_counts_minutes", "at", postgresql_where=text("grain = 1")),
        # Hours of all alerts, for the reports of noise.
        Index("ix_alert_counts_hours", "at", postgresql_where=text("grain = 2")),
    )


class AlertRetry(Model):
    """A failed job that somebody has asked to run again; when all of an alert's have succeeded it resolves itself."""

    __tablename__ = "alert_retries"

    alert_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    job_id: Mapped[str] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime]
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "job_id"),)
