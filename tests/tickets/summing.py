"""Reports and sums as they must be, counted outcome by outcome without any SQL."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import select

from console.infra.db import db
from console.tickets.models import OutcomeChange, SlaOutcome, SlaPolicy, SlaSum
from console.tickets.queries import reports
from console.tickets.queries.reports import Asked, By, Narrowed, Report, Tally
from console.tickets.queries.sums import LATE
from console.tickets.rules.spans import Span, begin

SUMMED = (Span.TEN, Span.MONTH, Span.QUARTER)
Sums = dict[tuple[str, ...], tuple[int, int]]


def told_by(outcome: SlaOutcome, names: dict[int, str] | None = None) -> dict[By, str]:
    """What an outcome counts for; a policy's id unless names are given."""
    policy = names[outcome.policy_id] if names else str(outcome.policy_id)
    plain = {By(name): getattr(outcome, name) or "none" for name in ("priority", "organization", "assignee")}
    return {By.POLICY: policy, **plain}


def step_of(outcome: SlaOutcome) -> int:
    """0 if kept, else the step of LATE from 1."""
    return 0 if outcome.late_seconds == 0 else sum(outcome.late_seconds >= seconds for seconds in LATE)


def sums_of(outcomes: Iterable[SlaOutcome]) -> Sums:
    """What the table of sums must hold when no change is left."""
    ended: Counter[tuple[str, ...]] = Counter()
    broken: Counter[tuple[str, ...]] = Counter()
    for each in outcomes:
        keys = [("late", each.clock, Span.DAY.value, each.day.isoformat(), str(step_of(each)))]
        keys += [
            (by.value, each.clock, span.value, begin(each.day, span).isoformat(), value)
            for by, value in told_by(each).items()
            for span in SUMMED
        ]
        ended.update(keys)
        broken.update(keys if each.late_seconds else ())
    return {key: (number, broken[key]) for key, number in ended.items()}


def kept_sums() -> Sums:
    """What it holds."""
    rows = db.session.scalars(select(SlaSum).execution_options(populate_existing=True))
    return {(row.by, row.clock, row.span, row.first.isoformat(), row.value): (row.ended, row.broken) for row in rows}


def changes() -> int:
    """How many changes are in no sum."""
    return len(db.session.scalars(select(OutcomeChange.id)).all())


def all_outcomes() -> list[SlaOutcome]:
    """As the database has them."""
    return list(db.session.scalars(select(SlaOutcome).execution_options(populate_existing=True)))


def report_of(outcomes: Iterable[SlaOutcome], asked: Asked, by: By) -> Report:
    """What a report must say."""
    names = {row.id: row.name for row in db.session.scalars(select(SlaPolicy))}
    found, items, weeks = Report(Tally(), Tally()), defaultdict[str, Tally](Tally), defaultdict[date, Tally](Tally)
    late = [0] * len(LATE)
    for each in outcomes:
        step = step_of(each)
        if each.clock != asked.clock or not asked.before.first <= each.day <= asked.last:
            continue
        if each.day < asked.first:
            found.before.add(1, int(step > 0))
            continue
        monday = each.day - timedelta(days=each.day.weekday())
        value = monday.isoformat() if by is By.WEEK else told_by(each, names)[by]
        for tally in (found.total, weeks[monday], items[value]):
            tally.add(1, int(step > 0))
        if step:
            late[step - 1] += 1
    found.items, found.weeks, found.late = dict(items), dict(weeks), late
    return found


def assert_drills_match(asked: Asked, by: By, found: Report) -> None:
    """Behind each bar stand as many promises as it says."""
    for name, tally in found.items.items():
        value = {"week": date.fromisoformat(name)} if by is By.WEEK else {"by": by, "value": name}
        for broken, number in ((None, tally.ended), (True, tally.broken), (False, tally.kept)):
            narrowed = Narrowed(broken=broken, **value)
            assert len(reports.outcomes(asked, narrowed, limit=10_000).items) == number, (name, broken)
    for step, number in enumerate(found.late):
        assert len(reports.outcomes(asked, Narrowed(late=step), limit=10_000).items) == number
