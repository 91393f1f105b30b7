"""What changes in this room."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from console.infra.db import db
from console.queues.models import Schedule


def keep_schedule(name: str, rhythm: str, job: str, *, at: datetime) -> Schedule:
    """The timetable's line of this name, made at its first sight and locked for the caller."""
    line = insert(Schedule).values(name=name, rhythm=rhythm, job=job, first_seen_at=at)
    db.session.execute(
        line.on_conflict_do_update(index_elements=["name"], set_={"rhythm": rhythm, "job": job}),
    )
    return db.session.scalars(select(Schedule).where(Schedule.name == name).with_for_update()).one()
