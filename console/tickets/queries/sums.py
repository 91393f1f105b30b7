"""How many promises ended, told by something, out of their sums: only the days that fill no span are counted.

A report is one statement, so that all of its figures are of one moment: sums, the changes that are in none yet, and
what it counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Integer, Select, String, cast, collate, extract, func, literal, null, select, union_all

from console.infra.db import db
from console.tickets.models import OutcomeChange as C
from console.tickets.models import SlaOutcome as O
from console.tickets.models import SlaSum as S
from console.tickets.rules.spans import Run, Span, cover

# Late by at least so many business seconds, and less than the next. The sums by day are told apart by these.
LATE: Final = (0, 15 * 60, 3_600, 4 * 3_600, 8 * 3_600)
NOBODY: Final = "none"
COLUMNS: Final = ("policy", "priority", "organization", "assignee")


@dataclass(frozen=True, slots=True)
class Counted:
    """`days`: (whether before `first`, Monday, step of lateness from 1 or 0 if kept, ended).

    `values`: (value, ended, broken); `more` is how many values there are beyond these.
    """

    days: Sequence[tuple[bool, date, int, int]]
    values: Sequence[tuple[str, int, int]]
    more: int


def counted(clock: str, since: date, first: date, last: date, by: str | None, limit: int | None = None) -> Counted:
    """What ended from `since` to `last` by week and lateness and, from `first`, by the values of one of COLUMNS.

    Values are text, a policy's its id; the `limit` most broken, all unless given.
    """
    parts = [_days(clock, since, first, last)]
    if by is not None:
        parts.append(_values(clock, by, list(cover(first, last + timedelta(days=1))), limit))
    rows = db.session.execute(union_all(*parts)).all()
    days = [(row.before, row.monday, int(row.value), row.ended) for row in rows if row.monday is not None]
    values = [row for row in rows if row.monday is None]
    more = values[0].listed - len(values) if values else 0
    return Counted(days, [(row.value, row.ended, row.broken) for row in values], more)


def _days(clock: str, since: date, first: date, last: date) -> Select[Any]:
    sums = select(S.first.label("day"), S.value, S.ended)
    sums = sums.where(S.by == "late", S.clock == clock, S.span == Span.DAY.value, S.first >= since, S.first <= last)
    step = cast(func.width_bucket(C.late_seconds, [1, *LATE[1:]]), String)
    changes = select(C.day, step, C.change).where(C.clock == clock, C.day >= since, C.day <= last)
    each = union_all(sums, changes).subquery()
    monday = each.c.day - (cast(extract("isodow", each.c.day), Integer) - 1)
    told = (each.c.day < first).label("before"), monday.label("monday"), each.c.value
    ended = func.sum(each.c.ended)
    found = select(*told, ended.label("ended"), *(cast(null(), Integer).label(name) for name in ("broken", "listed")))
    return found.group_by(*told).having(ended != 0)


def _values(clock: str, by: str, runs: Sequence[Run], limit: int | None) -> Select[Any]:
    each = union_all(*_parts(clock, by, runs)).subquery()
    ended, broken = func.sum(each.c.ended), func.sum(each.c.broken)
    found = select(literal(False), cast(null(), O.day.type), each.c.value, ended, broken, func.count().over())
    found = found.group_by(each.c.value).having(ended != 0)
    # In the order that Python has for text.
    return found.order_by(broken.desc(), collate(each.c.value, "C")).limit(limit) if limit else found


def _parts(clock: str, by: str, runs: Sequence[Run]) -> Iterator[Select[Any]]:
    for run in runs:
        if run.span is Span.DAY:
            yield _count(clock, by, run)
        else:
            yield _sum(clock, by, run)
    summed = [run for run in runs if run.span is not Span.DAY]
    if summed:
        broken = C.change * cast(C.late_seconds > 0, Integer)
        changes = select(_value(C, by).label("value"), C.change.label("ended"), broken.label("broken"))
        yield changes.where(C.clock == clock, C.day >= summed[0].first, C.day < summed[-1].end)


def _sum(clock: str, by: str, run: Run) -> Select[Any]:
    found: Any = select(S.value.label("value"), S.ended.label("ended"), S.broken.label("broken"))
    found = found.where(S.by == by, S.clock == clock, S.span == run.span.value)
    rows: Select[Any] = found.where(S.first >= run.first, S.first < run.end)
    return rows


def _count(clock: str, by: str, run: Run) -> Select[Any]:
    value = _value(O, by)
    # As short as the sums are, or PostgreSQL would add them all up as decimals.
    ended, broken = (cast(each, Integer) for each in (func.count(), func.count().filter(O.late_seconds > 0)))
    found = select(value.label("value"), ended.label("ended"), broken.label("broken"))
    return found.where(O.clock == clock, O.day >= run.first, O.day < run.end).group_by(value)


def _value(table: Any, by: str) -> Any:
    return cast(table.policy_id, String) if by == "policy" else func.coalesce(
        func.nullif(getattr(table, by), ""), NOBODY)  # fmt: skip
