"""What is to be told: changes of alerts not looked at yet, and alerts that need somebody."""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from console.alerts.models.ranked import Ranked
from console.alerts.rules.states import Severity
from console.infra.db import Model, intpk

# Beside the events of alerts: a message that was to be sent was not, because a silence had begun.
WITHHELD: Final = "withheld"


class News(Model):
    """An alert changed. Written with the change, in the same transaction, and gone once it was looked at."""

    __tablename__ = "alert_news"

    id: Mapped[intpk]
    alert_id: Mapped[int] = mapped_column(BigInteger)
    event: Mapped[str]


class Notice(Model):
    """One opening of an alert, from when people are first told of it until somebody has it.

    `opening` counts per alert. `rule` is the name of the rule that decided last, None when none matched: then nobody
    was told. `next_step_at` is when the next reminder is due, None when none is. `held`: a silence mutes the alert, and
    `next_step_at` is when it ends; `step` is -1 until the first step was made.
    `spell_id` is the spell of flapping that people know of and have not been told the end of.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("alert_id", "opening"),
        Index("ix_notices_next_step_at", "next_step_at", postgresql_where=text("next_step_at IS NOT NULL")),
        Index("ix_notices_unmatched", "started_at", postgresql_where=text("rule IS NULL")),
    )

    id: Mapped[intpk]
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    opening: Mapped[int]
    opened_at: Mapped[datetime]
    severity: Mapped[Severity] = mapped_column(Ranked(Severity))
    rule: Mapped[str | None]
    step: Mapped[int]
    next_step_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    held: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    spell_id: Mapped[int | None] = mapped_column(BigInteger)


class OutwardBeat(Model):
    """The last outward heartbeat: one row. `error` says why the last one was not sent, or was not heard."""

    __tablename__ = "outward_beat"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tried_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]
    error: Mapped[str | None]
