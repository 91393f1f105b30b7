"""Spans of days that promises are summed by: ten days, months and quarters, each whole in the next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

DAYS_OF_TEN: Final = 10
# What is left of a month after its 20th, 8 to 11 days, is one of the spans of ten.
LAST_TEN: Final = 2
MONTHS_OF_QUARTER: Final = 3
MONTHS: Final = 12


class Span(StrEnum):
    """How long a span is. A day is counted, the others are summed."""

    DAY = "day"
    TEN = "ten"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Run:
    """Whole spans of a kind, one after the other, from `first` to before `end`."""

    span: Span
    first: date
    end: date


def begin(day: date, span: Span) -> date:
    """The first day of the span that a day lies in."""
    if span is Span.DAY:
        return day
    if span is Span.TEN:
        return day.replace(day=1 + DAYS_OF_TEN * min((day.day - 1) // DAYS_OF_TEN, LAST_TEN))
    month = day.month if span is Span.MONTH else day.month - (day.month - 1) % MONTHS_OF_QUARTER
    return day.replace(month=month, day=1)


def following(first: date, span: Span) -> date:
    """The first day of the span after the one that begins on a day."""
    if span is Span.DAY:
        return first + timedelta(days=1)
    if span is Span.TEN and first.day <= LAST_TEN * DAYS_OF_TEN:
        return first + timedelta(days=DAYS_OF_TEN)
    months = first.year * MONTHS + first.month - 1 + (MONTHS_OF_QUARTER if span is Span.QUARTER else 1)
    return date(months // MONTHS, months % MONTHS + 1, 1)


def cover(first: date, end: date) -> Iterator[Run]:
    """Runs that cover the days from `first` to before `end` once each, in order, of the longest spans that fit."""
    yield from _cover(first, end, (Span.QUARTER, Span.MONTH, Span.TEN, Span.DAY))


def _cover(first: date, end: date, spans: tuple[Span, ...]) -> Iterator[Run]:
    if first >= end:
        return
    longest, *rest = spans
    start, stop = begin(first, longest), begin(end, longest)
    start = start if start == first else following(start, longest)
    if start >= stop:
        yield from _cover(first, end, tuple(rest))
        return
    yield from _cover(first, start, tuple(rest))
    yield Run(longest, start, stop)
    yield from _cover(stop, end, tuple(rest))
