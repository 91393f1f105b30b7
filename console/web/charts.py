"""The geometry of charts: numbers in, positions out. The macros in templates/shared/ui/chart.html draw them.

Bars stand in percent of the plot's width, so that a chart fits any screen while its words keep their size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log10
from statistics import fmean

from markupsafe import Markup

SPARK_WIDTH, SPARK_HEIGHT = 96, 24
PLOT_HEIGHT = 110
LINE_WIDTH, LINE_HEIGHT, LINE_FLOOR = 200, 48, 90
FEW = 3
# Put together in one go: a template takes half a millisecond for each, and a list has fifty.
_SPARK = Markup(
    '<svg class="spark" viewBox="0 0 96 24" role="img" aria-label="%s">'
    '<line class="base" x1="0" x2="96" y1="23.5" y2="23.5"/><path d="%s"/><path class="%s" d="%s"/></svg>'
)
# A power of ten times one of these ends a scale; 12 and up bridge to the next power.
FACTORS = (1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `x` and `width` in the chart's own unit, `y` from the top in pixels."""

    x: float
    y: float
    width: float
    height: float
    series: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Spark:
    """Small bars without axes, as two paths (SVG's `d`), since lists have a thousand of them; `label` says them."""

    usual: str
    unusual: str
    label: str

    def drawn(self, severity: str = "") -> Markup:
        """The SVG; only the unusual part takes the colour of `severity`."""
        return _SPARK % (self.label, self.usual, severity, self.unusual)


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of an axis: `at` is percent across for x, pixels down for y. A minor one is left out on phones."""

    at: float
    text: str
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant that matters, `at` percent across; its text stands to the left of it where the right has no room."""

    at: float
    text: str
    left: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Two stacked series over time."""

    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    label: str
    height: int = PLOT_HEIGHT
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """Shares over time, from `floor` percent at the bottom to 100 at the top; a gap where there is none.

    `path` is SVG's `d` in LINE_WIDTH by LINE_HEIGHT; `dots` are (x, y, title).
    """

    path: str
    dots: tuple[tuple[float, float, str], ...]
    floor: int
    label: str


@dataclass(frozen=True, slots=True)
class Column:
    """What happened in one step: `final` failures, and those that will be tried again."""

    at: datetime
    final: int
    again: int
    name: str


def spark(counts: Sequence[int], label: str) -> Spark:
    """Bars of `counts`, oldest first; those above the usual level are drawn apart."""
    most = max(counts, default=0)
    if not most:
        return Spark("", "", label)
    step = SPARK_WIDTH / len(counts)
    tall = [max(2, round(SPARK_HEIGHT * count / most)) if count else 0 for count in counts]
    bars = [f"M{i * step:g} 24v-{high}h{step - 1:g}V24z" if high else "" for i, high in enumerate(tall)]
    news = unusual_parts(counts)
    usual = "".join(bar for bar, new in zip(bars, news, strict=True) if not new)
    return Spark(usual, "".join(bar for bar, new in zip(bars, news, strict=True) if new), label)


def line(points: Sequence[tuple[float | None, str]], label: str) -> Line:
    """The chart of `points`, oldest first: (percent, what to say of it)."""
    known = [share for share, _ in points if share is not None]
    floor = min(LINE_FLOOR, int(min(known, default=100)) // 10 * 10)
    step = LINE_WIDTH / max(len(points) - 1, 1)
    path, dots, pen = "", list[tuple[float, float, str]](), "M"
    for index, (share, title) in enumerate(points):
        if share is None:
            pen = "M"
            continue
        x, y = round(index * step, 1), round(LINE_HEIGHT * (100 - share) / (100 - floor), 1)
        path, pen = f"{path}{pen}{x:g} {y:g}", "L"
        dots.append((x, y, title))
    return Line(path, tuple(dots), floor, label)


def unusual_parts(counts: Sequence[int]) -> list[bool]:
    """Which counts are news: all of them when there are few, else those above twice the level of the earlier half."""
    active = [count for count in counts if count]
    if len(active) < FEW:
        return [count > 0 for count in counts]
    earlier = [count for count in counts[: len(counts) // 2] if count]
    usual = fmean(earlier) if earlier else 0
    return [count > 2 * usual for count in counts]


def columns(
    steps: Sequence[Column], *, label: str, ticks: Sequence[tuple[int, str]], marks: Sequence[Mark] = ()
) -> Columns:
    """The chart of `steps`, oldest first; `ticks` are (index of a step, text), every second one minor."""
    top = nice_top(max((step.final + step.again for step in steps), default=0))
    width = 100 / max(len(steps), 1)
    bars = tuple(bar for index, step in enumerate(steps) for bar in _stack(step, index * width, width, top))
    x_ticks = tuple(Tick(round((i + 0.5) * width, 2), text, n % 2 == 1) for n, (i, text) in enumerate(ticks))
    return Columns(bars, x_ticks, y_ticks(top), label, marks=tuple(marks))


def mark(steps: Sequence[Column], at: datetime, text: str) -> Mark | None:
    """An instant on a chart of `steps`; None when it lies outside, or there is no telling how wide a step is."""
    if len(steps) < FEW - 1 or not steps[0].at <= at:
        return None
    place = 100 * ((at - steps[0].at) / (steps[1].at - steps[0].at)) / len(steps)
    return Mark(round(place, 2), text, left=place > 60) if place < 100 else None  # noqa: PLR2004


def nice_top(most: int) -> int:
    """The end of the scale: a round number not below `most` that its grid lines divide into whole numbers."""
    if most <= FEW:
        return 3
    power: int = 10 ** int(log10(most))
    tops = (factor * base for base in (max(power // 10, 1), power) for factor in FACTORS)
    return next(top for top in tops if top >= most and (top % 3 == 0 or top % 4 == 0))


def _stack(step: Column, x: float, width: float, top: int) -> list[Bar]:
    title = f"{step.name}: {step.final} final, {step.again} to be retried"
    final = round(PLOT_HEIGHT * step.final / top, 1)
    again = round(PLOT_HEIGHT * step.again / top, 1)
    gap = width * 0.08
    left, wide = round(x + gap, 2), round(width - 2 * gap, 2)
    made = [
        Bar(left, round(PLOT_HEIGHT - final, 1), wide, final, "final", title=title),
        Bar(left, round(PLOT_HEIGHT - final - again, 1), wide, again, "again", title=title),
    ]
    return [bar for bar in made if bar.height]


def y_ticks(top: int) -> tuple[Tick, ...]:
    """The lines of a scale from nothing to `top`, in three parts or four."""
    parts = 3 if top % 3 == 0 else 4
    return tuple(Tick(PLOT_HEIGHT - PLOT_HEIGHT * n / parts, f"{top * n // parts:,}") for n in range(parts + 1))
