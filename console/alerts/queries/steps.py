"""The neighbours of an alert in the list that its reader came from: by keyset, at any depth."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, literal, select, tuple_

from console.alerts.models import Alert
from console.alerts.queries.counts import Capped, counts
from console.alerts.queries.filters import WORST_FIRST, AlertFilter, narrowed, searching
from console.alerts.queries.lists import Sort, in_state
from console.alerts.rules.states import Status
from console.infra.db import db
from console.infra.paging import encode

# Nobody steps to the thousandth; counting that far costs a millisecond.
FAR = 1_000


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
    total = counts(wanted.only(status), now)[status]
    here = encode(int(alert.severity), alert.last_seen.isoformat(), alert.id)
    after = in_state(status, wanted.only(status), now, limit=1, cursor=here).items
    number = _number(alert, wanted.only(status), now) if alert.state.at(now).status is status else None
    return Place(status, number, total, _before(alert, wanted.only(status), now), after[0].id if after else None)


def _before(alert: Alert, wanted: AlertFilter, now: datetime) -> int | None:
    """The last of what comes before: of the alert's own severity, else of the next worse that has any."""
    for severity in reversed(wanted.severities or WORST_FIRST):
        if severity >= alert.severity:
            same = severity is alert.severity
            here = encode(alert.last_seen.isoformat(), alert.id) if same else None
            narrow = replace(wanted, severities=(severity,))
            found = in_state(wanted.statuses[0], narrow, now, limit=1, cursor=here, sort=Sort.OLDEST).items
            if found:
                return found[0].id
    return None


def _number(alert: Alert, wanted: AlertFilter, now: datetime) -> int | None:
    here = tuple_(Alert.severity, Alert.last_seen, Alert.id)
    rows = narrowed(select(literal(1)).select_from(Alert), wanted, now).where(
        Alert.status == wanted.statuses[0],
        Alert.silenced.in_((False, True)),
        here > tuple_(int(alert.severity), alert.last_seen, alert.id),
    )
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    with searching(wanted):
        before = db.session.scalar(select(func.count()).select_from(rows.limit(FAR).subquery())) or 0
    return before + 1 if before < FAR else None
