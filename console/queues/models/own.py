"""What the room remembers: the timetable as it was last kept, and which of RQ's failures were told."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model


class Schedule(Model):
    """One line of the timetable. Slots before `first_seen_at` are never made up for."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(primary_key=True)
    rhythm: Mapped[str]
    job: Mapped[str]
    first_seen_at: Mapped[datetime]
    last_slot_at: Mapped[datetime | None]
    next_slot_at: Mapped[datetime | None]
    # No foreign key: the job's row is pruned long before its schedule.
    last_job_id: Mapped[uuid.UUID | None]


class RqCursor(Model):
    """How far a queue's failed registry in Redis was followed.

    `top` is the highest score told, `size` how many of its entries are in `rq_seen`.
    """

    __tablename__ = "rq_cursors"

    queue: Mapped[str] = mapped_column(primary_key=True)
    top: Mapped[float]
    size: Mapped[int]


class RqSeen(Model):
    """An entry of a failed registry that was told; `score` tells a later failure of the same job from this one."""

    __tablename__ = "rq_seen"

    queue: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(primary_key=True)
    score: Mapped[float]
