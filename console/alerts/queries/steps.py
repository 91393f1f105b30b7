"""The neighbours of an alert in the list that its reader came from: by keyset, at any depth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Select,
    SmallInteger,
    column,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from console.alerts.models import Alert
from console.alerts.queries.counts import Capped
from console.alerts.queries.filters import WORST_FIRST, AlertFilter, narrowed, searching
from console.alerts.queries.gather import Found, Reading, instant
from console.alerts.rules.states import Severity, Status
from console.infra.db import db

# Nobody steps to the thousandth; counting that far costs a millisecond.
FAR = 1_000
# Where each alert that is counted costs a look at its words.
NEAR = 100
# Before and after all that is listed: an instant and an id.
START, END = (datetime.min.replace(tzinfo=UTC), 0), (datetime.max.replace(tzinfo=UTC), 2**63 - 1)
KEY = tuple_(Alert.severity, Alert.last_seen, Alert.id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert stands in a group of the list.

    `number` counts from 1; None when the alert has left the group, or lies beyond what is counted. `before`
    and `after` are the ids of its neighbours; they are there as well when it has left.
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
        return _among(alert, status, [one for one in reading.found if one.status == status], within=within)
    narrow, far = reading.narrow, FAR if not reading.narrow.searches else NEAR
    with searching(narrow, walking=True):
        asked = (*_neighbours(alert, status, narrow, now), *_numbers(alert, status, narrow, now, far))
        before, after, number, total = db.session.execute(select(*asked)).one()
    told = number + 1 if within and number < far else None
    return Place(status, told, Capped(min(total, far), total > far), before, after)


def _among(alert: Alert, status: Status, found: Sequence[Found], *, within: bool) -> Place:
    """The same of what a search has gathered."""
    here = (alert.severity, instant(alert.last_seen), alert.id)
    keys = [(one.severity, one.seen, one.id) for one in found]
    before, after = [key for key in keys if key > here], [key for key in keys if key < here]
    number = len(before) + 1 if within and len(before) < FAR else None
    ends = min(before)[2] if before else None, max(after)[2] if after else None
    return Place(status, number, Capped(len(found), more=False), *ends)


def _neighbours(alert: Alert, status: Status, wanted: AlertFilter, now: datetime) -> tuple[Any, Any]:
    """One probe of the list's index for each of its runs, and of what they find the nearest."""
    key: tuple[Any, ...] = (Alert.severity, Alert.last_seen, Alert.id)
    places: Select[Any] = narrowed(select(*key), wanted, now).where(Alert.status == status)

    def nearest(severities: Iterable[Severity], *, falling: bool) -> Any:
        runs = _runs(alert, severities, _silenced(wanted), END if falling else START)
        bound, at = tuple_(runs.c.at, runs.c.id), tuple_(Alert.last_seen, Alert.id)
        order = (Alert.last_seen.desc(), Alert.id.desc()) if falling else (Alert.last_seen, Alert.id)
        one = (
            places.where(Alert.severity == runs.c.severity, Alert.silenced == runs.c.silenced)
            .where(at < bound if falling else at > bound)
            .order_by(*order)
            .limit(1)
            .correlate(runs)
            .lateral()
        )
        sort = (one.c.severity, one.c.last_seen, one.c.id)
        rows = select(one.c.id).select_from(runs.join(one, true()))
        return rows.order_by(*(part.desc() if falling else part for part in sort)).limit(1).scalar_subquery()

    shown = wanted.severities or WORST_FIRST
    before = nearest((one for one in shown if one >= alert.severity), falling=False)
    return before, nearest((one for one in shown if one <= alert.severity), falling=True)


def _runs(alert: Alert, severities: Iterable[Severity], silenced: Sequence[bool], end: tuple[datetime, int]) -> Any:
    """The stretches of the list's index, each with the place at which it is entered.

    The alert's own is entered beside it, the others at their `end`. The bound goes with the run because a condition
    that asks which run it is would have the run read from its beginning.
    """
    here = alert.last_seen, alert.id
    rows = [(int(s), quiet, *(here if s is alert.severity else end)) for s in severities for quiet in silenced]
    kinds: dict[str, Any] = {
        "severity": SmallInteger(),
        "silenced": Boolean(),
        "at": DateTime(timezone=True),
        "id": BigInteger(),
    }
    given: list[Any] = [literal([row[place] for row in rows], ARRAY(kind)) for place, kind in enumerate(kinds.values())]
    columns: list[Any] = [column(name, kind) for name, kind in kinds.items()]
    return func.unnest(*given).table_valued(*columns).render_derived()


def _numbers(alert: Alert, status: Status, wanted: AlertFilter, now: datetime, far: int) -> tuple[Any, Any]:
    """How many come before it and how many there are, each counted to `far` and no further."""
    rows = narrowed(select(literal(1)).select_from(Alert), wanted, now).where(
        Alert.status == status, Alert.silenced.in_(_silenced(wanted))
    )
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    ahead = rows.where(tuple_(int(alert.severity), alert.last_seen, alert.id) < KEY).limit(far)
    return _counted(ahead), _counted(rows.limit(far + 1))


def _counted(rows: Select[Any]) -> Any:
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def _silenced(wanted: AlertFilter) -> tuple[bool, ...]:
    return (False, True) if wanted.silenced is None else (wanted.silenced,)
