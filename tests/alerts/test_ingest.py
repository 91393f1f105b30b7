"""Failures into alerts: grouped, counted, each event once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.models import Alert, AlertCount, FailureEvent, Grain, Occurrence
from console.alerts.queries import Window
from console.alerts.rules.states import Severity, Status
from tests.alerts.making import OLU, TRACEBACK, alert, failure, noise, words
from tests.conftest import Clock


def occurrences(session: Session, alert_id: int) -> list[Occurrence]:
    rows = select(Occurrence).where(Occurrence.alert_id == alert_id).order_by(Occurrence.id)
    return list(session.scalars(rows))


def test_it_opens_an_alert_for_a_new_cause(db_session: Session, clock: Clock) -> None:
    noise(clock.at)
    found = alert(clock.at, severity=Severity.WARNING, tags={"customer": "acme"}, runbook_url="https://runbooks/1")
    assert (found.status, found.severity) == (Status.OPEN, Severity.WARNING)
    assert (found.count, found.count_since_open, found.reopened_count) == (1, 1, 0)
    assert (found.first_seen, found.last_seen, found.opened_at) == (clock.at, clock.at, clock.at)
    assert (found.tags, found.runbook_url, found.message) == ({"customer": "acme"}, "https://runbooks/1", "'margins'")
    assert words(found.id) == ["opened"]


def test_it_counts_the_same_cause_and_leaves_the_state(db_session: Session, clock: Clock) -> None:
    first = alert(clock.at)
    again = alert(clock.advance(minutes=1))
    assert again.id == first.id
    assert (again.count, again.count_since_open, again.status) == (2, 2, Status.OPEN)
    assert again.last_seen == clock.at
    assert words(first.id) == ["opened"]


def test_it_tells_causes_environments_and_services_apart(db_session: Session, clock: Clock) -> None:
    plain = failure(clock.at)
    others = [
        failure(clock.at, environment="staging"),
        failure(clock.at, service="billing"),
        failure(clock.at, message="quite another message"),
        failure(clock.at, fingerprint="mine"),
        failure(clock.at, fingerprint=("mine", "too")),
    ]
    done = actions.ingest([plain, *others, plain], at=clock.at)
    assert len(set(done.alerts)) == 6
    assert done.alerts[0] == done.alerts[-1]


def test_an_own_fingerprint_overrides_grouping(db_session: Session, clock: Clock) -> None:
    done = actions.ingest(
        [failure(clock.at, fingerprint="disk", message=text) for text in ("sda is full", "no space left")], at=clock.at
    )
    assert len(set(done.alerts)) == 1
    assert queries.get(done.alerts[0]).fingerprint == "disk"


def test_it_keeps_the_whole_failure(db_session: Session, clock: Clock) -> None:
    fields = {
        "traceback": TRACEBACK,
        "event_id": "e-1",
        "job_id": "j-1",
        "queue": "render",
        "worker": "worker-03",
        "host": "media-02",
        "retries": 1,
        "max_retries": 3,
        "will_retry": True,
        "args": [88213],
        "kwargs": {"locale": "de"},
        "release": "2026.11.3",
        "source": "rq",
        "extra": {"trace_id": "4bf92f"},
    }
    found = alert(clock.at, **fields)
    [kept] = occurrences(db_session, found.id)
    assert {name: getattr(kept, name) for name in fields} == fields
    assert (kept.occurred_at, kept.received_at) == (clock.at, clock.at)


def test_it_takes_an_event_once_a_service(db_session: Session, clock: Clock) -> None:
    other = alert(clock.at, service="billing", event_id="e-1")
    first = actions.ingest([failure(clock.at, event_id="e-1"), failure(clock.at, event_id="e-1")], at=clock.at)
    again = actions.ingest([failure(clock.at, event_id="e-1", message="changed since")], at=clock.at)
    assert (first.accepted, first.duplicates, again.accepted, again.duplicates) == (1, 1, 0, 1)
    assert again.alerts == (first.alerts[0],)
    assert first.alerts[0] == first.alerts[1] != other.id
    assert queries.get(first.alerts[0]).count == 1
    assert db_session.scalar(select(func.count()).select_from(FailureEvent)) == 2


def test_a_repeat_reopens_nothing(db_session: Session, clock: Clock) -> None:
    found = alert(clock.at, event_id="e-1")
    actions.resolve(found, by=OLU, at=clock.at)
    actions.ingest([failure(clock.at, event_id="e-1", severity=Severity.CRITICAL)], at=clock.advance(minutes=1))
    assert queries.get(found.id).status is Status.RESOLVED


@pytest.mark.parametrize("order", [(0, 5, -5), (5, 0, -5), (-5, 5, 0)])
def test_times_out_of_order_widen_first_and_last_seen(
    db_session: Session, clock: Clock, order: tuple[int, ...]
) -> None:
    for minutes in order:
        found = alert(clock.at, occurred_at=clock.at + timedelta(minutes=minutes))
    assert found.first_seen == clock.at - timedelta(minutes=5)
    assert found.last_seen == clock.at + timedelta(minutes=5)


def test_tags_keep_their_newest_value(db_session: Session, clock: Clock) -> None:
    alert(clock.at, tags={"customer": "acme", "region": "eu"})
    again = alert(clock.at, tags={"customer": "initech"})
    assert again.tags == {"customer": "initech", "region": "eu"}


def test_it_counts_by_minute_and_hour(db_session: Session, clock: Clock) -> None:
    moments = [0, 0, 61, 60 * 60 * 2]
    found = alert(clock.at, occurred_at=clock.at - timedelta(seconds=1), will_retry=True)
    for seconds in moments:
        alert(clock.at, occurred_at=clock.at - timedelta(seconds=seconds))
    by_minute = queries.chart(found.id, Window.HALF_HOUR, clock.at)
    assert [(b.final, b.retried) for b in by_minute[-3:]] == [(1, 0), (0, 1), (2, 0)]
    assert len(by_minute) == 30
    by_hour = queries.chart(found.id, Window.DAY, clock.at)
    assert [b.final + b.retried for b in by_hour[-3:]] == [1, 2, 2]
    assert sum(b.final for b in queries.chart(found.id, Window.MONTH, clock.at)) == 4
    assert queries.sparklines([found.id], clock.at)[found.id][-3:] == [1, 2, 2]
    minutes = select(func.count()).where(AlertCount.grain == Grain.MINUTE)
    assert db_session.scalar(minutes) == 3


def test_it_makes_the_week_it_needs(db_session: Session, clock: Clock) -> None:
    clock.set(datetime(2031, 3, 4, 5, tzinfo=UTC))
    found = alert(clock.at)
    assert len(occurrences(db_session, found.id)) == 1


def test_what_cannot_be_stored_is_made_storable(db_session: Session, clock: Clock) -> None:
    deep: object = "bottom"
    for _ in range(2_000):
        deep = [deep]
    found = alert(
        clock.at,
        message="NUL \0 and \ud800 lone",
        kwargs={"k\0": "v\udfff", "big": 2**80, "nan": float("nan")},
        args=[deep],
        traceback="x" * 10_000_000,
    )
    [kept] = occurrences(db_session, found.id)
    assert kept.message == "NUL ␀ and \\ud800 lone"
    assert kept.kwargs == {"k␀": "v\\udfff", "big": str(2**80), "nan": "nan"}
    assert "nested deeper than 32" in str(kept.args)
    assert kept.traceback is not None
    assert len(kept.traceback) <= 65_536
    assert "10,000,000 characters" in kept.traceback


def test_an_empty_report_stores_nothing(db_session: Session, clock: Clock) -> None:
    assert actions.ingest([], at=clock.at).accepted == 0
    assert db_session.scalar(select(func.count()).select_from(Alert)) == 0


def test_the_console_reports_on_itself(db_session: Session, clock: Clock) -> None:
    told = {"task": "jobs.retry_cap", "severity": Severity.CRITICAL, "fingerprint": "jobs:render"}
    first = actions.report_system_alert("render failed 5 times", at=clock.at, **told)  # type: ignore[arg-type]
    again = actions.report_system_alert("render failed 6 times", at=clock.at, **told)  # type: ignore[arg-type]
    found = queries.get(first)
    assert again == first
    assert (found.service, found.severity, found.count) == ("console", Severity.CRITICAL, 2)
