"""One alert: the row and its history."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from console.alerts.models import Alert, AlertHistory
from console.alerts.queries import merges
from console.alerts.rules.states import Status
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.infra.paging import Page, decode, page_of


def get(alert_id: int) -> Alert:
    """The alert with what is told of it; raises NotFound."""
    return _one(alert_id, lock=False)


def get_for_change(alert_id: int) -> Alert:
    """The alert, locked until the transaction ends, so that two people do not both change it.

    Raises NotFound, and Conflict for what is merged: what is to be done is done to the alert that stands for it.
    """
    alert = get_locked(alert_id)
    if alert.status is Status.MERGED:
        into = merges.find(alert_id)
        raise Conflict(f"#{alert_id} is merged into #{into.target_id if into else 'another'}. Nothing was changed.")
    return alert


def get_locked(alert_id: int) -> Alert:
    """The alert, merged or not, locked until the transaction ends; raises NotFound."""
    return _one(alert_id, lock=True)


def _one(alert_id: int, *, lock: bool) -> Alert:
    rows = select(Alert).where(Alert.id == alert_id).options(joinedload(Alert.detail, innerjoin=True))
    if lock:
        rows = rows.with_for_update(of=Alert, key_share=True).execution_options(populate_existing=True)
    alert = db.session.scalar(rows) if 0 < alert_id < 2**63 else None
    if alert is None:
        raise NotFound(f"There is no alert {alert_id}.")
    return alert


def history(alert_id: int, *, limit: int, cursor: str | None = None) -> Page[AlertHistory]:
    """What happened to an alert and who noted what, newest first; raises Invalid for a bad cursor."""
    rows = select(AlertHistory).where(AlertHistory.alert_id == alert_id).order_by(AlertHistory.id.desc())
    if cursor:
        rows = rows.where(AlertHistory.id < decode(cursor, int)[0])
    return page_of(list(db.session.scalars(rows.limit(limit + 1))), limit, lambda h: (h.id,))
