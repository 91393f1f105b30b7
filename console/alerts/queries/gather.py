"""What a search finds, gathered once: few alerts are then put in order here, many are met by walking the list.

A walk in the list's order ends early when most alerts match and never when hardly any do; gathering is the reverse. So
up to MOST are gathered first, in whatever order is cheapest, and their number decides.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    ScalarSelect,
    Select,
    SmallInteger,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    not_,
    or_,
    select,
    tablesample,
    true,
    type_coerce,
)
from sqlalchemy.sql.visitors import replacement_traverse

from console.alerts.models import Alert, AlertDetail
from console.alerts.queries import search
from console.alerts.queries.filters import AlertFilter, TooSlow, lifted, narrowed, searching
from console.alerts.queries.hints import hinted
from console.alerts.queries.standing import anything_waking, standing
from console.alerts.rules.states import Status
from console.infra.db import db

MOST = 5_000
# Milliseconds: beyond, no index answers the search, and walking is the better bet.
GATHER_MS = 400
# Of a million texts some twenty blocks are looked at, the same ones each time. Where most of them have what is searched
# for, in alerts made at different times, there are far more than MOST.
SAMPLE, SEED, APART, COMMON = 0.1, 0, 1_000, 12
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


def _gather(narrow: AlertFilter, now: datetime) -> list[Found] | None:
    wanted = replace(narrow, rest=hinted(narrow.rest, now)) if narrow.rest else narrow
    told = _kept(wanted, MOST) if wanted.timeless and not wanted.statuses else _asked(wanted, MOST, now)
    try:
        with searching(wanted, within=GATHER_MS, blockwise=_only_words(wanted)):
            found = db.session.execute(told, {"now": now}).all()
    except TooSlow:
        return None
    return [Found._make(row[1:]) for row in found if row[1] is not None] if found[0][0] <= MOST else None


@lru_cache(256)
def _kept(wanted: AlertFilter, most: int) -> Select[Any]:
    # Kept: to put such a statement together takes longer than to carry it out.
    return _asked(wanted, most, EPOCH)


def _asked(wanted: AlertFilter, most: int, now: datetime) -> Select[Any]:
    return _words_first(wanted, most, now) if _only_words(wanted) else _at_once(wanted, most, now)


def _only_words(wanted: AlertFilter) -> bool:
    """Whether words and tags alone decide, and so how many hold them is known without a look at the alerts."""
    alone = AlertFilter(silenced=wanted.silenced, q=wanted.q, rest=wanted.rest)
    return wanted == alone and wanted.tree is not None and search.only_details(wanted.tree)


def _words_first(wanted: AlertFilter, most: int, now: datetime) -> Select[Any]:
    """What holds the words, and only if that is not too many the alerts of it: each is a look at its row."""
    holds = search.condition(wanted.tree, now) if wanted.tree else true()
    common = _common(holds)
    few = select(AlertDetail.alert_id).where(not_(common), holds).limit(most + 1).cte("few")
    held = select(func.count()).select_from(few).scalar_subquery()
    number = case((common, most + 1), else_=held)
    # As an array: blocks are then read in their order, several at a time, where they are not in memory.
    ids = func.array(select(few.c.alert_id).where(held <= most).scalar_subquery(), type_=ARRAY(BigInteger))
    gathered = _alerts(replace(wanted, q="", rest=None), now).where(Alert.id == func.any(ids)).subquery("gathered")
    one = select(number.label("number")).subquery("one")
    return select(one.c.number, gathered).select_from(one.outerjoin(gathered, true()))


def _common(holds: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Whether a glance at the texts finds it nearly everywhere: then nothing is gathered only to be dropped."""
    sample = tablesample(AlertDetail.__table__, func.system(SAMPLE), "sample", literal(SEED))

    def there(element: Any, **_: Any) -> Any:
        mine = isinstance(element, Column) and element.table is AlertDetail.__table__
        return sample.c[element.name] if mine else None

    found = replacement_traverse(holds, {}, there)
    times = func.count(func.distinct(sample.c.alert_id // APART))
    return select(select(times >= COMMON).where(found).cte("common")).scalar_subquery()


def _at_once(wanted: AlertFilter, most: int, now: datetime) -> Select[Any]:
    gathered = _alerts(wanted, now).limit(most + 1).cte("gathered")
    number = select(func.count().label("number")).select_from(gathered).subquery("number")
    # One row alone says how many there are, when they are too many to be worth sending.
    return select(number.c.number, gathered).select_from(number.outerjoin(gathered, number.c.number <= most))


def _alerts(wanted: AlertFilter, now: datetime) -> Select[Any]:
    at = bindparam("now", type_=DateTime(timezone=True))
    woken = and_(Alert.status == Status.SNOOZED, Alert.snoozed_until <= at)
    status = case((woken, Alert.before_snooze), else_=Alert.status)
    # Plain numbers: an enum and a datetime for each of thousands would cost more than finding them.
    seen = cast(extract("epoch", Alert.last_seen) * 1_000_000, BigInteger).label("seen")
    ranks = type_coerce(status, SmallInteger).label("status"), type_coerce(Alert.severity, SmallInteger)
    columns: tuple[Any, ...] = (Alert.id, *ranks, seen, Alert.assignee.is_not(None).label("assigned"))
    rows = narrowed(select(*columns), wanted, now)
    if wanted.statuses:
        rows = rows.where(or_(*(standing(one, now) for one in wanted.statuses)))
    return rows.where(Alert.severity.in_(wanted.severities)) if wanted.severities else rows
