"""Alerts that may be the same problem as another, for who wants to merge them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Boolean, SmallInteger, column, select, true, values

from console.alerts.models import Alert
from console.alerts.rules.states import LISTED, Severity
from console.infra.db import db

# Of each state so many of the service's newest are looked at: a stretch of the list's index.
LOOKED_AT = 60
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Alike:
    """Another alert of the service, and what is the same: "same task", "same type", or nothing."""

    alert: Alert
    why: tuple[str, ...]


def alike(alert: Alert) -> list[Alike]:
    """Other alerts of its service and environment, those with the same task or type first, then the newest."""
    runs = [
        (int(status), silenced, severity) for status in LISTED for silenced in (False, True) for severity in Severity
    ]
    places = values(column("status", SmallInteger), column("silenced", Boolean), column("severity", SmallInteger))
    run = places.data([(status, silenced, int(severity)) for status, silenced, severity in runs]).alias("run")
    # The environment is asked of what was found: within, it would tempt the planner to another index.
    heads = (
        select(Alert.id)
        .where(Alert.service == alert.service, Alert.status == run.c.status, Alert.silenced == run.c.silenced)
        .where(Alert.severity == run.c.severity)
        .order_by(Alert.last_seen.desc(), Alert.id.desc())
        .limit(LOOKED_AT)
        .correlate(run)
        .lateral("heads")
    )
    rows = select(Alert).select_from(run.join(heads, true()).join(Alert, Alert.id == heads.c.id))
    rows = rows.where(Alert.environment == alert.environment, Alert.id != alert.id)
    found = [Alike(other, _why(alert, other)) for other in db.session.scalars(rows)]
    return sorted(found, key=lambda one: (-len(one.why), -one.alert.last_seen.timestamp()))[:SHOWN]


def all_of(ids: Sequence[int]) -> Sequence[Alert]:
    """The alerts of these ids that stand on their own, the worst first, then those that came most often."""
    rows = select(Alert).where(Alert.id.in_(ids), Alert.status.in_(LISTED))
    return db.session.scalars(rows.order_by(Alert.severity.desc(), Alert.count.desc(), Alert.id)).all()


def _why(alert: Alert, other: Alert) -> tuple[str, ...]:
    same_type = alert.exception_type is not None and other.exception_type == alert.exception_type
    same = ("same task", other.task == alert.task), ("same type", same_type)
    return tuple(words for words, is_same in same if is_same)
