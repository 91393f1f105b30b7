"""One alert: all failures of one cause in one service and environment."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.alerts.models.ranked import Ranked
from console.alerts.rules.states import Severity, State, Status
from console.infra.db import Model, intpk

LIST_ORDER = ("status", "silenced", "severity", "last_seen", "id")

TASK_LENGTH = 200


def task_line(words: Any) -> ColumnElement[str]:
    """The line below the title in `AlertDetail.text`, as its index has it: the task, or else the message's first."""
    line = func.split_part(words, literal_column(r"E'\n'"), literal_column("2"))
    return func.left(line, literal_column(str(TASK_LENGTH)))


class Alert(Model):
    """What is counted, sorted and filtered; kept narrow, since each failure rewrites the row.

    `count` counts all failures, `count_since_open` those since the alert was last opened at `opened_at`. `assignee` is
    an e-mail address, not a key: an alert keeps saying who had it after the account has gone. `silence_id` is a silence
    that mutes it, kept by `actions/muting.py` for lists; whether people are told is asked of the silences themselves.
    """

    __tablename__ = "alerts"

    id: Mapped[intpk]
    service: Mapped[str]
    environment: Mapped[str]
    fingerprint: Mapped[str]
    task: Mapped[str]
    exception_type: Mapped[str | None]
    title: Mapped[str]
    severity: Mapped[Severity] = mapped_column(Ranked(Severity))
    status: Mapped[Status] = mapped_column(Ranked(Status))
    source: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)
    count_since_open: Mapped[int] = mapped_column(BigInteger)
    reopened_count: Mapped[int] = mapped_column(server_default=text("0"))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    opened_at: Mapped[datetime]
    assignee: Mapped[str | None]
    acknowledged_by: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    before_snooze: Mapped[Status | None] = mapped_column(Ranked(Status))
    resolved_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    silence_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("silences.id", ondelete="SET NULL"))
    silenced: Mapped[bool] = mapped_column(Computed("silence_id IS NOT NULL", persisted=True))

    detail: Mapped["AlertDetail"] = relationship(back_populates="alert", lazy="select", passive_deletes=True)

    # One index for each filter, in the order of the list, so that every page is a handful of short index scans. What an
    # index includes is for two filters at once.
    __table_args__ = (
        UniqueConstraint("service", "environment", "fingerprint"),
        Index(None, *LIST_ORDER),
        Index(None, "service", *LIST_ORDER, postgresql_include=["environment"]),
        Index(None, "environment", *LIST_ORDER),
        Index("ix_alerts_assignee", "assignee", *LIST_ORDER, postgresql_include=["service", "environment"]),
        Index("ix_alerts_count", "count", postgresql_where=text("count >= 100")),
        Index("ix_alerts_source", "source", postgresql_where=text("source <> 'api'")),
        # What Sentry says of an issue names no service or environment.
        Index("ix_alerts_sentry", "fingerprint", postgresql_where=text("source = 'sentry'")),
        Index("ix_alerts_silence_id", "silence_id", postgresql_where=text("silence_id IS NOT NULL")),
        Index("ix_alerts_snoozed_until", "snoozed_until", postgresql_where=text("snoozed_until IS NOT NULL")),
    )

    @property
    def state(self) -> State:
        """What the rules need, as stored; `state.at(now)` is the truth at an instant."""
        return State(self.status, self.severity, self.before_snooze, self.snoozed_until)

    @property
    def message(self) -> str | None:
        """The message of the failure that opened the alert."""
        return self.detail.message

    @property
    def tags(self) -> dict[str, Any]:
        """Every tag seen, with its newest value."""
        return self.detail.tags

    @property
    def runbook_url(self) -> str | None:
        """What to do about it, if a failure said so."""
        return self.detail.runbook_url


class AlertDetail(Model):
    """What is shown and searched but never sorted by.

    Apart from `alerts`, because PostgreSQL would write the trigram index anew at each counted failure. `text` holds
    title, task and message; migrations add the index of its `task_line`, and of its trigrams where pg_trgm can be had.
    """

    __tablename__ = "alert_details"

    alert_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    message: Mapped[str | None]
    runbook_url: Mapped[str | None]
    tags: Mapped[dict[str, Any]]
    text: Mapped[str]

    alert: Mapped[Alert] = relationship(back_populates="detail")

    __table_args__ = (
        Index("ix_alert_details_tags", "tags", postgresql_using="gin", postgresql_ops={"tags": "jsonb_path_ops"}),
    )
