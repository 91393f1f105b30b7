"""Openings out of the history, and the reports counted of them: by hand on small examples, and against plain Python."""

from datetime import UTC, date, datetime, timedelta
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from console.alerts import actions
from console.alerts.actions import triage
from console.alerts.models import Alert, AlertOpening
from console.alerts.queries import insights as reads
from console.alerts.rules import insights
from console.alerts.rules.insights import Measure, Period
from console.alerts.rules.states import Severity
from console.infra.actor import SYSTEM
from tests.alerts.making import ADA, OLU, alert, failure
from tests.conftest import NOON, Clock

MINUTE = timedelta(minutes=1)


def openings(session: Session, of: Alert) -> list[tuple[datetime, datetime | None, datetime | None, bool, bool]]:
    session.flush()
    session.expire_all()
    rows = session.scalars(select(AlertOpening).where(AlertOpening.alert_id == of.id).order_by(AlertOpening.id))
    return [(row.opened_at, row.acknowledged_at, row.resolved_at, row.reopened, row.by_hand) for row in rows]


def count(at: datetime) -> list[str]:
    counted = []
    while (part := actions.count_next(at=at)) is not None:
        counted.append(part)
    return counted


def test_an_opening_is_kept_with_what_became_of_it(db_session: Session, clock: Clock) -> None:
    found = alert(NOON)
    triage.acknowledge(found, by=OLU, at=NOON + MINUTE)
    triage.unacknowledge(found, by=OLU, at=NOON + 2 * MINUTE)
    triage.acknowledge(found, by=ADA, at=NOON + 3 * MINUTE)
    triage.resolve(found, by=ADA, at=NOON + 4 * MINUTE)
    assert openings(db_session, found) == [(NOON, NOON + MINUTE, NOON + 4 * MINUTE, False, True)]
    clock.advance(minutes=5)
    alert(clock.at)
    triage.resolve(found, by=SYSTEM, at=NOON + 6 * MINUTE)
    assert openings(db_session, found)[1:] == [(NOON + 5 * MINUTE, None, NOON + 6 * MINUTE, True, False)]


def test_a_resolution_taken_back_did_not_happen(db_session: Session) -> None:
    found = alert(NOON)
    triage.resolve(found, by=ADA, at=NOON + MINUTE)
    triage.unresolve(found, by=ADA, at=NOON + 2 * MINUTE)
    assert openings(db_session, found) == [(NOON, None, None, False, False)]
    triage.acknowledge(found, by=OLU, at=NOON + 3 * MINUTE)
    triage.resolve(found, by=OLU, at=NOON + 9 * MINUTE)
    assert openings(db_session, found) == [(NOON, NOON + 3 * MINUTE, NOON + 9 * MINUTE, False, True)]


def test_getting_worse_is_no_new_opening(db_session: Session) -> None:
    found = alert(NOON)
    triage.acknowledge(found, by=OLU, at=NOON + MINUTE)
    alert(NOON + 2 * MINUTE, severity=Severity.CRITICAL)
    assert len(openings(db_session, found)) == 1


def test_while_it_is_merged_nobody_can_answer_it(db_session: Session) -> None:
    target, gone, taken = (alert(NOON, task=task) for task in ("target", "gone", "taken"))
    triage.acknowledge(taken, by=OLU, at=NOON + MINUTE)
    actions.merge(target.id, [gone.id, taken.id], by=OLU, at=NOON + 2 * MINUTE)
    for each in (gone, taken):
        actions.unmerge(target.id, each.id, by=OLU, at=NOON + 50 * MINUTE)
    triage.acknowledge(gone, by=OLU, at=NOON + 53 * MINUTE)
    assert openings(db_session, gone) == [(NOON + 50 * MINUTE, NOON + 53 * MINUTE, None, False, False)]
    assert openings(db_session, taken) == [(NOON, NOON + MINUTE, None, False, False)]


def test_the_noise_of_a_day(db_session: Session, clock: Clock) -> None:
    loud, quiet = alert(NOON - timedelta(hours=30), task="loud"), alert(NOON - timedelta(hours=3), task="quiet")
    actions.ingest([failure(NOON - timedelta(hours=2), task="loud") for _ in range(7)], at=NOON - timedelta(hours=2))
    other = alert(NOON - timedelta(hours=1), task="other", service="search")
    triage.resolve(other, by=SYSTEM, at=NOON - MINUTE)
    triage.acknowledge(quiet, by=OLU, at=NOON - 2 * MINUTE)
    triage.resolve(quiet, by=OLU, at=NOON - MINUTE)
    assert sorted(count(clock.at)) == ["24h", "30d", "7d", "response"]
    total, documents = reads.noise_count(Period.DAY), reads.noise_count(Period.DAY, "documents")
    assert total is not None
    assert documents is not None
    assert (total.failures, total.openings, total.ended, total.unseen) == (9, 2, 2, 1)
    assert (documents.failures, documents.openings, documents.ended, documents.unseen) == (8, 1, 1, 0)
    tops = reads.tops(Period.DAY)
    assert [(top.rank, top.alert.task, top.value) for top in tops[Measure.FAILURES]] == [
        (1, "loud", 7), (2, "quiet", 1), (3, "other", 1),
    ]  # fmt: skip
    assert [top.alert.id for top in tops[Measure.STANDING]] == [loud.id]
    assert [row.service for row in reads.by_service(Period.DAY)] == ["documents", "search"]
    assert [top.alert.task for top in reads.tops(Period.DAY, "search")[Measure.FAILURES]] == ["other"]


def test_what_came_back_is_ranked_by_how_often(db_session: Session, clock: Clock) -> None:
    for task, times in (("often", 3), ("seldom", 1)):
        for n in range(times + 1):
            at = NOON - timedelta(hours=10) + n * 20 * MINUTE
            found = alert(at, task=task)
            triage.resolve(found, by=SYSTEM, at=at + MINUTE)
    count(clock.at)
    tops = reads.tops(Period.DAY)
    assert [(top.alert.task, top.value) for top in tops[Measure.REOPENINGS]] == [("often", 3), ("seldom", 1)]
    assert [(top.alert.task, top.value) for top in tops[Measure.CHANGES]] == [("often", 3 + 4), ("seldom", 1 + 2)]


def test_what_is_merged_counts_once(db_session: Session, clock: Clock) -> None:
    target, gone = alert(NOON - MINUTE, task="target"), alert(NOON - MINUTE, task="gone")
    actions.merge(target.id, [gone.id], by=OLU, at=clock.at)
    db_session.flush()
    count(clock.at)
    total = reads.noise_count(Period.DAY)
    assert total is not None
    assert total.failures == 2
    assert [(top.alert.id, top.value) for top in reads.tops(Period.DAY)[Measure.FAILURES]] == [(target.id, 2)]


def test_counting_again_replaces_what_was_counted(db_session: Session, clock: Clock) -> None:
    alert(NOON - MINUTE)
    count(clock.at)
    clock.advance(hours=30)
    count(clock.at)
    total = reads.noise_count(Period.DAY)
    assert total is not None
    assert (total.failures, total.openings) == (0, 0)
    assert reads.noise_count(Period.DAY, "documents") is None
    assert reads.tops(Period.DAY)[Measure.FAILURES] == []
    assert reads.noise_count(Period.WEEK, "documents") is not None


def test_response_by_week_of_the_answer(db_session: Session, clock: Clock) -> None:
    """Saturday noon: one acknowledged within a week, one over the turn of the week, one closed as stale."""
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    first, second, third = (alert(monday - timedelta(hours=2), task=f"t{n}") for n in range(3))
    triage.acknowledge(first, by=OLU, at=monday - timedelta(hours=1))
    triage.resolve(first, by=OLU, at=monday + timedelta(hours=2))
    triage.acknowledge(second, by=OLU, at=monday + timedelta(hours=4))
    triage.resolve(third, by=SYSTEM, at=monday + timedelta(hours=5), why="stale: no failure for 14 days")
    count(clock.at)
    before, now = reads.response(clock.at, weeks=2)
    assert (before.week, before.acknowledged, before.acknowledge_median, before.resolved) == (
        date(2026, 11, 9), 1, 3_600.0, 0,
    )  # fmt: skip
    assert before.resolve_mean is None
    assert (now.acknowledged, now.acknowledge_mean, now.resolved, now.resolve_median, now.stale) == (
        1, 6 * 3_600.0, 1, 4 * 3_600.0, 1,
    )  # fmt: skip
    assert reads.responding_services(clock.at) == ["documents"]
    assert reads.response(clock.at, "search")[-1] == insights.Response(date(2026, 11, 16))


def test_weeks_that_are_over_stay_as_they_were_counted(db_session: Session, clock: Clock) -> None:
    found = alert(NOON - timedelta(weeks=5))
    triage.acknowledge(found, by=OLU, at=NOON - timedelta(weeks=5) + MINUTE)
    count(clock.at)
    clock.advance(days=21)
    count(clock.at)
    assert [week.acknowledged for week in reads.response(clock.at, weeks=9)] == [1] + [0] * 8


@pytest.mark.parametrize(
    ("took_ms", "minutes", "is_due"), [(10, 1, True), (9_000, 5, False), (9_000, 15, True), (900_000, 60, True)]
)
def test_counting_takes_its_share_of_the_time_and_no_more(took_ms: int, minutes: int, is_due: object) -> None:
    assert insights.due(NOON, took_ms, NOON + minutes * MINUTE) is is_due
    assert insights.due(None, took_ms, NOON)


@given(st.lists(st.tuples(st.integers(0, 40_000), st.one_of(st.none(), st.integers(0, 9_000))), max_size=12))
def test_every_week_is_there_once_whatever_was_found(made: list[tuple[int, int | None]]) -> None:
    now = NOON
    found = {}
    for minutes, _ in made:
        week = insights.monday(now - timedelta(minutes=minutes * 5))
        found[week] = insights.Response(week, acknowledged=1)
    weeks = insights.every_week(found, now)
    assert len(weeks) == insights.WEEKS
    assert [each.week for each in weeks] == insights.weeks(now)
    assert all(each.week.weekday() == 0 for each in weeks)
    assert sum(each.acknowledged for each in weeks) == sum(week in {w.week for w in weeks} for week in found)


def test_nothing_of_nothing_is_no_share() -> None:
    assert insights.share(0, 0) is None
    assert insights.share(0, 4) == 0
    assert insights.share(1, 4) == 0.25


def test_the_weeks_agree_with_plain_arithmetic(db_session: Session, clock: Clock) -> None:
    """Fifty openings of three services with pseudo-random answers; medians and means as `statistics` says."""
    took: dict[str, list[float]] = {}
    for n in range(50):
        service, minutes = f"s{n % 3}", (n * 7_919) % 500 + 1
        opened = NOON - timedelta(days=4) + timedelta(minutes=n)
        found = alert(opened, service=service, task=f"t{n}")
        triage.resolve(found, by=SYSTEM, at=opened + minutes * MINUTE)
        for name in (service, ""):
            took.setdefault(name, []).append(minutes * 60.0)
    count(clock.at)
    for name, seconds in took.items():
        week = reads.response(clock.at, name)[-1]
        assert week.resolved == len(seconds)
        assert week.resolve_median == pytest.approx(median(seconds))
        assert week.resolve_mean == pytest.approx(fmean(seconds))


def test_no_page_of_insights_scans(db_session: Session, clock: Clock) -> None:
    """What pages read is found by primary key or by a short index, whatever the planner thinks of empty tables."""
    count(clock.at)
    db_session.execute(text("SET LOCAL enable_seqscan = off"))
    for statement in (
        "SELECT * FROM noise_tops WHERE period = '24h' AND service = '' ORDER BY measure, rank",
        "SELECT * FROM noise_counts WHERE period = '24h' AND service <> ''",
        "SELECT * FROM response_weeks WHERE service = 'shop' AND week >= '2026-09-01'",
        "SELECT * FROM flapping_spells WHERE alert_id IN (1, 2) AND settled_at IS NULL",
        "SELECT * FROM source_drops WHERE ended_at IS NULL ORDER BY began_at LIMIT 200",
    ):
        plan = "\n".join(db_session.scalars(text(f"EXPLAIN {statement}")))
        assert "Index" in plan, plan
