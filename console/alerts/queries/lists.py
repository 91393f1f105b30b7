"""Lists of alerts: newest first for programs, state by state and worst first for people."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, Values, case, column, func, literal, or_, select, true, tuple_, values
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import joinedload
from sqlalchemy.types import BigInteger

from console.alerts.models import Alert
from console.alerts.queries.filters import WORST_FIRST, AlertFilter, TooSlow, conditions, searching
from console.alerts.queries.standing import anything_waking, standing
from console.alerts.rules.states import Severity, Status
from console.infra.db import db
from console.infra.paging import Page, decode, page_of

CAP = 10_000
# Milliseconds that a number beside a search is worth.
COUNT_MS = 500
LAST_ID = 2**63 - 1
LAST_TIME = datetime.fromisoformat("9999-12-31T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Capped:
    """A count that stops at a cap: "10,000+"; one that took too long is not known, and says "many"."""

    number: int
    more: bool
    known: bool = True

    def __str__(self) -> str:
        if not self.known:
            return "many"
        return f"{self.number:,}{'+' if self.more else ''}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One run of the list's index: a state and severity, and the place before which to read on.

    `woken` is the state to which alerts stored as snoozed have returned; 0 for those that are what is stored.
    `silenced` is one half of the run, where the filter asks for both.
    """

    status: Status
    severity: Severity
    seen: datetime = LAST_TIME
    below: int = LAST_ID
    woken: int = 0
    silenced: bool = False


def recent(wanted: AlertFilter, now: datetime, *, limit: int, cursor: str | None = None) -> Page[Alert]:
    """Alerts by `last_seen`, newest first. Raises Invalid for a bad cursor or `q`."""
    seen, below = decode(cursor, datetime, int) if cursor else (LAST_TIME, LAST_ID)
    severities = wanted.severities or WORST_FIRST
    stretches = [Stretch(status, severity, seen, below) for status in wanted.wanted for severity in severities]
    rows = _read(stretches, wanted, now, [Alert.last_seen.desc(), Alert.id.desc()], limit)
    return page_of(rows, limit, lambda alert: (alert.last_seen.isoformat(), alert.id))


def in_state(
    status: Status, wanted: AlertFilter, now: datetime, *, limit: int, cursor: str | None = None
) -> Page[Alert]:
    """Alerts of one state, the worst first and then the most recent, as the page groups them."""
    severities = wanted.severities or WORST_FIRST
    stretches = [Stretch(status, severity) for severity in severities]
    if cursor:
        worst, seen, below = decode(cursor, int, datetime, int)
        stretches = [
            Stretch(status, s, seen, below) if s == worst else Stretch(status, s) for s in severities if s <= worst
        ]
    order = [Alert.severity.desc(), Alert.last_seen.desc(), Alert.id.desc()]
    rows = _read(stretches, wanted, now, order, limit)
    return page_of(rows, limit, lambda alert: (int(alert.severity), alert.last_seen.isoformat(), alert.id))


def _read(
    stretches: Sequence[Stretch], wanted: AlertFilter, now: datetime, order: Sequence[Any], limit: int
) -> list[Alert]:
    """The first `limit + 1` rows over all stretches: at most that many index entries are read of each."""
    waking = anything_waking(now)
    woken = _woken(stretches) if waking else []
    places = _places(_halves([*stretches, *woken], wanted))
    # Left out while it says nothing: the planner takes it for narrow and would rather sort all than walk the index.
    stands = [case((Alert.snoozed_until <= now, Alert.before_snooze), else_=0) == places.c.woken] if waking else []
    if wanted.silenced is None:
        stands.append(Alert.silenced == places.c.silenced)
    inner = (
        select(Alert.id)
        .where(Alert.status == places.c.status, Alert.severity == places.c.severity, *stands)
        .where(*conditions(wanted, now))
        .where(tuple_(Alert.last_seen, Alert.id) < tuple_(places.c.seen, places.c.below))
        .order_by(Alert.last_seen.desc(), Alert.id.desc())
        .limit(limit + 1)
        .correlate(places)
        .lateral("found")
    )
    rows = (
        select(Alert)
        .select_from(places.join(inner, true()).join(Alert, Alert.id == inner.c.id))
        .options(joinedload(Alert.detail, innerjoin=True))
        .order_by(*order)
        .limit(limit + 1)
    )
    try:
        with searching(wanted):
            return list(db.session.scalars(rows))
    except TooSlow:
        # The planner gathers what it takes for a rare word; a common one is met soon by walking.
        with searching(wanted, walking=True):
            return list(db.session.scalars(rows))


def _woken(stretches: Sequence[Stretch]) -> list[Stretch]:
    returned = [s for s in stretches if s.status in {Status.OPEN, Status.ACKNOWLEDGED}]
    return [replace(s, status=Status.SNOOZED, woken=int(s.status)) for s in returned]


def _halves(stretches: Sequence[Stretch], wanted: AlertFilter) -> list[Stretch]:
    """The runs, which the index holds in two parts: what is silenced lies apart."""
    apart = [] if wanted.silenced is not None else [replace(s, silenced=True) for s in stretches]
    return [*stretches, *apart]


def _places(stretches: Sequence[Stretch]) -> Values:
    return values(
        column("status", Integer),
        column("severity", Integer),
        column("seen", TIMESTAMP(timezone=True)),
        column("below", BigInteger),
        column("woken", Integer),
        column("silenced", Boolean),
        name="places",
    ).data([(int(s.status), int(s.severity), s.seen, s.below, s.woken, s.silenced) for s in stretches])


def counts(wanted: AlertFilter, now: datetime) -> dict[Status, Capped]:
    """How many alerts of each state match, each counted up to the cap and no further, and not for long."""
    waking = anything_waking(now)
    query = select(*(_counted(s, wanted, now, waking=waking) for s in wanted.wanted))
    try:
        with searching(wanted, within=COUNT_MS):
            found = db.session.execute(query).one()
    except TooSlow:
        return dict.fromkeys(wanted.wanted, Capped(CAP, more=True, known=False))
    return {s: Capped(min(n, CAP), n > CAP) for s, n in zip(wanted.wanted, found, strict=True)}


def _counted(status: Status, wanted: AlertFilter, now: datetime, *, waking: bool) -> Any:
    stands = standing(status, now) if waking else Alert.status == status
    rows = select(literal(1)).select_from(Alert).where(stands, *conditions(wanted, now))
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    return select(func.count()).select_from(rows.limit(CAP + 1).subquery()).scalar_subquery()


def open_count(now: datetime) -> Capped:
    """How many alerts are open, for the navigation."""
    return counts(AlertFilter().only(Status.OPEN), now)[Status.OPEN]


def next_waking(now: datetime) -> datetime | None:
    """When the next snooze runs out."""
    return db.session.scalar(select(func.min(Alert.snoozed_until)).where(Alert.snoozed_until > now))


def matching_ids(wanted: AlertFilter, now: datetime, *, cap: int) -> list[int]:
    """The ids of all alerts that match, in order of id, up to `cap + 1` of them: one more says there are too many."""
    rows = select(Alert.id).where(or_(*(standing(s, now) for s in wanted.wanted)), *conditions(wanted, now))
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    return sorted(db.session.scalars(rows.limit(cap + 1)))


def choices() -> dict[str, list[str]]:
    """The services, environments and owners that filters can name, up to 200 of each."""
    return {name: _distinct(name) for name in ("service", "environment", "assignee")}


def _distinct(name: str) -> list[str]:
    """Distinct values by hopping through the index, one probe a value: a million rows are not read for ten names."""
    field = getattr(Alert, name)
    first = select(func.min(field).label("value"), literal(1).label("n")).cte("hop", recursive=True)
    following = select(func.min(field)).where(field > first.c.value).correlate(first).scalar_subquery()
    hops = first.union_all(
        select(following, first.c.n + 1).where(first.c.value.is_not(None), first.c.n < 200)  # noqa: PLR2004
    )
    return list(db.session.scalars(select(hops.c.value).where(hops.c.value.is_not(None))))
