"""What joins alerts: merges made by hand, and what their failures have in common."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from console.alerts.models.ranked import Ranked
from console.alerts.rules.states import Severity, State, Status
from console.infra.db import Model


class AlertMerge(Model):
    """One alert that is merged into another: where its fingerprint leads, and what unmerging gives back.

    The alert's own row goes on counting its own failures. `status` to `resolved_at` are as it stood before; of its
    count, `count_then` had come by then, and what exceeds `counted_from` is in the target's `count_since_open`. The
    target's own first and last failure, without those of its merges, were `target_first_seen` and `target_last_seen`.
    """

    __tablename__ = "alert_merges"

    alert_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    target_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"))
    # The identity of the merged alert, so that ingest finds the target in this table, which stays small.
    service: Mapped[str]
    environment: Mapped[str]
    fingerprint: Mapped[str]
    merged_at: Mapped[datetime]
    merged_by: Mapped[str]
    status: Mapped[Status] = mapped_column(Ranked(Status))
    severity: Mapped[Severity] = mapped_column(Ranked(Severity))
    before_snooze: Mapped[Status | None] = mapped_column(Ranked(Status))
    snoozed_until: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    count_then: Mapped[int] = mapped_column(BigInteger)
    counted_from: Mapped[int] = mapped_column(BigInteger)
    target_first_seen: Mapped[datetime]
    target_last_seen: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("service", "environment", "fingerprint"),
        Index(None, "target_id", "alert_id"),
    )

    @property
    def state(self) -> State:
        """How the alert stood when it was merged."""
        return State(self.status, self.severity, self.before_snooze, self.snoozed_until)


class Trait(IntEnum):
    """What failures of different alerts can have in common."""

    RELEASE = 1
    HOST = 2


class AlertTrait(Model):
    """A release or host that failures of an alert named, and when the first of them occurred.

    Written once for each: what joins alerts is found without reading their failures.
    """

    __tablename__ = "alert_traits"

    alert_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[Trait] = mapped_column(Ranked(Trait), primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]

    __table_args__ = (Index(None, "kind", "value", "first_at"),)
