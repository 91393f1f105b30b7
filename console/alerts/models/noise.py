"""What noise is told by: openings, spells of flapping, limits of sources and what they dropped, counted reports."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.alerts.models.alert import Alert
from console.alerts.rules.flapping import words
from console.infra.db import Model, intpk

# Rows that stand for all services together: no service is called by an empty word.
ALL = ""


class AlertOpening(Model):
    """One time that an alert was opened: until it is resolved, whoever acknowledged it first in between.

    Kept by a trigger on `alert_history` (migration 0011), so that every way of changing an alert counts, in the
    transaction of the change. What comes out of a merge unanswered begins then. `reopened`: it had been resolved.
    `by_hand`: a person resolved it. `stale`: nobody did.
    """

    __tablename__ = "alert_openings"

    id: Mapped[intpk]
    alert_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"))
    service: Mapped[str]
    opened_at: Mapped[datetime]
    reopened: Mapped[bool]
    acknowledged_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    stale: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        Index(None, "alert_id", "id"),
        Index(None, "opened_at"),
        Index(
            "ix_alert_openings_acknowledged_at", "acknowledged_at", postgresql_where=text("acknowledged_at IS NOT NULL")
        ),
        Index("ix_alert_openings_resolved_at", "resolved_at", postgresql_where=text("resolved_at IS NOT NULL")),
    )


class FlappingSpell(Model):
    """A time in which an alert flapped: from the change that was one too many until it had settled.

    `changes` counts those of the whole spell, the ones that began it included; `began_with` of them came within
    `window_minutes`. `settles_at` is when it will have settled if nothing changes before.
    """

    __tablename__ = "flapping_spells"

    id: Mapped[intpk]
    alert_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    changes: Mapped[int]
    began_with: Mapped[int]
    window_minutes: Mapped[int]
    last_changed_at: Mapped[datetime]
    settles_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    alert: Mapped[Alert] = relationship(lazy="raise")

    @property
    def words(self) -> str:
        """How often it changed before it counted as flapping: "changed state 6 times in 30 minutes"."""
        return words(self.began_with, self.window_minutes)

    __table_args__ = (
        Index(None, "alert_id", "id"),
        # One at a time: of two changes at once, the second adds to the spell of the first.
        Index("uq_flapping_spells_unsettled", "alert_id", unique=True, postgresql_where=text("settled_at IS NULL")),
        Index("ix_flapping_spells_settles_at", "settles_at", postgresql_where=text("settled_at IS NULL")),
    )


class NoiseSettings(Model):
    """What people have set, one row; without it the defaults of `rules/noise.py` hold."""

    __tablename__ = "noise_settings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime]
    updated_by: Mapped[str]


class SourceLimit(Model):
    """How many failures a minute a service may send, instead of the console's own number."""

    __tablename__ = "source_limits"
    __table_args__ = (CheckConstraint("failures_per_minute > 0", name="failures_per_minute"),)

    service: Mapped[str] = mapped_column(primary_key=True)
    failures_per_minute: Mapped[int]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str]


class SourceDrop(Model):
    """A time in which a service sent more than its limit: how many failures were dropped, and by which limit."""

    __tablename__ = "source_drops"

    id: Mapped[intpk]
    service: Mapped[str]
    began_at: Mapped[datetime]
    last_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    dropped: Mapped[int] = mapped_column(BigInteger)
    failures_per_minute: Mapped[int]

    __table_args__ = (
        Index("uq_source_drops_unended", "service", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index(None, "last_at"),
    )


class NoiseCount(Model):
    """What a period came to for a service (or ALL), as counted at `counted_at`, which took `took_ms`.

    `openings` began in the period; `ended` ended in it, `unseen` of those without anybody having acknowledged them.
    """

    __tablename__ = "noise_counts"

    period: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]
    took_ms: Mapped[int]
    failures: Mapped[int] = mapped_column(BigInteger)
    openings: Mapped[int] = mapped_column(BigInteger)
    reopenings: Mapped[int] = mapped_column(BigInteger)
    changes: Mapped[int] = mapped_column(BigInteger)
    ended: Mapped[int] = mapped_column(BigInteger)
    unseen: Mapped[int] = mapped_column(BigInteger)


class NoiseTop(Model):
    """An alert among the first of a period and service by a measure; ranks count from 1.

    No key to the alert: it may go between two counts.
    """

    __tablename__ = "noise_tops"

    period: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    alert_id: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[int] = mapped_column(BigInteger)


class ResponseWeek(Model):
    """How fast a service's (or ALL) alerts were answered in the week that begins on `week`, a Monday in UTC.

    Seconds; None where nothing was acknowledged or resolved in that week.
    """

    __tablename__ = "response_weeks"

    service: Mapped[str] = mapped_column(primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    acknowledged: Mapped[int]
    acknowledge_mean: Mapped[float | None]
    acknowledge_median: Mapped[float | None]
    resolved: Mapped[int]
    resolve_mean: Mapped[float | None]
    resolve_median: Mapped[float | None]
    stale: Mapped[int]

    __table_args__ = (Index(None, "week"),)
