"""The rebuilds of clocks that edits of calendars and policies have asked for; the newest makes all others moot."""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk

LAST: Final = 2**63 - 1


class Rebuild(Model):
    """One rebuild of all open tickets. `why` reads like "calendar office"; counts are of what was really done.

    `after_id` is the last ticket counted. A rebuild of many goes on at two places at once: up to `middle_id`, and
    behind it, where `after_middle_id` is the last one; that is LAST when nothing is left there.
    """

    __tablename__ = "sla_rebuilds"

    id: Mapped[intpk]
    why: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    # No foreign key: the job's row is pruned long before the rebuild.
    job_id: Mapped[uuid.UUID | None]
    after_id: Mapped[int] = mapped_column(BigInteger, default=0)
    middle_id: Mapped[int | None] = mapped_column(BigInteger)
    after_middle_id: Mapped[int | None] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    breached: Mapped[int] = mapped_column(default=0)
    rescued: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
