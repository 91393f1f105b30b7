"""What must hold of any ticket, in any zone, whatever happens to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.tickets.rules import policy
from console.tickets.rules.clocks import Phase, clocks, pieces
from console.tickets.rules.explain import explain
from console.tickets.rules.instants import MINUTE
from console.tickets.rules.standing import State, outlook, overall, standing
from tests.tickets.making import hours_of, policy_body
from tests.tickets.rules.drawing import MINUTES, TARGET, history_of, minute, policy_of, situations, stories
from tests.tickets.rules.model import LENGTH, Told, Window

# As in test_model.py.
pytestmark = pytest.mark.timeout(3_600)


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


@given(situations(), st.tuples(MINUTES, MINUTES, MINUTES).map(sorted), TARGET)
def test_a_hold_moves_a_deadline_by_its_business_part_only(
    situation: tuple[Window, dict[str, Any]], minutes: list[int], target: int
) -> None:
    seen, body = situation
    created, begin, end = minutes
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
@example("", "\r")
def test_deadlines_vanish_when_no_policy_matches(wanted: str, organization: str) -> None:
    known = policy.read(policy_body(match={"organization": [wanted]}))
    same = policy.word(wanted) == policy.word(organization) != ""
    assert known.matches(Asked(organization)) is same
