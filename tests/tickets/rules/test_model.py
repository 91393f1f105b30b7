"""The clocks against the slow model, across zones whose clocks jump."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tickets.rules.clocks import Clock, Phase, clocks
from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import MINUTE
from tests.tickets.making import hours_of
from tests.tickets.rules import model
from tests.tickets.rules.drawing import MINUTES, PAUSED, TARGET, history_of, minute, policy_of, situations, stories
from tests.tickets.rules.model import LENGTH, Told, Window, window

# Ten thousand cases take minutes, a busy machine makes them many.
pytestmark = pytest.mark.timeout(3_600)


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


def test_the_model_knows_what_its_windows_hold() -> None:
    """Each window really has the jump it was chosen for: otherwise the tests above would prove little."""
    lengths = {(zone, day): len(set(window(zone, day).walls)) for zone, day in model.WINDOWS}
    usual = LENGTH + 2 * model.MARGIN
    assert lengths["Europe/Berlin", "2026-10-23"] == usual - 60
    assert lengths["Australia/Lord_Howe", "2026-04-03"] == usual - 30
    skipped = window("Pacific/Apia", "2011-12-28")
    assert datetime(2011, 12, 30, 12, tzinfo=UTC).replace(tzinfo=None) not in skipped.first
