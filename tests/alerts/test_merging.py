"""Merging by hand: one alert stands for several, counts exactly what they count, and gives each back as it was."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.models import AlertCount, AlertMerge, Grain
from console.alerts.queries import AlertFilter, merges
from console.alerts.rules.states import Severity, Status
from console.audit.models import AuditEntry
from console.infra.db import db
from console.infra.errors import Conflict, Invalid, NotFound
from tests.alerts.making import ADA, OLU, failure, noise, words
from tests.conftest import Clock

FIGURES = (
    "count", "count_since_open", "reopened_count", "first_seen", "last_seen", "opened_at", "status", "severity",
    "assignee", "acknowledged_by", "acknowledged_at", "snoozed_until", "before_snooze", "resolved_at",
)  # fmt: skip


def told(alert_id: int) -> dict[str, Any]:
    """Everything that counts or stands, read anew."""
    db.session.flush()
    db.session.expire_all()
    found = queries.get(alert_id)
    return {name: getattr(found, name) for name in FIGURES} | {"text": found.detail.text}


def hours(alert_id: int) -> dict[datetime, tuple[int, int]]:
    rows = select(AlertCount).where(AlertCount.alert_id == alert_id, AlertCount.grain == Grain.HOUR)
    return {row.at: (row.final, row.retried) for row in db.session.scalars(rows)}


def send(at: datetime, name: str, times: int = 1, **fields: Any) -> int:
    """Failures of one named cause; returns the alert that stands for it."""
    given = {"message": f"cause {name}", "task": f"tasks.{name}", "fingerprint": name, **fields}
    return actions.ingest([failure(at, **given) for _ in range(times)], at=at).alerts[0]


@pytest.fixture
def pair(db_session: Session, clock: Clock) -> tuple[int, int]:
    """Two alerts of two causes, the second older, with two and three failures; and noise."""
    noise(clock.at)
    second = send(clock.at - timedelta(hours=2), "second", 3)
    first = send(clock.at, "first", 2)
    return first, second


def test_the_target_shows_both_together(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    assert [row.alert_id for row in actions.merge(first, [second], by=OLU, at=clock.at)] == [second]
    shown = told(first)
    assert (shown["count"], shown["count_since_open"]) == (5, 5)
    assert (shown["first_seen"], shown["last_seen"]) == (clock.at - timedelta(hours=2), clock.at)
    assert len(queries.occurrences(first, limit=50).items) == 5
    assert sum(final for final, _ in hours(first).values()) == 5
    assert queries.facts(queries.get(first)).final == 5


def test_new_failures_of_the_merged_cause_go_to_the_target(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    actions.merge(first, [second], by=OLU, at=clock.at)
    clock.advance(minutes=5)
    assert send(clock.at, "second", 4) == first
    assert (told(first)["count"], told(first)["last_seen"], told(second)["count"]) == (9, clock.at, 7)
    assert [o.alert_id for o in queries.occurrences(first, limit=4).items] == [second] * 4
    assert words(first)[-1] == "took_in"


def test_no_list_count_or_bulk_shows_what_is_merged(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    before = queries.open_count(clock.at).number
    actions.merge(first, [second], by=OLU, at=clock.at)
    db.session.flush()
    listed = {found.id for found in queries.recent(AlertFilter(), clock.at, limit=200).items}
    assert first in listed
    assert second not in listed
    assert queries.open_count(clock.at).number == before - 1
    assert second not in queries.matching_ids(AlertFilter(), clock.at, cap=100)
    with pytest.raises(Invalid):
        queries.recent(AlertFilter(q="status:merged"), clock.at, limit=5)


def test_the_words_of_the_merged_find_the_target(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    actions.merge(first, [second], by=OLU, at=clock.at)
    for q in ("tasks.second", '"cause second"', "tasks.first"):
        assert [a.id for a in queries.recent(AlertFilter(q=q), clock.at, limit=5).items] == [first]
    actions.unmerge(first, second, by=OLU, at=clock.at)
    assert [a.id for a in queries.recent(AlertFilter(q="tasks.second"), clock.at, limit=5).items] == [second]


@pytest.mark.parametrize("state", ["open", "acknowledged", "snoozed", "resolved"])
def test_taking_it_out_restores_both_exactly(pair: tuple[int, int], clock: Clock, state: str) -> None:
    first, second = pair
    found = queries.get_for_change(second)
    actions.assign(found, "ada@example.com", by=OLU, at=clock.at)
    if state == "acknowledged":
        actions.acknowledge(found, by=ADA, at=clock.at)
    elif state == "snoozed":
        actions.snooze(found, clock.at + timedelta(days=1), by=ADA, at=clock.at)
    elif state == "resolved":
        actions.resolve(found, by=ADA, at=clock.at)
    target, merged, bars = told(first), told(second), (hours(first), hours(second))
    actions.merge(first, [second], by=OLU, at=clock.at)
    actions.unmerge(first, second, by=ADA, at=clock.advance(minutes=3))
    assert (told(first), told(second)) == (target, merged)
    assert (hours(first), hours(second)) == bars
    assert db.session.scalar(select(func.count()).select_from(AlertMerge)) == 0


def test_failures_since_stay_with_their_own_cause(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    actions.merge(first, [second], by=OLU, at=clock.at)
    later = clock.advance(hours=1)
    send(later, "second", 4, will_retry=True)
    send(later + timedelta(seconds=1), "first")
    actions.unmerge(first, second, by=OLU, at=clock.advance(minutes=1))
    assert (told(first)["count"], told(first)["last_seen"]) == (3, later + timedelta(seconds=1))
    assert (told(second)["count"], told(second)["count_since_open"], told(second)["last_seen"]) == (7, 7, later)
    assert {o.alert_id for o in queries.occurrences(first, limit=50).items} == {first}
    assert sum(map(sum, hours(first).values())) == 3
    assert send(clock.at, "second") == second


def test_what_was_resolved_and_failed_since_comes_out_open(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    actions.resolve(queries.get_for_change(second), by=ADA, at=clock.at)
    actions.merge(first, [second], by=OLU, at=clock.at)
    send(clock.advance(minutes=1), "second", 2)
    actions.unmerge(first, second, by=OLU, at=clock.advance(minutes=1))
    now = told(second)
    assert (now["status"], now["count_since_open"], now["reopened_count"]) == (Status.OPEN, 2, 1)
    assert words(second)[-2:] == ["unmerged", "reopened"]


def test_a_live_alert_reopens_what_is_resolved_and_raises_it(pair: tuple[int, int], clock: Clock) -> None:
    first, _ = pair
    worse = send(clock.at, "worse", severity=Severity.CRITICAL)
    actions.resolve(queries.get_for_change(first), by=ADA, at=clock.at)
    actions.merge(first, [worse], by=OLU, at=clock.advance(minutes=1))
    now = told(first)
    assert (now["status"], now["severity"], now["count_since_open"]) == (Status.OPEN, Severity.CRITICAL, 1)
    assert now["resolved_at"] is None
    assert words(first)[-3:] == ["took_in", "reopened", "raised"]


def test_a_resolved_one_changes_no_state(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    actions.acknowledge(queries.get_for_change(first), by=ADA, at=clock.at)
    actions.resolve(queries.get_for_change(second), by=ADA, at=clock.at)
    actions.merge(first, [second], by=OLU, at=clock.at)
    now = told(first)
    assert (now["status"], now["count"], now["count_since_open"]) == (Status.ACKNOWLEDGED, 5, 2)
    assert now["acknowledged_by"] == "ada@example.com"


def test_a_target_that_reopens_counts_anew_and_unmerges_exactly(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    actions.merge(first, [second], by=OLU, at=clock.at)
    actions.resolve(queries.get_for_change(first), by=ADA, at=clock.at)
    clock.advance(minutes=1)
    both = [failure(clock.at, fingerprint=name) for name in ("second", "first", "second")]
    assert set(actions.ingest(both, at=clock.at).alerts) == {first}
    assert (told(first)["status"], told(first)["count_since_open"]) == (Status.OPEN, 3)
    actions.unmerge(first, second, by=OLU, at=clock.at)
    assert (told(first)["count_since_open"], told(first)["count"]) == (1, 3)


def test_a_repeated_event_names_the_target(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    send(clock.at, "second", event_id="e-1")
    actions.merge(first, [second], by=OLU, at=clock.at)
    again = actions.ingest([failure(clock.at, fingerprint="second", event_id="e-1")], at=clock.at)
    assert (again.accepted, again.duplicates, again.alerts) == (0, 1, (first,))
    assert told(first)["count"] == 6


def test_what_was_merged_into_a_merged_one_comes_along(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    third = send(clock.at, "third", 4)
    before = told(second), told(third), told(first)
    actions.merge(second, [third], by=OLU, at=clock.at)
    actions.merge(first, [second], by=OLU, at=clock.at)
    assert merges.family(first) == [first, second, third]
    assert told(first)["count"] == 9
    assert send(clock.at, "third") == first
    actions.unmerge(first, second, by=OLU, at=clock.at)
    assert told(first)["count"] == 7
    actions.unmerge(first, third, by=OLU, at=clock.at)
    assert (told(second), told(first)) == (before[0], before[2])
    assert told(third)["count"] == 5


def test_senseless_merges_change_nothing(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    third = send(clock.at, "third")
    staging = send(clock.at, "third", environment="staging")
    actions.merge(first, [second], by=OLU, at=clock.at)
    before = told(first), told(third)
    for target, ids, error in (
        (first, [first], Conflict),
        (first, [second], Conflict),
        (third, [second], Conflict),
        (second, [third], Conflict),
        (second, [first], Conflict),
        (first, [third, 10**12], NotFound),
        (first, [staging], Invalid),
        (first, [], Invalid),
    ):
        with pytest.raises(error):
            actions.merge(target, ids, by=OLU, at=clock.at)
    with pytest.raises(NotFound):
        actions.unmerge(third, second, by=OLU, at=clock.at)
    assert (told(first), told(third)) == before


def test_what_is_merged_is_not_changed_by_hand(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    actions.merge(first, [second], by=OLU, at=clock.at)
    with pytest.raises(Conflict, match=f"into #{first}"):
        queries.get_for_change(second)


def test_both_histories_and_the_trail_say_so(pair: tuple[int, int], clock: Clock) -> None:
    first, second = pair
    actions.merge(first, [second], by=OLU, at=clock.at)
    actions.unmerge(first, second, by=ADA, at=clock.at)
    assert words(first)[-2:] == ["took_in", "let_go"]
    assert words(second)[-2:] == ["merged", "unmerged"]
    rows = queries.history(second, limit=2).items
    assert [(row.by, row.before, row.after) for row in rows] == [
        ("ada@example.com", "merged", "open"),
        ("olu@example.com", "open", "merged"),
    ]
    db.session.commit()
    trail = set(db.session.scalars(select(AuditEntry.action)))
    assert trail >= {"alert.merged", "alert.unmerged", "alert.took_in", "alert.let_go"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(0, 3), st.integers(1, 3)),
            st.tuples(st.just("merge"), st.integers(0, 3), st.integers(0, 3)),
            st.tuples(st.just("unmerge"), st.integers(0, 3), st.just(0)),
            st.tuples(st.just("resolve"), st.integers(0, 3), st.just(0)),
        ),
        max_size=14,
    )
)
def test_whatever_is_merged_no_failure_is_lost_or_counted_twice(
    db_session: Session, clock: Clock, steps: list[tuple[str, int, int]]
) -> None:
    with db_session.begin_nested() as undone:
        ids = [send(clock.at, f"cause-{n}") for n in range(4)]
        sent = [1, 1, 1, 1]
        for verb, n, m in steps:
            clock.advance(minutes=7)
            _step(verb, ids, n, m, sent, clock.at)
        for n, alert_id in enumerate(ids):
            row = told(alert_id)
            within = [ids.index(r.alert_id) for r in merges.of(alert_id)]
            assert row["count"] == sent[n] + sum(sent[w] for w in within)
            assert sum(map(sum, hours(alert_id).values())) == row["count"]
            assert 0 <= row["count_since_open"] <= row["count"]
            if row["status"] is not Status.MERGED:
                assert len(queries.occurrences(alert_id, limit=200).items) == row["count"]
        undone.rollback()


def _step(verb: str, ids: list[int], n: int, m: int, sent: list[int], at: datetime) -> None:
    try:
        if verb == "send":
            send(at, f"cause-{n}", m)
            sent[n] += m
        elif verb == "merge":
            actions.merge(ids[n], [ids[m]], by=OLU, at=at)
        elif verb == "unmerge":
            row = merges.find(ids[n])
            actions.unmerge(row.target_id if row else ids[n], ids[n], by=OLU, at=at)
        else:
            actions.resolve(queries.get_for_change(ids[n]), by=OLU, at=at)
    except (Conflict, NotFound):
        pass
