"""How many clocks were kept in each of the last weeks, as the reports tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from console.tickets.queries import reports
from console.tickets.queries.reports import Asked, By, Tally
from console.tickets.rules.policy import CLOCKS

# This week and the seven before it.
WEEKS: Final = 8
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Kept:
    """Whole weeks from `first` to `last`: all clocks together by Monday, and each clock over all of them."""

    first: date
    last: date
    weeks: Mapping[date, Tally]
    clocks: Mapping[str, Tally]


def kept(today: date) -> Kept:
    """The weeks up to that of a day; every week is there, also one in which no clock ended."""
    monday = today - timedelta(days=today.weekday())
    first, last = monday - (WEEKS - 1) * WEEK, monday + WEEK - timedelta(days=1)
    weeks = {first + number * WEEK: Tally() for number in range(WEEKS)}
    clocks = {}
    for clock in CLOCKS:
        found = reports.report(Asked(clock, first, last), By.WEEK)
        clocks[clock] = found.total
        for each, tally in found.weeks.items():
            weeks[each].add(tally.ended, tally.broken)
    return Kept(first, last, weeks, clocks)
