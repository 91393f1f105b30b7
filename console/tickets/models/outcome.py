"""What became of each promise, as reports tell it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk


class SlaOutcome(Model):
    """A clock that ended, under the versions that held. It is rewritten only when its ticket's events are others.

    `day` is that of its end on the wall of its calendar. `priority` and `assignee` are those of its end. Seconds are
    business time; `late_seconds` is 0 when the promise was kept, and at least 1 when it was not.
    """

    __tablename__ = "sla_outcomes"

    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    clock: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    settled_at: Mapped[datetime]
    day: Mapped[date]
    policy_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sla_policies.id"))
    policy_version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sla_policy_versions.id"))
    calendar_version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sla_calendar_versions.id"))
    priority: Mapped[str | None]
    organization: Mapped[str | None]
    assignee: Mapped[str | None]
    target_seconds: Mapped[int] = mapped_column(BigInteger)
    spent_seconds: Mapped[int] = mapped_column(BigInteger)
    late_seconds: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index(
            "ix_sla_outcomes_day", "clock", "day", "ticket_id", "began_at",
            postgresql_include=["policy_id", "priority", "organization", "assignee", "late_seconds"],
        ),
        Index(
            "ix_sla_outcomes_broken", "clock", "day",
            postgresql_include=["late_seconds"], postgresql_where=text("late_seconds > 0"),
        ),
    )  # fmt: skip


class SlaSum(Model):
    """How many promises of a clock ended in a span of days, told by something; what changed since is in OutcomeChange.

    `by` is policy (`value` is its id), priority, organization or assignee ("none" where there is none), summed by
    `span` ten, month and quarter (rules/spans.py); or "late", by day: `value` is "0" for what was kept, else the step
    of lateness counted from 1. `first` is the span's first day.
    """

    __tablename__ = "sla_sums"

    by: Mapped[str]
    clock: Mapped[str]
    span: Mapped[str]
    first: Mapped[date]
    value: Mapped[str]
    ended: Mapped[int]
    broken: Mapped[int]

    __table_args__ = (
        PrimaryKeyConstraint("by", "clock", "span", "first", "value", postgresql_include=["ended", "broken"]),
        Index("ix_sla_sums_empty", "by", postgresql_where=text("ended = 0")),
    )


class OutcomeChange(Model):
    """An outcome that came (`change` 1) or went (-1) and is in no sum yet.

    A trigger on the outcomes writes them in the transaction that changes these, whoever does it, a deleted ticket's
    among them; actions/sums.py takes them away as it adds them up.
    """

    __tablename__ = "sla_outcome_changes"

    id: Mapped[intpk]
    change: Mapped[int]
    clock: Mapped[str]
    day: Mapped[date]
    policy_id: Mapped[int] = mapped_column(BigInteger)
    priority: Mapped[str | None]
    organization: Mapped[str | None]
    assignee: Mapped[str | None]
    late_seconds: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_sla_outcome_changes_clock_day", "clock", "day"),)
