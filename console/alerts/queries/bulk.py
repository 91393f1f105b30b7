"""Changes of many alerts: one to undo, those under way."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from console.alerts.models import BulkChange
from console.infra.db import db
from console.infra.errors import NotFound

LAST = 2**63 - 1


def bulk_change(bulk_id: int) -> BulkChange:
    """One; raises NotFound."""
    return _one(select(BulkChange), bulk_id)


def bulk_for_change(bulk_id: int) -> BulkChange:
    """One, locked; raises NotFound."""
    return _one(select(BulkChange).with_for_update().execution_options(populate_existing=True), bulk_id)


def _one(rows: Select[Any], bulk_id: int) -> BulkChange:
    found: BulkChange | None = None
    if bulk_id <= LAST:
        found = db.session.scalars(rows.where(BulkChange.id == bulk_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such change of many alerts.")
    return found


def under_way() -> Sequence[BulkChange]:
    """Those that a job is making now."""
    return db.session.scalars(select(BulkChange).where(BulkChange.finished_at.is_(None)).order_by(BulkChange.id)).all()
