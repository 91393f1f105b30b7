"""What was done to many alerts at once, and how each was before: what an undo needs."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk


class BulkChange(Model):
    """One verb for many alerts. `order` is what was asked for; `matched` for how many, `changed` how many it changed.

    `job_id` is the job that does it, where it is too much for a page; `finished_at` its end. `undone` counts the alerts
    that an undo put back.
    """

    __tablename__ = "bulk_changes"

    id: Mapped[intpk]
    by: Mapped[str]
    at: Mapped[datetime]
    order: Mapped[dict[str, Any]]
    matched: Mapped[int]
    changed: Mapped[int]
    job_id: Mapped[Any] = mapped_column(Uuid, nullable=True)
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone: Mapped[int]


class BulkEntry(Model):
    """An alert of a bulk change: as it was, and as the change left it. Both are NULL until its turn has come."""

    __tablename__ = "bulk_entries"

    bulk_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("bulk_changes.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    alert_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    before: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    after: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)

    __table_args__ = (Index(None, "alert_id"),)
