"""Why a deadline is where it is, as rows of days: which part of each day counted, what was held, closed or is left.

Places are percent across, on the calendar's own clock; lengths are whole business minutes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from console.tickets.rules.explain import Day, explain
from console.tickets.rules.history import Hold
from console.tickets.rules.hours import DAY, Hours
from console.tickets.rules.instants import MINUTE

FULL: Final = 1_440
# Of longer stories the middle is left out.
HEAD, TAIL = 5, 9
STEPS: Final = (1, 2, 3, 4, 6)
TICKS: Final = 6
SAID: Final = {"counted": "counted", "left": "left", "over": "over", "idle": "open, not counted"}


@dataclass(frozen=True, slots=True)
class Span:
    """A clock's run: from `begin` to `end`, due at `due` (None: not known while it is held). Microseconds."""

    begin: int
    end: int
    due: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """Part of a day. `kind`: counted, over (after the deadline), left (to come), held, idle (open, not counted)."""

    x: float
    width: float
    kind: str
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A day, or several closed ones; `note` says why nothing counted. `now` and `due` are places, None elsewhere."""

    label: str
    blocks: tuple[Block, ...]
    note: str
    counted: int
    total: int
    now: float | None = None
    due: float | None = None
    holiday: bool = False

    @property
    def words(self) -> str:
        """What is to be seen, for who cannot see it."""
        return "; ".join(block.words for block in self.blocks) or self.note or "closed"


@dataclass(frozen=True, slots=True)
class Picture:
    """All days; `ticks` are (place, clock). `dropped` days in the middle are left out before line `gap`."""

    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    dropped: int
    gap: int


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: int
    end: int

    def at(self, minutes: float) -> float:
        return round(100 * (min(max(minutes, self.begin), self.end) - self.begin) / (self.end - self.begin), 2)


def draw(holds: Sequence[Hold], hours: Hours, span: Span, now: int) -> Picture:
    """The picture of a run of a clock."""
    days = explain(holds, hours, span.begin, span.end)
    scale = _scale(hours, days)
    lines = tuple(_merged([_line(day, hours, span, now, scale) for day in days]))
    dropped = max(0, len(lines) - HEAD - TAIL)
    kept = (*lines[:HEAD], *lines[-TAIL:]) if dropped else lines
    return Picture(kept, _ticks(scale), dropped, HEAD)


def day_name(day: date) -> str:
    """Such as Mon 16 Nov."""
    return f"{day:%a} {day.day} {day:%b}"


def minute(hours: Hours, at: int, day: date) -> float:
    """Minutes from midnight on the wall of a local day; its end is 1,440."""
    local = hours.local(at)
    if local.date() > day:
        return FULL
    return local.hour * 60 + local.minute + local.second / 60


def _scale(hours: Hours, days: Sequence[Day]) -> _Scale:
    found = [edge for day in days for edge in _edges(hours, day)]
    begin, end = (min(found), max(found)) if found else (0, FULL)
    return _Scale(int(begin // 60 * 60), int(-(-end // 60) * 60))


def _edges(hours: Hours, day: Day) -> Iterator[float]:
    for opens, closes in hours.calendar.hours_on(day.day):
        yield opens
        yield closes


def _line(day: Day, hours: Hours, span: Span, now: int, scale: _Scale) -> Line:
    blocks = tuple(_blocks(day, hours, span, now, scale))
    present = now if span.begin <= now <= span.end else None
    return Line(
        label=day_name(day.day),
        blocks=blocks,
        note=f"{day.holiday}, a holiday" if day.holiday else "" if blocks else "closed",
        counted=day.counted // MINUTE,
        total=day.total // MINUTE,
        now=_mark(hours, present, day.day, scale),
        due=_mark(hours, span.due, day.day, scale),
        holiday=day.holiday is not None,
    )


def _mark(hours: Hours, at: int | None, day: date, scale: _Scale) -> float | None:
    if at is None or hours.local(at).date() != day:
        return None
    return scale.at(minute(hours, at, day))


def _blocks(day: Day, hours: Hours, span: Span, now: int, scale: _Scale) -> Iterator[Block]:
    midnight, morrow = hours.midnight(day.day), hours.midnight(day.day + DAY)
    for begin, end in hours.segments(midnight, max(midnight, day.begin)):
        yield _block(day, hours, begin, end, "idle", scale)
    for part in day.parts:
        if part.held:
            yield _block(day, hours, part.begin, part.end, "held", scale, part.held)
            continue
        for kind, begin, end in _told(part.begin, part.end, span, now):
            yield _block(day, hours, begin, end, kind, scale)
    for begin, end in hours.segments(min(day.end, morrow), morrow):
        yield _block(day, hours, begin, end, "idle", scale)


def _told(begin: int, end: int, span: Span, now: int) -> Iterator[tuple[str, int, int]]:
    """A counted part as what is behind, over and ahead."""
    due = span.end if span.due is None else span.due
    edges = sorted({begin, end, *(at for at in (now, due) if begin < at < end)})
    for opens, closes in pairwise(edges):
        yield ("over" if opens >= due else "left" if opens >= now else "counted"), opens, closes


def _block(day: Day, hours: Hours, begin: int, end: int, kind: str, scale: _Scale, why: str = "") -> Block:
    opens, closes = minute(hours, begin, day.day), minute(hours, end, day.day)
    left, right = scale.at(opens), scale.at(closes)
    length = (end - begin) // MINUTE
    text = f"on hold, {length:,} min" if kind == "held" else "" if kind == "idle" else f"{length:,} min"
    said = f"on hold ({why})" if kind == "held" else SAID[kind]
    words = f"{wall(opens)} to {wall(closes)} {said}, {length:,} min"
    return Block(left, round(right - left, 2), kind, text, words)


def wall(minutes: float) -> str:
    """Minutes from midnight as people write them."""
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def _merged(lines: Sequence[Line]) -> Iterator[Line]:
    """Closed days that follow each other are one line."""
    waiting: list[Line] = []
    for line in lines:
        if line.note == "closed":
            waiting.append(line)
            continue
        yield from _closed(waiting)
        waiting = []
        yield line
    yield from _closed(waiting)


def _closed(waiting: Sequence[Line]) -> Iterator[Line]:
    if waiting:
        first, last = waiting[0], waiting[-1]
        label = first.label if first is last else f"{first.label} to {last.label}"
        yield Line(label, (), "closed", 0, last.total)


def _ticks(scale: _Scale) -> tuple[tuple[float, str], ...]:
    hours = (scale.end - scale.begin) // 60
    step = next((step for step in STEPS if hours / step <= TICKS), STEPS[-1])
    return tuple((scale.at(at), wall(at)) for at in range(scale.begin, scale.end + 1, step * 60))
