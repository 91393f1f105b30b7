"""What the room remembers of our own jobs: the timetable as it was last kept."""

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
