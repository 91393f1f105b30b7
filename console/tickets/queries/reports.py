"""Did we keep our promises: clocks that ended in a period, told by policy, priority, organization, owner or week."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, select

from console.infra.db import db
from console.infra.paging import Page, decode, page_of
from console.tickets.models import SlaOutcome as O
from console.tickets.models import SlaPolicy, Ticket
from console.tickets.queries import sums
from console.tickets.queries.sums import LATE, NOBODY

DAYS_A_WEEK: Final = 7


class By(StrEnum):
    """What a report is told by."""

    POLICY = "policy"
    PRIORITY = "priority"
    ORGANIZATION = "organization"
    ASSIGNEE = "assignee"
    WEEK = "week"


COLUMNS: Final[dict[By, Any]] = {
    By.PRIORITY: O.priority, By.ORGANIZATION: O.organization, By.ASSIGNEE: O.assignee,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Which clocks: those named `clock` that ended from `first` to `last`, both included, by their calendars' days."""

    clock: str
    first: date
    last: date

    @property
    def before(self) -> "Asked":
        """The period of the same length before."""
        length = self.last - self.first + timedelta(days=1)
        return Asked(self.clock, self.first - length, self.last - length)


@dataclass(slots=True)
class Tally:
    """How many promises were kept and broken."""

    kept: int = 0
    broken: int = 0

    def add(self, ended: int, broken: int) -> None:
        """Count some that ended."""
        self.kept, self.broken = self.kept + ended - broken, self.broken + broken

    @property
    def ended(self) -> int:
        """All of them."""
        return self.kept + self.broken

    @property
    def attained(self) -> float | None:
        """The share that was kept, in percent, rounded down so that 100 means all; None of nothing."""
        return int(1_000 * self.kept / self.ended) / 10 if self.ended else None


@dataclass(slots=True)
class Report:
    """The whole of it: `items` by value, the most broken first; `weeks` by their Mondays; `late` as LATE has steps.

    `more` is how many values there are beyond those that were asked for.
    """

    total: Tally
    before: Tally
    items: dict[str, Tally] = field(default_factory=dict)
    weeks: dict[date, Tally] = field(default_factory=dict)
    late: Sequence[int] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One bar of a report: a value, a week, only the broken or the kept, late from step `late` of LATE."""

    by: By | None = None
    value: str | None = None
    week: date | None = None
    broken: bool | None = None
    late: int | None = None


def report(asked: Asked, by: By, *, limit: int | None = None) -> Report:
    """The report of a period, with the one before; out of sums (queries/sums.py), all of one moment.

    With the `limit` most broken values only, if one is given; policies are few, and always all.
    """
    column = None if by is By.WEEK else by.value
    limit = None if by is By.POLICY else limit
    counted = sums.counted(asked.clock, asked.before.first, asked.first, asked.last, column, limit)
    found, weeks, late = Report(Tally(), Tally(), more=counted.more), defaultdict[date, Tally](Tally), [0] * len(LATE)
    for before, monday, step, ended in counted.days:
        for tally in (found.before,) if before else (found.total, weeks[monday]):
            tally.add(ended, ended if step else 0)
        if step and not before:
            late[step - 1] += ended
    found.weeks, found.late = dict(sorted(weeks.items())), late
    found.items = {monday.isoformat(): tally for monday, tally in found.weeks.items()}
    if by is not By.WEEK:
        found.items = _items(counted.values, _policies() if by is By.POLICY else {})
    return found


def _items(values: Sequence[tuple[str, int, int]], names: Mapping[str, str]) -> dict[str, Tally]:
    """By value, the most broken first."""
    items = defaultdict[str, Tally](Tally)
    for value, ended, broken in values:
        items[names.get(value, value)].add(ended, broken)
    return dict(sorted(items.items(), key=lambda each: (-each[1].broken, each[0])))


def outcomes(asked: Asked, narrowed: Narrowed, *, limit: int, cursor: str | None = None) -> Page[tuple[O, Ticket, str]]:
    """The clocks behind a bar with their tickets and policies, newest first; raises Invalid for a bad cursor."""
    told: Any = select(O, Ticket, SlaPolicy.name).join(Ticket, Ticket.id == O.ticket_id)
    rows = _in(told, asked)
    rows = _narrow(rows.join(SlaPolicy, SlaPolicy.id == O.policy_id), narrowed)
    if cursor:
        day, ticket_id, began = decode(cursor, str, int, datetime)
        rows = rows.where(O.day <= day, (O.day < day) | (O.ticket_id < ticket_id) | (
            (O.ticket_id == ticket_id) & (O.began_at < began)))  # fmt: skip
    rows = rows.order_by(O.day.desc(), O.ticket_id.desc(), O.began_at.desc()).limit(limit + 1)
    found = [(row[0], row[1], row[2]) for row in db.session.execute(rows)]
    return page_of(found, limit, lambda row: (row[0].day.isoformat(), row[0].ticket_id, row[0].began_at.isoformat()))


def _in(rows: Select[Any], asked: Asked) -> Select[Any]:
    return rows.where(O.clock == asked.clock, O.day >= asked.first, O.day <= asked.last)


def _narrow(rows: Select[Any], narrowed: Narrowed) -> Select[Any]:
    if narrowed.by is By.POLICY:
        rows = rows.where(SlaPolicy.name == narrowed.value)
    elif narrowed.by is not None and narrowed.by is not By.WEEK:
        column = COLUMNS[narrowed.by]
        nobody = column.is_(None) | column.in_(("", NOBODY))
        rows = rows.where(nobody if narrowed.value == NOBODY else column == narrowed.value)
    if narrowed.week is not None:
        rows = rows.where(O.day >= narrowed.week, O.day < narrowed.week + timedelta(days=DAYS_A_WEEK))
    if narrowed.broken is not None:
        rows = rows.where(O.late_seconds > 0 if narrowed.broken else O.late_seconds == 0)
    if narrowed.late is not None:
        rows = rows.where(O.late_seconds > 0, O.late_seconds >= LATE[narrowed.late])
        if narrowed.late + 1 < len(LATE):
            rows = rows.where(O.late_seconds < LATE[narrowed.late + 1])
    return rows


def _policies() -> dict[str, str]:
    rows = db.session.execute(select(SlaPolicy.id, SlaPolicy.name))
    return {str(policy_id): name for policy_id, name in rows}
