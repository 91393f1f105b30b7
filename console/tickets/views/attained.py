"""Beside the queue: whether clocks were kept in the last weeks, as a line that leads to the reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for

from console.infra import clock
from console.tickets.queries import weeks
from console.tickets.queries.reports import By
from console.tickets.views.rows import CLOCK_NAMES
from console.web import charts, live
from console.web.charts import Line


@dataclass(frozen=True, slots=True)
class Attained:
    """The line, the last week's share in percent, the names of its ends; each clock: name, percent, its report."""

    line: Line
    newest: float | None
    since: str
    until: str
    clocks: Sequence[tuple[str, float, str]]


def attained() -> Attained | None:
    """As it was at most half a minute ago; None where no clock has ended in these weeks."""
    found = live.unhurried(_read)
    if not found.clocks:
        return None
    mondays = list(found.weeks)
    shares = [found.weeks[monday].attained for monday in mondays]
    told = [f"{_week(monday)}: {_percent(share)}" for monday, share in zip(mondays, shares, strict=True)]
    period: dict[str, Any] = {"since": found.first.isoformat(), "until": found.last.isoformat(), "by": By.WEEK.value}
    clocks = [
        (CLOCK_NAMES[name], tally.attained, url_for(".reports", clock=name, **period))
        for name, tally in found.clocks.items()
        if tally.attained is not None
    ]
    line = charts.line(list(zip(shares, told, strict=True)), "Clocks kept: " + ", ".join(told))
    return Attained(line, shares[-1], _week(mondays[0]), _week(mondays[-1]), clocks)


def _read() -> weeks.Kept:
    found = weeks.kept(clock.now().date())
    ended = {name: tally for name, tally in found.clocks.items() if tally.ended}
    return weeks.Kept(found.first, found.last, found.weeks, ended)


def _week(monday: date) -> str:
    return f"week {monday.isocalendar().week}"


def _percent(share: float | None) -> str:
    return "no clock ended" if share is None else f"{share:g} %"
