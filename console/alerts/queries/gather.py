"""What a search finds, gathered once: few alerts are then put in order here, many are met by walking the list.

A walk in the list's order ends early when most alerts match and never when hardly any do; gathering is the reverse. So
up to MOST are gathered first, in whatever order is cheapest, and their number decides.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, SmallInteger, and_, case, cast, extract, func, or_, select, type_coerce

from console.alerts.models import Alert
from console.alerts.queries.filters import AlertFilter, TooSlow, lifted, narrowed, searching
from console.alerts.queries.standing import anything_waking, standing
from console.alerts.rules.states import Status
from console.infra.db import db

MOST = 5_000
# Milliseconds: beyond, no index answers the search, and walking is the better bet.
GATHER_MS = 400
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Found(NamedTuple):
    """What a list needs to order and count an alert; numbers, since a search may find thousands.

    `status` and `severity` are ranks, the status the one it is truly in; `seen` is `last_seen` as `instant` gives it.
    """

    id: int
    status: int
    severity: int
    seen: int
    assigned: bool


def instant(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


@dataclass(frozen=True)
class Reading:
    """One look at the alerts of a filter at an instant; what several queries of a page share is asked once."""

    wanted: AlertFilter
    now: datetime

    @cached_property
    def narrow(self) -> AlertFilter:
        """The filter with what its search says of the list's own fields lifted into them."""
        return lifted(self.wanted)

    @cached_property
    def waking(self) -> bool:
        """Whether any snooze has run out and is not written down yet."""
        return anything_waking(self.now)

    def also(self, wanted: AlertFilter) -> "Reading":
        """Another filter at the same instant."""
        return Reading(wanted, self.now).knowing(waking=self.waking)

    def knowing(self, *, waking: bool) -> "Reading":
        """The same, which need not ask whether a snooze has run out."""
        self.__dict__["waking"] = waking
        return self

    @cached_property
    def found(self) -> list[Found] | None:
        """All that a search finds, in no order; None when they are more than MOST, or when nothing is searched for."""
        return _gather(self.narrow, self.now) if self.narrow.searches else None


def _gather(wanted: AlertFilter, now: datetime) -> list[Found] | None:
    woken = and_(Alert.status == Status.SNOOZED, Alert.snoozed_until <= now)
    status = case((woken, Alert.before_snooze), else_=Alert.status)
    # Plain numbers: an enum and a datetime for each of thousands would cost more than finding them.
    seen = cast(extract("epoch", Alert.last_seen) * 1_000_000, BigInteger).label("seen")
    ranks = type_coerce(status, SmallInteger).label("status"), type_coerce(Alert.severity, SmallInteger)
    columns: tuple[Any, ...] = (Alert.id, *ranks, seen, Alert.assignee.is_not(None).label("assigned"))
    rows = narrowed(select(*columns), wanted, now)
    if wanted.statuses:
        rows = rows.where(or_(*(standing(one, now) for one in wanted.statuses)))
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    gathered = rows.limit(MOST + 1).cte("gathered")
    number = select(func.count().label("number")).select_from(gathered).subquery("number")
    # One row alone says how many there are, when they are too many to be worth sending.
    told = select(number.c.number, gathered).select_from(number.outerjoin(gathered, number.c.number <= MOST))
    try:
        with searching(wanted, within=GATHER_MS):
            found = db.session.execute(told).all()
    except TooSlow:
        return None
    return [Found._make(row[1:]) for row in found if row[1] is not None] if found[0].number <= MOST else None
