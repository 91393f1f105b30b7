"""Lists of alerts: every filter, every order, every page, a known number of statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.models import Alert
from console.alerts.queries import AlertFilter, filters
from console.alerts.rules.states import LISTED, Severity, Status
from console.infra.db import db
from console.infra.errors import Invalid
from tests.alerts.making import ADA, OLU, TRACEBACK, alert, noise
from tests.conftest import Clock

SEVERITIES = list(Severity)


@pytest.fixture
def forty(db_session: Session, clock: Clock) -> list[Alert]:
    """Ten alerts of each state in all severities, two of them seen at each instant."""
    made = []
    for n in range(40):
        at = clock.at - timedelta(minutes=n // 2)
        severity = SEVERITIES[n % 4]
        made.append(alert(at, message=f"cause {chr(97 + n % 26)}{chr(97 + n // 26)}", severity=severity))
        if n >= 10:
            [actions.acknowledge, snooze, actions.resolve][n // 10 - 1](made[-1], by=ADA, at=clock.at)
    return made


def snooze(found: Alert, *, by: object, at: datetime) -> None:
    actions.snooze(found, at + timedelta(hours=1), by=ADA, at=at)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that is sent within the block."""
    sent: list[str] = []

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def ids(wanted: AlertFilter, now: datetime) -> set[int]:
    return {found.id for found in queries.recent(wanted, now, limit=200).items}


@pytest.mark.parametrize("limit", [1, 7, 40, 200])
def test_pages_join_into_the_whole_list(forty: list[Alert], clock: Clock, limit: int) -> None:
    seen: list[Alert] = []
    cursor = None
    while True:
        page = queries.recent(AlertFilter(), clock.at, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        seen += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert [a.id for a in seen] == [a.id for a in sorted(forty, key=lambda a: (a.last_seen, a.id), reverse=True)]


@pytest.mark.parametrize("status", LISTED)
def test_a_state_is_listed_worst_first(forty: list[Alert], clock: Clock, status: Status) -> None:
    seen: list[Alert] = []
    cursor = None
    while True:
        page = queries.in_state(status, AlertFilter(), clock.at, limit=3, cursor=cursor)
        seen += page.items
        if (cursor := page.next_cursor) is None:
            break
    mine = [a for a in forty if a.status is status]
    expected = sorted(mine, key=lambda a: (a.severity, a.last_seen, a.id), reverse=True)
    assert [a.id for a in seen] == [a.id for a in expected]


def test_counts_agree_with_the_lists(forty: list[Alert], clock: Clock) -> None:
    counts = queries.counts(AlertFilter(severities=(Severity.CRITICAL, Severity.INFO)), clock.at)
    assert {status: c.number for status, c in counts.items()} == dict.fromkeys(LISTED, 5)
    assert str(queries.open_count(clock.at)) == "10"


@pytest.mark.parametrize("cursor", ["x", "W10", "bm90IGpzb24", "WzEsMl0", "WyIyMDI2LTExLTIxVDEyOjAwOjAwIiwxXQ", "é"])
def test_a_foreign_cursor_is_refused(db_session: Session, clock: Clock, cursor: str) -> None:
    with pytest.raises(Invalid):
        queries.recent(AlertFilter(), clock.at, limit=5, cursor=cursor)


def test_it_sends_the_same_few_statements_for_any_page(forty: list[Alert], clock: Clock) -> None:
    db.session.flush()
    db.session.expire_all()
    with statements() as sent:
        page = queries.recent(AlertFilter(), clock.at, limit=50)
        for found in page.items:
            assert found.message
            assert found.tags == {}
        queries.sparklines([found.id for found in page.items], clock.at)
    assert len(sent) == 3


@pytest.fixture
def target(db_session: Session, clock: Clock) -> Alert:
    noise(clock.at)
    found = alert(
        clock.at,
        service="media",
        environment="canary",
        severity=Severity.CRITICAL,
        exception_type="media.errors.TranscodeError",
        message="Codec 100% unknown",
        tags={"customer": "acme", "plan": 3, "beta": True},
        traceback=TRACEBACK,
        fingerprint="codec",
        source="celery",
    )
    actions.assign(found, OLU.label, by=ADA, at=clock.at)
    actions.acknowledge(found, by=OLU, at=clock.at)
    return found


@pytest.mark.parametrize(
    "wanted",
    [
        AlertFilter(statuses=(Status.ACKNOWLEDGED, Status.RESOLVED)),
        AlertFilter(severities=(Severity.CRITICAL,)),
        AlertFilter(services=("media",)),
        AlertFilter(environments=("canary",)),
        AlertFilter(assignees=(OLU.label,)),
        AlertFilter(since=datetime.fromisoformat("2026-11-21T11:00:00Z")),
        AlertFilter(statuses=(Status.ACKNOWLEDGED,), services=("media",), q="codec"),
    ],
)
def test_it_narrows(target: Alert, clock: Clock, wanted: AlertFilter) -> None:
    assert ids(wanted, clock.at) == {target.id}
    assert queries.matching_ids(wanted, clock.at, cap=5) == [target.id]


@pytest.mark.parametrize(
    "q",
    [
        "codec",
        '"CODEC 100%"',
        "Cod*unknown",
        "co*100%",
        "status:acknowledged",
        "severity:(critical OR warning)",
        "service:media",
        "service:me*",
        "environment:canary",
        "exception_type:TranscodeError",
        "exception_type:media.errors.TranscodeError",
        "tags.customer:acme",
        "tags.customer:ac*",
        "tags.plan:3",
        "tags.beta:true",
        "assignee:olu@example.com",
        "-assignee:none",
        "acknowledged_by:olu@*",
        "fingerprint:codec",
        "source:celery",
        "title:*Codec*",
        'message:"100%"',
        "last_seen:<1h",
        "last_seen:>=2026-11-21",
        "last_seen:2026-11-21",
        "acknowledged_at:<5m",
        "codec OR nonsense",
        "codec -nonsense",
        "codec NOT (billing OR ocr_page)",
        "count:1 reopened_count:0 codec",
    ],
)
def test_it_finds(target: Alert, clock: Clock, q: str) -> None:
    assert ids(AlertFilter(q=q), clock.at) == {target.id}


@pytest.mark.parametrize(
    "q",
    [
        "codecs",
        '"co*"',
        "-codec service:media",
        "count:>1",
        "service:med",
        "tags.customer:ac",
        "last_seen:>400000w",
    ],
)
def test_it_finds_nothing(target: Alert, clock: Clock, q: str) -> None:
    assert ids(AlertFilter(q=q), clock.at) == set()


@pytest.mark.parametrize("q", ["count:many", "status:broken", "service:>a", "last_seen:<soon", "tags.a:>1"])
def test_it_refuses_with_the_position(target: Alert, clock: Clock, q: str) -> None:
    with pytest.raises(Invalid, match=f"position {q.index(':') + 1}"):
        ids(AlertFilter(q=q), clock.at)


def test_it_offers_what_there_is(target: Alert, clock: Clock) -> None:
    assert queries.choices() == {
        "service": ["billing", "documents", "helpdesk", "media"],
        "environment": ["canary", "production", "staging"],
        "assignee": [OLU.label],
    }


@pytest.fixture
def woken(db_session: Session, clock: Clock) -> Alert:
    noise(clock.at)
    found = alert(clock.at)
    actions.acknowledge(found, by=ADA, at=clock.at)
    snooze(found, by=ADA, at=clock.at)
    snooze(alert(clock.at, message="sleeps on"), by=ADA, at=clock.at + timedelta(hours=1))
    clock.advance(hours=1)
    return found


def test_lists_counts_and_searches_know(woken: Alert, clock: Clock) -> None:
    acknowledged = AlertFilter(statuses=(Status.ACKNOWLEDGED,))
    assert woken.status is Status.SNOOZED
    assert ids(acknowledged, clock.at) == {woken.id}
    assert [a.id for a in queries.in_state(Status.ACKNOWLEDGED, AlertFilter(), clock.at, limit=5).items] == [woken.id]
    assert woken.id not in ids(AlertFilter(statuses=(Status.SNOOZED,)), clock.at)
    assert len(ids(AlertFilter(), clock.at)) == 6
    numbers = {s.word: c.number for s, c in queries.counts(AlertFilter(), clock.at).items()}
    assert numbers == {"open": 4, "acknowledged": 1, "snoozed": 1, "resolved": 0}
    assert queries.matching_ids(acknowledged, clock.at, cap=5) == [woken.id]
    assert ids(AlertFilter(q="status:acknowledged"), clock.at) == {woken.id}


def test_a_search_that_takes_too_long_says_so(
    target: Alert, clock: Clock, monkeypatch: pytest.MonkeyPatch, db_session: Session
) -> None:
    monkeypatch.setattr(filters, "SEARCH_MS", 40)
    with pytest.raises(Invalid, match="ended"), filters.searching(AlertFilter(q="codec")):
        db.session.execute(text("SELECT pg_sleep(2)"))
    assert ids(AlertFilter(q="codec"), clock.at) is not None
    assert db_session.scalar(text("SHOW statement_timeout")) == "0"


def test_only_a_search_is_timed(target: Alert, clock: Clock, db_session: Session) -> None:
    ids(AlertFilter(q="codec"), clock.at)
    assert db_session.scalar(text("SHOW statement_timeout")) == "0"
