"""The table of states: what each verb, each failure and time do to each state."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.rules.states import Event, Senseless, Severity, State, Status, Verb, recur, target

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OPEN, ACKNOWLEDGED, SNOOZED, RESOLVED = Status.OPEN, Status.ACKNOWLEDGED, Status.SNOOZED, Status.RESOLVED

EXPECTED = {
    Verb.ACKNOWLEDGE: {OPEN: ACKNOWLEDGED, SNOOZED: ACKNOWLEDGED},
    Verb.UNACKNOWLEDGE: {ACKNOWLEDGED: OPEN},
    Verb.SNOOZE: {OPEN: SNOOZED, ACKNOWLEDGED: SNOOZED},
    Verb.UNSNOOZE: {SNOOZED: ACKNOWLEDGED},
    Verb.RESOLVE: {OPEN: RESOLVED, ACKNOWLEDGED: RESOLVED, SNOOZED: RESOLVED},
    Verb.UNRESOLVE: {RESOLVED: OPEN},
}


def state(status: Status, severity: Severity = Severity.ERROR) -> State:
    """A state; what is snoozed was acknowledged before, for another hour."""
    if status is SNOOZED:
        return State(status, severity, ACKNOWLEDGED, NOW + timedelta(hours=1))
    return State(status, severity)


@pytest.mark.parametrize(("verb", "status"), list(product(Verb, Status)))
def test_every_verb_in_every_state(verb: Verb, status: Status) -> None:
    expected = EXPECTED[verb].get(status)
    if expected is None:
        with pytest.raises(Senseless, match=status.word):
            target(state(status), verb)
    else:
        assert target(state(status), verb) is expected


@pytest.mark.parametrize("before", [OPEN, ACKNOWLEDGED])
def test_a_snooze_returns_to_the_state_before(before: Status) -> None:
    snoozed = State(SNOOZED, Severity.ERROR, before, NOW)
    assert snoozed.at(NOW - timedelta(seconds=1)) == snoozed
    assert snoozed.at(NOW) == State(before, Severity.ERROR)


@pytest.mark.parametrize(("status", "severity"), list(product([OPEN, ACKNOWLEDGED, SNOOZED], Severity)))
def test_a_failure_no_worse_changes_nothing(status: Status, severity: Severity) -> None:
    before = state(status, Severity.CRITICAL)
    assert recur(before, severity) == (before, [])


@pytest.mark.parametrize("status", [ACKNOWLEDGED, SNOOZED])
def test_a_worse_failure_reopens_and_raises(status: Status) -> None:
    after, changes = recur(state(status, Severity.WARNING), Severity.ERROR)
    assert after == State(OPEN, Severity.ERROR)
    assert [(c.event, c.before, c.after) for c in changes] == [
        (Event.REOPENED, status.word, "open"),
        (Event.RAISED, "warning", "error"),
    ]
    assert all("error" in change.why for change in changes)


def test_a_worse_failure_while_open_only_raises() -> None:
    after, changes = recur(state(OPEN, Severity.INFO), Severity.CRITICAL)
    assert after == State(OPEN, Severity.CRITICAL)
    assert [c.event for c in changes] == [Event.RAISED]


@given(st.sampled_from(Severity), st.sampled_from(Severity))
def test_any_failure_reopens_what_was_resolved_and_lowers_nothing(old: Severity, new: Severity) -> None:
    after, changes = recur(state(RESOLVED, old), new)
    assert after == State(OPEN, max(old, new))
    assert changes[0].event is Event.REOPENED


@given(st.sampled_from(Status), st.lists(st.sampled_from(Severity), min_size=1))
def test_severity_never_falls(status: Status, severities: list[Severity]) -> None:
    found = state(status, Severity.INFO)
    for index, severity in enumerate(severities):
        found, _ = recur(found, severity)
        assert found.severity == max(severities[: index + 1])
