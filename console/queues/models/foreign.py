"""What the room remembers of other people's jobs: which failures were told, and what was asked to be done with them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk


class RqCursor(Model):
    """How far a queue's failed registry on a broker was followed.

    `top` is the highest score told, `size` how many of its entries are in `rq_seen`, `total` how many it held at
    `looked_at`; `trouble` says why it could not be read then.
    """

    __tablename__ = "rq_cursors"

    broker: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(primary_key=True)
    top: Mapped[float]
    size: Mapped[int]
    total: Mapped[int] = mapped_column(server_default=text("0"))
    trouble: Mapped[str | None]
    looked_at: Mapped[datetime | None]


class RqSeen(Model):
    """An entry of a failed registry that was told; `score` tells a later failure of the same job from this one."""

    __tablename__ = "rq_seen"

    broker: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(primary_key=True)
    score: Mapped[float]

    # An alert knows the ids of its jobs; here it says on which broker they are.
    __table_args__ = (Index(None, "job_id"),)


class RqOrder(Model):
    """What somebody asked to be done with failed jobs of others. `job_id` is our job that does it.

    `outcomes` and `ends` count its jobs by what became of them, so that no page has to.
    """

    __tablename__ = "rq_orders"

    id: Mapped[intpk]
    action: Mapped[str]
    # No foreign keys: an order outlives its alert, and the row of the job that carried it out.
    alert_id: Mapped[int | None] = mapped_column(BigInteger)
    job_id: Mapped[uuid.UUID | None]
    jobs: Mapped[int]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    outcomes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    ends: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    __table_args__ = (
        CheckConstraint("action IN ('requeue', 'delete')", name="action"),
        Index("ix_rq_orders_alert_id", "alert_id", "id"),
    )


class RqOrderJob(Model):
    """One job of an order. `outcome` is what became of the move, `ended` what became of the job that runs again.

    `traceless` jobs leave nothing in Redis when they succeed.
    """

    __tablename__ = "rq_order_jobs"

    order_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("rq_orders.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    broker: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str | None]
    why: Mapped[str | None]
    traceless: Mapped[bool] = mapped_column(server_default=false())
    at: Mapped[datetime | None]
    ended: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_rq_order_jobs_open",
            "broker",
            "job_id",
            unique=True,
            postgresql_where=text("outcome IS NULL OR outcome = 'trying'"),
        ),
        Index(
            "ix_rq_order_jobs_awaited",
            "broker",
            "order_id",
            "job_id",
            postgresql_where=text("outcome = 'requeued' AND ended IS NULL"),
        ),
    )
