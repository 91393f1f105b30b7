"""The state an alert is truly in: a snooze that has run out is over before the job that writes it down has run."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_

from console.alerts.models import Alert
from console.alerts.rules.states import Status
from console.infra.db import db


def standing(status: Status, now: datetime) -> ColumnElement[bool]:
    """The alerts that are in `status` at `now`."""
    if status is Status.SNOOZED:
        return and_(Alert.status == status, Alert.snoozed_until > now)
    return or_(Alert.status == status, and_(Alert.snoozed_until <= now, Alert.before_snooze == status))


def anything_waking(now: datetime) -> bool:
    """Whether any snooze has run out and is not written down yet: hardly ever, and one index probe tells."""
    return bool(db.session.scalar(exists().where(Alert.snoozed_until <= now).select()))
