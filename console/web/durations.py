"""Lengths of time as columns: one unit for the whole chart, said beside it; what is not known has no column."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from console.web.charts import PLOT_HEIGHT, Bar, Columns, Tick, nice_top, y_ticks
from console.web.filters import duration

# The largest unit of which the longest is at least two.
UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Length:
    """One column: `seconds`, or None where there is nothing to measure. `name` is read out, `tick` stands below."""

    name: str
    tick: str
    seconds: float | None


def columns(lengths: Sequence[Length], *, label: str) -> tuple[Columns, str]:
    """The chart, oldest first, and its unit in words."""
    longest = max((each.seconds or 0 for each in lengths), default=0)
    unit, size = next((each for each in UNITS if longest >= ENOUGH * each[1]), UNITS[-1])
    top = nice_top(-int(-longest // size))
    width = 100 / max(len(lengths), 1)
    bars = [bar for index, each in enumerate(lengths) if (bar := _bar(each, index * width, width, top * size))]
    # Every second one is named, the newest among them; on phones every fourth.
    newest = len(lengths) - 1
    named = [i for i in range(len(lengths)) if (newest - i) % 2 == 0]
    x_ticks = [Tick(round((i + 0.5) * width, 2), lengths[i].tick, (newest - i) % 4 == 2) for i in named]  # noqa: PLR2004
    return Columns(tuple(bars), tuple(x_ticks), y_ticks(top), label), unit


def _bar(each: Length, x: float, width: float, most: float) -> Bar | None:
    if each.seconds is None:
        return None
    # Something that took no time at all happened nevertheless.
    tall = max(2.0, round(PLOT_HEIGHT * each.seconds / most, 1))
    gap = width * 0.16
    title = f"{each.name}: {duration(timedelta(seconds=round(each.seconds)))}"
    return Bar(round(x + gap, 2), round(PLOT_HEIGHT - tall, 1), round(width - 2 * gap, 2), tall, "final", title=title)
