"""What became of each promise, as reports tell it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model


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
