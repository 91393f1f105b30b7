"""Calendars and stories of tickets drawn at random, around the nights in which clocks jump."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from console.tickets.rules import policy
from console.tickets.rules.history import Event, History, Kind, read
from console.tickets.rules.instants import MINUTE, micros
from tests.tickets.making import policy_body
from tests.tickets.rules import model
from tests.tickets.rules.model import DAYS, LENGTH, Told, Window, window

PAUSED = {"pending", "on_hold"}
KINDS = [kind.value for kind in Kind if kind not in {Kind.PRIORITY, Kind.ASSIGNED}]
MINUTES = st.integers(0, LENGTH - 1)


def clock_time(step: int) -> str:
    return f"{step // 12:02}:{step % 12 * 5:02}"


def intervals(steps: list[int]) -> list[list[str]]:
    ordered = sorted(steps)
    return [[clock_time(a), clock_time(b)] for a, b in zip(ordered[::2], ordered[1::2], strict=False)]


# Night hours are drawn often: that is when clocks jump.
STEP = st.one_of(st.integers(0, 48), st.integers(0, 288))
DAY = st.lists(STEP, max_size=6, unique=True).map(intervals)
# A few kinds of days, one after the other: seven drawn apart would find no more and cost twice the time.
WEEK = (
    st.lists(DAY, min_size=1, max_size=3)
    .filter(any)
    .map(lambda kinds: {day: kinds[number % len(kinds)] for number, day in enumerate(DAYS)})
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Window, dict[str, Any]]:
    zone, day = draw(st.sampled_from(model.WINDOWS))
    seen = window(zone, day)
    dates = st.integers(0, 5).map(lambda n: (seen.start + timedelta(days=n)).date().isoformat())
    holidays = [{"date": date, "name": "holiday"} for date in draw(st.lists(dates, max_size=1))]
    exceptions = draw(st.dictionaries(dates, DAY, max_size=1))
    hours = draw(WEEK)
    return seen, {"timezone": zone, "hours": hours, "holidays": holidays, "exceptions": exceptions}


@st.composite
def stories(draw: st.DrawFn) -> list[Told]:
    told = draw(st.lists(st.tuples(MINUTES, st.sampled_from(KINDS)), max_size=8))
    statuses = st.sampled_from(["open", "pending", "on_hold"])
    return [
        Told(minute, f"e{number}", kind, draw(statuses) if kind == "status" else "")
        for number, (minute, kind) in enumerate(told)
    ]


TARGET = st.integers(1, 1_000)


def history_of(seen: Window, created: int, story: list[Told], status: str, known: policy.Policy) -> History:
    events = [
        Event(told.id, seen.start + timedelta(minutes=told.minute), Kind(told.kind), told.status or None)
        for told in story
    ]
    return read(seen.start + timedelta(minutes=created), events, known.pauses, status=status)


def policy_of(target: int) -> policy.Policy:
    return policy.read(policy_body(targets={"default": dict.fromkeys(policy.CLOCKS, target)}))


def minute(seen: Window, number: int) -> int:
    return micros(seen.start) + number * MINUTE
