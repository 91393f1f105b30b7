"""The neighbours of an alert in the list that its reader came from: by keyset, at any depth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    SmallInteger,
    column,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    values,
)

from console.alerts.models import Alert
from console.alerts.queries.counts import Capped
from console.alerts.queries.filters import WORST_FIRST, AlertFilter, narrowed, searching
from console.alerts.queries.gather import Found, Reading
from console.alerts.rules.states import Status
from console.infra.db import db

# Nobody steps to the thousandth; counting that far costs a millisecond.
FAR = 1_000
KEY = tuple_(Alert.severity, Alert.last_seen, Alert.id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert stands in a group of the list.

    `number` counts from 1; None when the alert has left the group, or lies beyond FAR. `before` and `after` are the ids
    of its neighbours; they are there as well when it has left.
    """

    status: Status
    number: int | None
    total: Capped
    before: int | None
    after: int | None


def place(alert: Alert, status: Status, wanted: AlertFilter, now: datetime) -> Place:
    """The alert's place among those of a state that match a filter. Raises Invalid for a bad or endless `q`."""
    reading = Reading(wanted.only(status), now)
    within = alert.state.at(now).status is status
    if reading.found is not None:
        return _among(alert, status, [one for one in reading.found if one.status is status], within=within)
    narrow = reading.narrow
    with searching(narrow, walking=True):
        before, after = db.session.execute(_neighbours(alert, status, narrow, now)).one()
        number, total = db.session.execute(_numbers(alert, status, narrow, now)).one()
    told = number + 1 if within and number < FAR else None
    return Place(status, told, Capped(min(total, FAR), total > FAR), before, after)


def _among(alert: Alert, status: Status, found: Sequence[Found], *, within: bool) -> Place:
    """The same of what a search has gathered."""
    here = (alert.severity, alert.last_seen, alert.id)
    keys = [(one.severity, one.last_seen, one.id) for one in found]
    before, after = [key for key in keys if key > here], [key for key in keys if key < here]
    number = len(before) + 1 if within and len(before) < FAR else None
    ends = min(before)[2] if before else None, max(after)[2] if after else None
    return Place(status, number, Capped(len(found), more=False), *ends)


def _neighbours(alert: Alert, status: Status, wanted: AlertFilter, now: datetime) -> Select[Any]:
    """One probe of the list's index for each of its runs, and of what they find the nearest."""
    runs = values(column("severity", SmallInteger), column("silenced", Boolean), name="runs").data(
        [(int(s), silenced) for s in wanted.severities or WORST_FIRST for silenced in _silenced(wanted)]
    )
    same = tuple_(Alert.last_seen, Alert.id)

    key: tuple[Any, ...] = (Alert.severity, Alert.last_seen, Alert.id)
    places: Select[Any] = select(*key)

    def nearest(run: ColumnElement[bool], beyond: ColumnElement[bool], *, falling: bool) -> Any:
        order = (Alert.last_seen.desc(), Alert.id.desc()) if falling else (Alert.last_seen, Alert.id)
        one = (
            narrowed(places, wanted, now)
            .where(Alert.status == status, Alert.severity == runs.c.severity, Alert.silenced == runs.c.silenced)
            .where(or_(runs.c.severity != int(alert.severity), beyond))
            .order_by(*order)
            .limit(1)
            .correlate(runs)
            .lateral("one")
        )
        rows = select(one.c.id).select_from(runs.join(one, true())).where(run)
        sort = (one.c.severity, one.c.last_seen, one.c.id)
        return rows.order_by(*(one_.desc() if falling else one_ for one_ in sort)).limit(1).scalar_subquery()

    at = tuple_(alert.last_seen, alert.id)
    before = nearest(runs.c.severity >= int(alert.severity), same > at, falling=False)
    after = nearest(runs.c.severity <= int(alert.severity), same < at, falling=True)
    return select(before, after)


def _numbers(alert: Alert, status: Status, wanted: AlertFilter, now: datetime) -> Select[Any]:
    """How many come before it and how many there are, each counted to FAR and no further."""
    rows = narrowed(select(literal(1)).select_from(Alert), wanted, now).where(
        Alert.status == status, Alert.silenced.in_(_silenced(wanted))
    )
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    ahead = rows.where(tuple_(int(alert.severity), alert.last_seen, alert.id) < KEY).limit(FAR)
    return select(_counted(ahead), _counted(rows.limit(FAR + 1)))


def _counted(rows: Select[Any]) -> Any:
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def _silenced(wanted: AlertFilter) -> tuple[bool, ...]:
    return (False, True) if wanted.silenced is None else (wanted.silenced,)
