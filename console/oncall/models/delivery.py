"""What became of telling: one row for each step and recipient, and one for each try."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk


class DeliveryState(StrEnum):
    """Where a delivery stands; the last three are the end."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class Purpose(StrEnum):
    """Why something is sent: an alert, or somebody trying a channel out."""

    ALERT = "alert"
    TEST = "test"


class Delivery(Model):
    """One step of an opening, told to one recipient of one channel; the unique key is why nobody is told twice.

    `uid` names it to the outside. `message_uid` is the message it went out in, shared by `together` deliveries of a
    summary; a try whose end nobody saw is repeated under the same one, so that a receiver can tell.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("alert_id", "opening", "step", "channel_id", "recipient"),
        CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'skipped')", name="state"),
        CheckConstraint("news IN ('flapping', 'settled')", name="news"),
        CheckConstraint("(purpose = 'alert') = (alert_id IS NOT NULL)", name="purpose"),
        Index("ix_deliveries_due", "channel_id", "due_at", postgresql_where=text("state IN ('waiting', 'sending')")),
        Index("ix_deliveries_sent", "channel_id", "recipient", "sent_at", postgresql_where=text("state = 'sent'")),
        Index("ix_deliveries_message_uid", "message_uid", postgresql_where=text("state = 'sending'")),
        Index(None, "created_at"),
    )

    id: Mapped[intpk]
    uid: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    purpose: Mapped[str]
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    opening: Mapped[int | None]
    step: Mapped[int | None]
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id", ondelete="SET NULL"))
    channel_name: Mapped[str]
    kind: Mapped[str]
    recipient: Mapped[str]
    # That the alert flaps or has settled, and a sentence about it; None tells the alert itself.
    news: Mapped[str | None]
    why: Mapped[str | None]
    state: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    message_uid: Mapped[uuid.UUID | None]
    together: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]
    # When its one-tap link was used, and by whom.
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state not in {DeliveryState.WAITING, DeliveryState.SENDING}


class DeliveryAttempt(Model):
    """One try of a delivery. `outcome` is sent, failed, or lost when its worker died and nobody saw the end."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (CheckConstraint("outcome IN ('sent', 'failed', 'lost')", name="outcome"),)

    delivery_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    attempt: Mapped[int] = mapped_column(primary_key=True)
    message_uid: Mapped[uuid.UUID]
    together: Mapped[int]
    at: Mapped[datetime]
    seconds: Mapped[float | None]
    outcome: Mapped[str]
    detail: Mapped[str]
