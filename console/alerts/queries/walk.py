"""The walk through the list's indexes: a few entries of each run that is asked for, put in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnClause,
    DateTime,
    Select,
    SmallInteger,
    bindparam,
    case,
    cast,
    column,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from console.alerts.models import Alert
from console.alerts.queries.filters import AlertFilter, met, searching
from console.alerts.queries.gather import Reading
from console.alerts.rules.states import Severity, Status
from console.infra.db import db

FIRST_TIME = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


class Sort(StrEnum):
    """The orders of a list. All walk the same index: `oldest` backwards."""

    WORST = "worst"
    RECENT = "recent"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One run of the list's index: a state and severity, and the place from which to read on.

    `woken` is the state to which alerts stored as snoozed have returned; 0 for those that are what is stored.
    `silenced` is one half of the run, where the filter asks for both.
    """

    status: Status
    severity: Severity
    seen: datetime
    after: int
    woken: int = 0
    silenced: bool = False


class Walk(NamedTuple):
    """How the runs are read: in which order, how many rows, with snoozes that have run out, with details."""

    sort: Sort
    limit: int
    waking: bool
    details: bool


# What is given of each run.
_KINDS: dict[str, TypeEngine[Any]] = {
    "status": SmallInteger(),
    "severity": SmallInteger(),
    "seen": DateTime(timezone=True),
    "after": BigInteger(),
    "woken": SmallInteger(),
    "silenced": Boolean(),
}


def walked(stretches: Sequence[Stretch], reading: Reading, sort: Sort, limit: int, *, details: bool) -> list[Alert]:
    """The first `limit + 1` rows over all stretches: at most that many index entries are read of each."""
    woken = _woken(stretches) if reading.waking else []
    narrow, walk = reading.narrow, Walk(sort, limit + 1, reading.waking, details)
    rows = _walk(narrow, walk) if narrow.timeless else _walking(narrow, walk, reading.now)
    given = _given(_halves([*stretches, *woken], narrow)) | {"now": reading.now}
    with searching(narrow, walking=True):
        return list(db.session.scalars(rows, given))


@lru_cache(256)
def _walk(wanted: AlertFilter, walk: Walk) -> Select[Any]:
    # Kept: to put such a statement together takes longer than to carry it out.
    return _walking(wanted, walk, FIRST_TIME)


def _walking(wanted: AlertFilter, walk: Walk, now: datetime) -> Select[Any]:
    """The statement. `now` is for what the filter says of ages; the walk itself is given its own."""
    places = _places()
    order, here = (Alert.last_seen, Alert.id), tuple_(Alert.last_seen, Alert.id)
    there = tuple_(places.c.seen, places.c.after)
    falling = walk.sort is not Sort.OLDEST
    at = bindparam("now", type_=DateTime(timezone=True))
    woke = case((Alert.snoozed_until <= at, Alert.before_snooze), else_=0) == places.c.woken
    inner = (
        met(select(Alert.id), wanted, now)
        .where(Alert.status == places.c.status, Alert.severity == places.c.severity)
        # Left out while it says nothing: the planner takes it for narrow and would rather sort all than walk the index.
        .where(*([woke] if walk.waking else []))
        .where(*([Alert.silenced == places.c.silenced] if wanted.silenced is None else []))
        .where(here < there if falling else here > there)
        .order_by(*(one.desc() if falling else one for one in order))
        .limit(walk.limit)
        .correlate(places)
        .lateral("found")
    )
    outer = [*([Alert.severity] if walk.sort is Sort.WORST else []), *order]
    rows = (
        select(Alert)
        .select_from(places.join(inner, true()).join(Alert, Alert.id == inner.c.id))
        .order_by(*(one.desc() if falling else one for one in outer))
        .limit(walk.limit)
    )
    return with_details(rows) if walk.details else rows


def _woken(stretches: Sequence[Stretch]) -> list[Stretch]:
    returned = [s for s in stretches if s.status in {Status.OPEN, Status.ACKNOWLEDGED}]
    return [replace(s, status=Status.SNOOZED, woken=int(s.status)) for s in returned]


def _halves(stretches: Sequence[Stretch], wanted: AlertFilter) -> list[Stretch]:
    """The runs, which the index holds in two parts: what is silenced lies apart."""
    apart = [] if wanted.silenced is not None else [replace(s, silenced=True) for s in stretches]
    return [*stretches, *apart]


def _given(stretches: Sequence[Stretch]) -> dict[str, list[Any]]:
    return {f"{name}s": [getattr(one, name) for one in stretches] for name in _KINDS}


def _places() -> TableValuedAlias:
    # Arrays rather than VALUES: the statement stays the same and need not be put together anew for every page.
    arrays = [cast(bindparam(f"{name}s", type_=ARRAY(kind)), ARRAY(kind)) for name, kind in _KINDS.items()]
    named: list[ColumnClause[Any]] = [column(name, kind) for name, kind in _KINDS.items()]
    return func.unnest(*arrays).table_valued(*named, name="places").render_derived()


def with_details(rows: Any) -> Any:
    return rows.options(joinedload(Alert.detail, innerjoin=True))
