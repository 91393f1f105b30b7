"""Changes of many alerts: one to undo, those under way."""

from collections.abc import Sequence

from sqlalchemy import select

from console.alerts.models import BulkChange
from console.infra.db import db
from console.infra.errors import NotFound


def bulk_for_change(bulk_id: int) -> BulkChange:
    """One, locked; raises NotFound."""
    rows = select(BulkChange).where(BulkChange.id == bulk_id).with_for_update()
    found = db.session.scalars(rows.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("There is no such change of many alerts.")
    return found


def under_way() -> Sequence[BulkChange]:
    """Those that a job is making now."""
    return db.session.scalars(select(BulkChange).where(BulkChange.finished_at.is_(None)).order_by(BulkChange.id)).all()
