"""Spans of days: whatever the period, each of its days is covered once, by the longest spans that fit."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tickets.rules.spans import Run, Span, begin, cover, following

DAY = timedelta(days=1)
days = st.dates(date(2000, 1, 1), date(2400, 1, 1))


def days_of(run: Run) -> list[date]:
    return [run.first + n * DAY for n in range((run.end - run.first).days)]


@given(days, st.integers(0, 1_500))
def test_each_day_is_covered_once(first: date, length: int) -> None:
    runs = list(cover(first, first + length * DAY))
    assert [day for run in runs for day in days_of(run)] == [first + n * DAY for n in range(length)]
    for run in runs:
        assert (begin(run.first, run.span), begin(run.end, run.span)) == (run.first, run.end)
    assert sum(len(days_of(run)) for run in runs if run.span is Span.DAY) <= 2 * 10
    spans = [run.span for run in runs]
    # What is counted is at the edges, so that what is summed has no gap.
    assert Span.DAY not in spans[1:-1] or spans == [Span.DAY]


@given(days, st.sampled_from(Span))
def test_a_span_ends_where_the_next_begins(day: date, span: Span) -> None:
    first, end = begin(day, span), following(begin(day, span), span)
    assert first <= day < end
    assert {begin(first + n * DAY, span) for n in range((end - first).days)} == {first}
    assert begin(end, span) == end


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2026-10-01", "2026-10-31", ["month 2026-10-01"]),
        ("2026-01-01", "2026-12-31", ["quarter 2026-01-01"]),
        ("2026-02-21", "2026-02-28", ["ten 2026-02-21"]),
        ("2026-02-22", "2026-02-28", ["day 2026-02-22"]),
        ("2025-11-21", "2026-11-21", [
            "ten 2025-11-21", "month 2025-12-01", "quarter 2026-01-01", "month 2026-10-01", "ten 2026-11-01",
            "day 2026-11-21",
        ]),
        ("2026-10-02", "2026-10-01", []),
    ],
)  # fmt: skip
def test_the_longest_that_fit(first: str, last: str, told: list[str]) -> None:
    found = cover(date.fromisoformat(first), date.fromisoformat(last) + DAY)
    assert [f"{run.span.value} {run.first}" for run in found] == told
