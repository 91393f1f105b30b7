"""The neighbours of an alert in the list that its reader came from: by keyset, at any depth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Select,
    SmallInteger,
    bindparam,
    cast,
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
from console.alerts.queries.filters import WORST_FIRST, AlertFilter, met, searching
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


class _Step(NamedTuple):
    """What the statement of a place is made of beside the filter."""

    status: Status
    severity: Severity
    far: int

    def shown(self, wanted: AlertFilter, *, falling: bool) -> list[tuple[Severity, bool]]:
        """The stretches of the list's index before the alert, or after it: its own severity and worse, or milder."""
        mine, quiet = self.severity, _silenced(wanted)
        found = [one for one in wanted.severities or WORST_FIRST if (one <= mine if falling else one >= mine)]
        return [(one, silenced) for one in found for silenced in quiet]


def place(alert: Alert, status: Status, wanted: AlertFilter, now: datetime) -> Place:
    """The alert's place among those of a state that match a filter. Raises Invalid for a bad or endless `q`."""
    reading = Reading(wanted.only(status), now)
    within = alert.state.at(now).status is status
    if reading.found is not None:
        return _among(alert, status, [one for one in reading.found if one.status == status], within=within)
    narrow, far = reading.narrow, FAR if not reading.narrow.searches else NEAR
    step = _Step(status, alert.severity, far)
    asked = _kept(narrow, step) if narrow.timeless else _asked(narrow, step, now)
    with searching(narrow, walking=True):
        before, after, number, total = db.session.execute(asked, _given(alert, narrow, step)).one()
    told = number + 1 if within and number < far else None
    return Place(status, told, Capped(min(total, far), total > far), before, after)


@lru_cache(256)
def _kept(wanted: AlertFilter, step: _Step) -> Select[Any]:
    # Kept: to put such a statement together takes longer than to carry it out.
    return _asked(wanted, step, START[0])


def _asked(wanted: AlertFilter, step: _Step, now: datetime) -> Select[Any]:
    """The statement. `now` is for what the filter says of ages; the alert's own place is given."""
    return select(*_neighbours(step, wanted, now), *_numbers(step, wanted, now))


def _given(alert: Alert, wanted: AlertFilter, step: _Step) -> dict[str, Any]:
    """The alert's place, and the one at which each stretch is entered: its own beside it, the others at their end.

    The bound goes with the stretch because a condition that asks which one it is would have it read from its beginning.
    """
    here = alert.last_seen, alert.id
    given: dict[str, Any] = {"seen": alert.last_seen, "id": alert.id}
    for falling, end in ((True, END), (False, START)):
        bounds = [here if one is step.severity else end for one, _ in step.shown(wanted, falling=falling)]
        names = _bounds(falling=falling)
        given |= {name: [bound[place] for bound in bounds] for place, name in enumerate(names)}
    return given


def _bounds(*, falling: bool) -> tuple[str, str]:
    return ("after_seen", "after_ids") if falling else ("before_seen", "before_ids")


def _among(alert: Alert, status: Status, found: Sequence[Found], *, within: bool) -> Place:
    """The same of what a search has gathered."""
    here = (alert.severity, instant(alert.last_seen), alert.id)
    keys = [(one.severity, one.seen, one.id) for one in found]
    before, after = [key for key in keys if key > here], [key for key in keys if key < here]
    number = len(before) + 1 if within and len(before) < FAR else None
    ends = min(before)[2] if before else None, max(after)[2] if after else None
    return Place(status, number, Capped(len(found), more=False), *ends)


def _neighbours(step: _Step, wanted: AlertFilter, now: datetime) -> tuple[Any, Any]:
    """One probe of the list's index for each of its runs, and of what they find the nearest."""
    key: tuple[Any, ...] = (Alert.severity, Alert.last_seen, Alert.id)
    places: Select[Any] = met(select(*key), wanted, now).where(Alert.status == step.status)

    def nearest(*, falling: bool) -> Any:
        runs = _runs(step.shown(wanted, falling=falling), falling=falling)
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

    return nearest(falling=False), nearest(falling=True)


def _runs(shown: Sequence[tuple[Severity, bool]], *, falling: bool) -> Any:
    """The stretches of the list's index, each with the place at which it is entered, which `_given` gives."""
    severities, quiet = [int(one) for one, _ in shown], [silenced for _, silenced in shown]
    at, ids = _bounds(falling=falling)
    instants, numbers = ARRAY(DateTime(timezone=True)), ARRAY(BigInteger)
    given: dict[str, tuple[Any, Any]] = {
        "severity": (literal(severities, ARRAY(SmallInteger)), SmallInteger()),
        "silenced": (literal(quiet, ARRAY(Boolean)), Boolean()),
        "at": (cast(bindparam(at, type_=instants), instants), DateTime(timezone=True)),
        "id": (cast(bindparam(ids, type_=numbers), numbers), BigInteger()),
    }
    columns: list[Any] = [column(name, kind) for name, (_, kind) in given.items()]
    return func.unnest(*(array for array, _ in given.values())).table_valued(*columns).render_derived()


def _numbers(step: _Step, wanted: AlertFilter, now: datetime) -> tuple[Any, Any]:
    """How many come before it and how many there are, each counted so far and no further."""
    rows = met(select(literal(1)).select_from(Alert), wanted, now).where(
        Alert.status == step.status, Alert.silenced.in_(_silenced(wanted))
    )
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    seen, number = bindparam("seen", type_=DateTime(timezone=True)), bindparam("id", type_=BigInteger)
    ahead = rows.where(tuple_(int(step.severity), seen, number) < KEY).limit(step.far)
    return _counted(ahead), _counted(rows.limit(step.far + 1))


def _counted(rows: Select[Any]) -> Any:
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def _silenced(wanted: AlertFilter) -> tuple[bool, ...]:
    return (False, True) if wanted.silenced is None else (wanted.silenced,)
