"""The slow model: a window of minutes, each looked at by itself. Obviously right, and nothing shared with the rules."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Weeks in which clocks do something: an hour, half an hour, two hours, at midnight, a whole day, nothing at all.
WINDOWS = (
    ("Europe/Berlin", "2026-10-23"),
    ("Europe/Berlin", "2026-03-27"),
    ("America/New_York", "2026-10-30"),
    ("America/New_York", "2026-03-06"),
    ("America/Sao_Paulo", "2018-11-02"),
    ("America/Sao_Paulo", "2018-02-16"),
    ("Australia/Lord_Howe", "2026-04-03"),
    ("Australia/Lord_Howe", "2026-10-02"),
    ("Antarctica/Troll", "2026-03-27"),
    ("Pacific/Apia", "2011-12-28"),
    ("Europe/Dublin", "2026-10-23"),
    ("Asia/Kathmandu", "2025-12-30"),
)
LENGTH = 5 * 24 * 60
# The window is looked at with a day around it, so that local dates are whole.
MARGIN = 30 * 60


@dataclass(frozen=True)
class Window:
    """Minutes of real time, what wall clocks of a zone show in each, where a wall time comes first, the whole days."""

    start: datetime
    walls: tuple[datetime, ...] = field(repr=False)
    first: dict[datetime, int] = field(repr=False)
    days: tuple[date, ...]

    def place(self, wall: datetime) -> int:
        """The minute at which a wall time is; one that is skipped comes later by as much as was skipped."""
        if wall in self.first:
            return self.first[wall]
        before, after = wall, wall
        while before not in self.first:
            before -= MINUTE
        while after not in self.first:
            after += MINUTE
        return self.first[wall + (after - before - MINUTE)]


@cache
def window(zone: str, day: str) -> Window:
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    walls = tuple(
        (start + n * MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for n in range(-MARGIN, LENGTH + MARGIN)
    )
    first: dict[datetime, int] = {}
    for index, wall in enumerate(walls):
        first.setdefault(wall, index - MARGIN)
    return Window(start, walls, first, tuple(sorted({wall.date() for wall in walls})[1:-1]))


def open_minutes(seen: Window, body: dict[str, Any]) -> list[bool]:
    """For each minute of the window whether the calendar is open in it."""
    found = [False] * LENGTH
    holidays = {holiday["date"] for holiday in body["holidays"]}
    for day in seen.days:
        for opens, closes in _intervals(day, body, holidays):
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall time is meant
            begin, end = seen.place(midnight + _span(opens)), seen.place(midnight + _span(closes))
            for minute in range(max(0, begin), min(LENGTH, end)):
                found[minute] = True
    return found


def _intervals(day: date, body: dict[str, Any], holidays: set[str]) -> list[list[str]]:
    if day.isoformat() in body["exceptions"]:
        found: list[list[str]] = body["exceptions"][day.isoformat()]
        return found
    if day.isoformat() in holidays:
        return []
    return list(body["hours"].get(DAYS[day.weekday()], []))


def _span(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


@dataclass(frozen=True)
class Told:
    """An event at a minute of the window."""

    minute: int
    id: str
    kind: str
    status: str = ""


@dataclass
class Course:
    """What one run of a clock did: minutes spent, the minute it was due, whether it went over, whether it runs."""

    spent: int = 0
    due: int | None = None
    over: bool = False
    running: bool = False


def held_minutes(created: int, status: str, events: list[Told], paused: set[str]) -> tuple[list[bool], int | None]:
    """For each minute whether it is held, and when the ticket was resolved for good."""
    told: dict[int, list[Told]] = {}
    for each in sorted(events, key=lambda each: each.id):
        told.setdefault(each.minute, []).append(each)
    found, closed_at = [False] * LENGTH, None
    for minute in range(created, LENGTH):
        for each in told.get(minute, ()):
            if each.kind == "status":
                status = each.status
            elif each.kind == "resolved" and closed_at is None:
                closed_at = minute
            elif each.kind == "reopened":
                closed_at = None
        found[minute] = closed_at is not None or status in paused
    return found, closed_at


def course(
    begin: int, end: int | None, target: int, opened: list[bool], held: list[bool], closed_at: int | None
) -> Course:
    """Walk from minute to minute."""
    ends = [each for each in (end, closed_at) if each is not None]
    found = Course(running=not ends and not held[LENGTH - 1])
    for minute in range(begin, min([*ends, LENGTH])):
        if held[minute]:
            continue
        if found.due is not None:
            found.over = True
        elif opened[minute]:
            found.spent += 1
            if found.spent == target:
                found.due = minute + 1
            continue
        if opened[minute]:
            found.spent += 1
    return found


def first_answer(events: list[Told]) -> int | None:
    """The explicit first responses count alone; without any, the replies do."""
    for kind in ("first_response", "agent_reply"):
        found = [each.minute for each in events if each.kind == kind]
        if found:
            return min(found)
    return None


def waits(events: list[Told]) -> list[tuple[int, int | None]]:
    """From the first message after a reply to the next reply."""
    found: list[tuple[int, int | None]] = []
    begin: int | None = None
    for each in sorted(events, key=lambda each: (each.minute, each.id)):
        if each.kind == "customer_message" and begin is None:
            begin = each.minute
        if each.kind == "agent_reply" and begin is not None:
            found.append((begin, each.minute))
            begin = None
    return found if begin is None else [*found, (begin, None)]
