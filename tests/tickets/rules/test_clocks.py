"""The clocks at their edges: the last moment, holds that touch it, reopening, what ends a wait."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from console.tickets.rules.clocks import Clock, Phase
from console.tickets.rules.instants import MINUTE, micros, when
from console.tickets.rules.standing import State, overall, standing
from tests.tickets.making import ALWAYS, OFFICE, at, calendar_body, clocks_of, hours_of, policy_body

MONDAY = at("2026-11-23T09:00Z")


def event(minute: float, kind: str, value: str | None = None, name: str = "") -> dict[str, Any]:
    told = {"id": name or f"{minute}-{kind}", "at": (MONDAY + timedelta(minutes=minute)).isoformat(), "type": kind}
    return told if value is None else {**told, kind: value}


def told(*events: dict[str, Any], hours: Any = None, **policy: Any) -> tuple[Clock, Clock, Clock]:
    targets = {"first_response": 60, "next_response": 30, "resolution": 120}
    sla = policy_body(**{"targets": {"default": targets}, **policy})
    ticket = {"created_at": MONDAY.isoformat(), "events": list(events)}
    return clocks_of(ticket, hours_of(calendar_body(hours or ALWAYS)), sla)


def minute(number: float) -> int:
    return micros(MONDAY + timedelta(minutes=number))


def shown(clock: Clock, number: float = 10_000) -> Any:
    return standing(clock, hours_of(calendar_body(ALWAYS)), minute(number))


def moment(number: float) -> datetime:
    return MONDAY + timedelta(minutes=number)


def test_a_reply_at_the_last_moment_is_in_time_and_one_after_it_is_not() -> None:
    assert shown(told(event(60, "agent_reply"))[0]).state is State.MET
    late = shown(told(event(60.001, "agent_reply"))[0])
    assert (late.state, late.breached_at, late.remaining_minutes) == (State.BREACHED, moment(60), 0)


def test_a_clock_that_runs_is_over_only_after_its_deadline() -> None:
    first = told()[0]
    assert [shown(first, number).state for number in (44, 45, 60, 60.001)] == [
        State.OK, State.AT_RISK, State.AT_RISK, State.BREACHED,
    ]  # fmt: skip


def test_a_budget_used_up_at_closing_time_is_over_while_it_is_closed() -> None:
    """Due at 17:00 on Monday: a reply in the evening is late, by no business minute."""
    first = told(event(600, "agent_reply"), hours=OFFICE, targets={"default": {"first_response": 480}})[0]
    assert (when(first.breached), first.breaches[0].late) == (at("2026-11-23T17:00Z"), 0)


def test_a_hold_that_begins_at_the_deadline_breaks_nothing_until_it_ends() -> None:
    first, _, resolution = told(event(60, "status", "pending"))
    assert (first.phase, first.breached, resolution.phase) == (Phase.PAUSED, None, Phase.PAUSED)
    first = told(event(60, "status", "pending"), event(90, "status", "open"))[0]
    assert (shown(first, 95).state, shown(first, 95).breached_at) == (State.BREACHED, moment(60))
    answered = told(event(60, "status", "pending"), event(70, "agent_reply"))[0]
    assert shown(answered).state is State.MET


def test_what_was_broken_before_a_hold_stays_broken_and_is_shown_as_paused() -> None:
    clocks = told(event(70, "status", "on_hold"))
    first = shown(clocks[0])
    assert (first.state, first.breached_at, first.due_at) == (State.PAUSED, moment(60), None)
    assert overall(clocks, minute(500)) is State.PAUSED


def test_the_time_until_a_reopening_is_a_hold() -> None:
    first, _, resolution = told(event(20, "resolved"), event(80, "reopened"))
    assert (when(first.due), when(resolution.due)) == (moment(120), moment(180))
    again = told(event(20, "resolved"), event(80, "reopened"), event(90, "resolved"))[2]
    assert (again.phase, again.spent) == (Phase.DONE, 30 * MINUTE)


def test_a_status_after_the_resolution_is_no_reopening() -> None:
    resolution = told(event(20, "resolved"), event(30, "status", "open"))[2]
    assert (resolution.phase, when(resolution.done)) == (Phase.DONE, moment(20))


@pytest.mark.parametrize("paused_at", [10, 20, 30, 40])
def test_a_reopening_tells_no_status_so_the_one_told_last_holds(paused_at: int) -> None:
    before = (event(paused_at, "status", "pending"), event(20, "resolved"), event(40, "reopened"))
    assert told(*before)[2].phase is Phase.PAUSED
    resolution = told(*before, event(50, "status", "open"))[2]
    # Held from the pause or the resolution, whichever was first, until it goes on.
    assert (resolution.phase, when(resolution.due)) == (Phase.RUNNING, moment(120 + 50 - min(paused_at, 20)))
    worked_on = (event(10, "status", "pending"), event(20, "resolved"), event(30, "status", "open"))
    assert told(*worked_on, event(40, "reopened"))[2].phase is Phase.RUNNING


def test_an_explicit_first_response_alone_is_the_first() -> None:
    first = told(event(10, "agent_reply"), event(50, "first_response"), event(55, "first_response"))[0]
    assert (when(first.done), first.spent) == (moment(50), 50 * MINUTE)


def test_a_resolution_without_a_reply_ends_the_first_response() -> None:
    first = shown(told(event(61, "resolved"), event(70, "agent_reply"))[0])
    assert (first.completed_at, first.state, first.elapsed_minutes) == (moment(61), State.BREACHED, 61)


def test_more_messages_do_not_restart_a_wait_and_a_reply_ends_it() -> None:
    following = told(event(0, "customer_message"), event(20, "customer_message"))[1]
    assert when(following.due) == moment(30)
    waits = (event(0, "customer_message"), event(25, "agent_reply"), event(30, "customer_message"))
    following = told(*waits)[1]
    assert (when(following.due), shown(following, 35).elapsed_minutes) == (moment(60), 25)
    over = told(*waits, event(70, "agent_reply"))[1]
    assert (shown(over).elapsed_minutes, shown(over).remaining_minutes) == (40, -10)
    assert (shown(over).breached_at, shown(over).state) == (moment(60), State.BREACHED)


def test_a_message_while_it_is_resolved_waits_only_once_it_is_reopened() -> None:
    before = (event(10, "resolved"), event(20, "customer_message"))
    assert told(*before)[1].phase is Phase.NONE
    following = told(*before, event(40, "reopened"))[1]
    assert (following.phase, when(following.due)) == (Phase.RUNNING, moment(70))


def test_without_a_message_or_a_target_there_is_nothing() -> None:
    first, following, _ = told(event(10, "agent_reply"), targets={"default": {"next_response": 30}})
    assert (shown(first).state, shown(first).target_minutes, shown(first).completed_at) == (State.NONE, None, None)
    assert (shown(following).state, shown(following).target_minutes) == (State.NONE, 30)


@pytest.mark.parametrize(
    ("risk", "minutes"),
    [
        ({"fraction": 0.25}, 45),
        ({"fraction": 0}, 60),
        ({"fraction": 1}, 0),
        ({"minutes": 10}, 50),
        ({"minutes": 90}, 0),
    ],
)
def test_a_clock_is_at_risk_with_so_much_left(risk: dict[str, float], minutes: int) -> None:
    assert when(told(at_risk=risk)[0].risk) == moment(minutes)


def test_a_ticket_stands_as_its_most_pressing_clock() -> None:
    late = told(event(70, "agent_reply"))
    assert overall(late, minute(71)) is State.BREACHED
    done = told(event(10, "agent_reply"), event(20, "resolved"))
    assert overall(done, minute(500)) is State.MET
    assert overall(told(event(10, "agent_reply")), minute(95)) is State.AT_RISK
