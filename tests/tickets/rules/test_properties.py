"""The clocks against the slow model, across zones whose clocks jump, and what must hold of any ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from console.tickets.rules import policy
from console.tickets.rules.clocks import Clock, Phase, clocks, pieces
from console.tickets.rules.explain import explain
from console.tickets.rules.history import Event, History, Kind, read
from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import MINUTE, micros
from console.tickets.rules.standing import State, outlook, overall, standing
from tests.tickets.making import hours_of, policy_body
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


def check(seen: Window, hours: Hours, found: Clock, expected: model.Course) -> None:
    now = minute(seen, LENGTH)
    spent = found.spent if found.since is None else found.spent + hours.between(found.since, now)
    assert spent == expected.spent * MINUTE
    assert (found.phase is Phase.RUNNING) == expected.running
    if expected.due is None:
        assert found.breached is None
        assert found.due is None or found.due > now
    elif expected.running:
        assert found.due == minute(seen, expected.due)
    if expected.due is not None and expected.over and not expected.running:
        assert found.breached == minute(seen, expected.due)
    if not expected.over:
        assert found.breached is None


@given(situations(), MINUTES, stories(), TARGET, st.sampled_from(["new", "pending"]))
def test_it_counts_as_the_slow_model_does(
    situation: tuple[Window, dict[str, Any]], created: int, story: list[Told], target: int, status: str
) -> None:
    seen, body = situation
    story = [told for told in story if told.minute >= created]
    hours, known = hours_of(body), policy_of(target)
    opened = model.open_minutes(seen, body)
    held, closed_at = model.held_minutes(created, status, story, PAUSED)
    history = history_of(seen, created, story, status, known)
    first, following, resolution = clocks(history, known, hours)
    answer = model.first_answer(story)
    check(seen, hours, first, model.course(created, answer, target, opened, held, closed_at))
    check(seen, hours, resolution, model.course(created, None, target, opened, held, closed_at))
    waits = [(a, b) for a, b in model.waits(story) if closed_at is None or a < closed_at]
    courses = [model.course(begin, end, target, opened, held, closed_at) for begin, end in waits]
    assert (following.phase is Phase.NONE) == (not courses)
    if courses:
        ended = [
            found.spent for found, (_, end) in zip(courses, waits, strict=True) if (end, closed_at) != (None, None)
        ]
        assert following.longest == (max(ended) * MINUTE if ended else None)
        late = [found for found in courses if found.over and not found.running and found.due is not None]
        if late:
            assert following.breached is not None
            assert following.breached <= minute(seen, late[0].due or 0)


@given(situations(), MINUTES, st.integers(1, 30_000_000_000))
def test_adding_and_then_measuring_gives_back_the_target(
    situation: tuple[Window, dict[str, Any]], created: int, length: int
) -> None:
    seen, body = situation
    hours, begin = hours_of(body), minute(seen, created) + length % 60_000_000
    due = hours.after(begin, length)
    assert due is not None
    assert hours.between(begin, due) == length
    # The earliest such instant: a moment before, something is left.
    assert hours.between(begin, due - 1) == length - 1
    middle = begin + (due - begin) // 3
    assert hours.between(begin, middle) + hours.between(middle, due) == length


@given(situations(), MINUTES, MINUTES, MINUTES, TARGET)
def test_a_hold_moves_a_deadline_by_its_business_part_only(
    situation: tuple[Window, dict[str, Any]], created: int, one: int, other: int, target: int
) -> None:
    seen, body = situation
    begin, end = sorted((one, other))
    assume(created <= begin)
    hours, known = hours_of(body), policy_of(target)
    story = [Told(begin, "a", "status", "pending"), Told(end, "b", "status", "open")]
    resolution = clocks(history_of(seen, created, story, "new", known), known, hours)[2]
    plain = hours.after(minute(seen, created), target * MINUTE)
    held = hours.between(minute(seen, begin), minute(seen, end))
    assert resolution.due is not None
    assert plain is not None
    if plain <= minute(seen, begin):
        assert resolution.due == plain
    else:
        assert resolution.due == hours.after(minute(seen, created), target * MINUTE + held)


@given(situations(), MINUTES, stories(), TARGET, st.randoms(use_true_random=False))
def test_any_order_of_the_events_gives_the_same_clocks(
    situation: tuple[Window, dict[str, Any]], created: int, story: list[Told], target: int, chance: Any
) -> None:
    seen, body = situation
    hours, known = hours_of(body), policy_of(target)
    shuffled = list(story)
    chance.shuffle(shuffled)
    first = clocks(history_of(seen, created, story, "new", known), known, hours)
    assert clocks(history_of(seen, created, shuffled, "new", known), known, hours) == first


@given(situations(), MINUTES, stories(), TARGET)
def test_step_by_step_ends_where_recomputing_does(
    situation: tuple[Window, dict[str, Any]], created: int, story: list[Told], target: int
) -> None:
    seen, body = situation
    known, one = policy_of(target), hours_of(body)
    ordered = sorted(story, key=lambda told: (told.minute, told.id))
    for number in range(len(ordered) + 1):
        # One table for all steps, a fresh one for each: what was expanded before must not matter.
        history = history_of(seen, created, ordered[:number], "new", known)
        assert clocks(history, known, one) == clocks(history, known, hours_of(body))


@given(situations(), MINUTES, stories(), TARGET, MINUTES)
def test_nothing_breaches_or_is_at_risk_while_it_is_paused(
    situation: tuple[Window, dict[str, Any]], created: int, story: list[Told], target: int, later: int
) -> None:
    seen, body = situation
    hours, known = hours_of(body), policy_of(target)
    story = [told for told in story if told.minute >= created and told.kind not in {"resolved", "reopened"}]
    story = [*story, Told(LENGTH, "z", "status", "pending")]
    found = clocks(history_of(seen, created, story, "new", known), known, hours)
    now = minute(seen, LENGTH + later)
    waiting = [clock for clock in found if clock.phase not in {Phase.DONE, Phase.NONE}]
    assert {standing(clock, hours, now).state for clock in waiting} == {State.PAUSED}
    assert overall(found, now) is State.PAUSED
    assert (outlook(found).due, outlook(found).risk) == (None, None)
    then = standing(found[2], hours, minute(seen, LENGTH))
    assert standing(found[2], hours, now) == then


@dataclass
class Asked:
    organization: str | None
    source: str = "zendesk"
    priority: str | None = "high"
    tags: Sequence[str] = ("vip",)


@given(situations(), MINUTES, stories(), TARGET)
def test_its_explanation_adds_up(
    situation: tuple[Window, dict[str, Any]], created: int, story: list[Told], target: int
) -> None:
    seen, body = situation
    hours, known = hours_of(body), policy_of(target)
    history = history_of(seen, created, story, "new", known)
    resolution = clocks(history, known, hours)[2]
    end = resolution.due or resolution.done or minute(seen, LENGTH)
    days = explain(history.holds, hours, history.created, end)
    spent = sum(hours.between(a, min(end, b or end)) for a, b in pieces(history.created, end, history.holds))
    assert (days[-1].total if days else 0) == spent
    assert sum(day.counted + day.held for day in days) == hours.between(history.created, end)
    assert [day.begin for day in days[1:]] == [day.end for day in days[:-1]]
    if resolution.due is not None:
        assert spent == resolution.target


@given(st.text(max_size=8), st.text(max_size=8))
def test_deadlines_vanish_when_no_policy_matches(wanted: str, organization: str) -> None:
    known = policy.read(policy_body(match={"organization": [wanted]}))
    same = policy.word(wanted) == policy.word(organization) != ""
    assert policy.choose(Asked(organization), [("gold", known)]) == ("gold" if same else None)


def test_the_model_knows_what_its_windows_hold() -> None:
    """Each window really has the jump it was chosen for: otherwise the tests above would prove little."""
    lengths = {(zone, day): len(set(window(zone, day).walls)) for zone, day in model.WINDOWS}
    usual = LENGTH + 2 * model.MARGIN
    assert lengths["Europe/Berlin", "2026-10-23"] == usual - 60
    assert lengths["Australia/Lord_Howe", "2026-04-03"] == usual - 30
    skipped = window("Pacific/Apia", "2011-12-28")
    assert datetime(2011, 12, 30, 12, tzinfo=UTC).replace(tzinfo=None) not in skipped.first
