"""Silences and maintenance windows: for how long nobody is told of which alerts."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from console.alerts.rules.silences.matchers import Matcher, Op
from console.alerts.rules.silences.spans import Span
from console.infra.db import Model, intpk


class SilenceKind(StrEnum):
    """A silence is thrown over what is known; a maintenance window is planned for a service."""

    SILENCE = "silence"
    MAINTENANCE = "maintenance"


class Silence(Model):
    """Who is not told of what, from when to when, and why. Rows are kept for good.

    `over_at` is when the last of it ends: `ends_at`, or for what recurs weekly (on the clocks of the zone `weekly_in`)
    the end of its last time. `turn_at` is when the marks on alerts need work next, None when nothing is to come;
    `looked_to` is the alert up to which a long round of it has come.
    """

    __tablename__ = "silences"

    id: Mapped[intpk]
    kind: Mapped[str]
    matchers: Mapped[list[Any]] = mapped_column(JSONB)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    weekly_in: Mapped[str | None]
    repeat_until: Mapped[datetime | None]
    over_at: Mapped[datetime]
    reason: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expired_by: Mapped[str | None]
    turn_at: Mapped[datetime | None]
    looked_to: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("kind IN ('silence', 'maintenance')", name="kind"),
        CheckConstraint("starts_at <= ends_at", name="span"),
        # What is not over is a short range, whatever lies behind.
        Index("ix_silences_over_at", "over_at"),
        Index("ix_silences_turn_at", "turn_at", postgresql_where=text("turn_at IS NOT NULL")),
    )

    @property
    def span(self) -> Span:
        """When it holds."""
        return Span(self.starts_at, self.ends_at, self.over_at, self.weekly_in)

    @property
    def asks(self) -> tuple[Matcher, ...]:
        """What it asks of an alert."""
        return tuple(Matcher(one["field"], Op(one["op"]), one["value"]) for one in self.matchers)
