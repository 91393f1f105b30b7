"""What a search is answered by: lists that are in order of time, the line of the task, one index for two filters."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.models import Alert
from console.alerts.queries import AlertFilter, Reading, Sort, gather
from console.alerts.queries.filters import lifted, narrowed, searching
from console.alerts.rules.states import Status
from tests.alerts.making import ADA, alert
from tests.alerts.silences.making import silence
from tests.conftest import Clock


def found(q: str, clock: Clock) -> list[int]:
    rows = queries.recent(AlertFilter(q=q), clock.at, limit=50, sort=Sort.RECENT).items
    return [one.id for one in rows]


@pytest.fixture
def aged(db_session: Session, clock: Clock) -> list[int]:
    """Alerts seen an hour, two hours, up to six hours ago, the newest first."""
    return [alert(clock.at - timedelta(hours=n), message=f"cause {chr(96 + n)}").id for n in range(1, 7)]


@pytest.mark.parametrize(
    ("q", "first", "last"),
    [
        ("last_seen:<3h", 0, 2),
        ("last_seen:<=3h", 0, 3),
        ("last_seen:>3h", 3, 6),
        ("last_seen:>=3h", 2, 6),
        ("last_seen:>1h last_seen:<5h", 1, 4),
        ("last_seen:2026-11-21", 0, 6),
        ("-last_seen:<3h", 2, 6),
        ("last_seen:>3h OR last_seen:<2h", 0, 6),
        ("last_seen:>3h cause", 3, 6),
    ],
)
def test_times_seen_narrow_the_list_itself(aged: list[int], clock: Clock, q: str, first: int, last: int) -> None:
    expected = [one for n, one in enumerate(aged) if first <= n < last and not (" OR " in q and n in {1, 2})]
    assert found(q, clock) == expected
    count = queries.counts(AlertFilter(q=q), clock.at)[Status.OPEN]
    assert (count.number, count.more, count.known) == (len(expected), False, True)


def test_a_time_seen_is_no_search(aged: list[int], clock: Clock) -> None:
    assert not lifted(AlertFilter(q="last_seen:>3h service:billing")).searches
    assert lifted(AlertFilter(q="last_seen:>3h OR service:billing")).searches
    assert Reading(AlertFilter(q="last_seen:>3h"), clock.at).found is None


@pytest.mark.parametrize("message", ["it broke", None, "two\nlines"])
def test_a_task_is_found_whatever_its_failure_says(db_session: Session, clock: Clock, message: str | None) -> None:
    mine = [alert(clock.at, task="shop.jobs.pay", message=message).id]
    alert(clock.at, task="shop.jobs.pay_back", message="it broke elsewhere")
    alert(clock.at, task="shop.jobs", message="shop.jobs.pay is what it says")
    assert found("task:shop.jobs.pay", clock) == mine
    assert found('task:"shop.jobs.pay"', clock) == mine


@pytest.mark.parametrize("task", ["x" * 400, "two\nlines", "it's \\ 100% _odd_"])
def test_an_odd_task_is_found(db_session: Session, clock: Clock, task: str) -> None:
    mine = alert(clock.at, task=task, exception_type=None, message=None).id
    alert(clock.at, task=f"{task[:-1]}?", message="another")
    said = task.replace("\\", "\\\\").replace('"', '\\"')
    rows = queries.recent(AlertFilter(q=f'task:"{said}"'), clock.at, limit=50).items
    assert [one.id for one in rows] == [mine]


def test_gathering_asks_no_second_process(db_session: Session) -> None:
    with searching(AlertFilter(q="cause"), within=gather.GATHER_MS):
        assert db_session.scalar(text("SHOW max_parallel_workers_per_gather")) == "0"
    assert db_session.scalar(text("SHOW max_parallel_workers_per_gather")) != "0"


def test_a_search_without_words_reads_no_details(db_session: Session, clock: Clock) -> None:
    plain, worded = (str(narrowed(select(Alert.id), AlertFilter(q=q), clock.at)) for q in ("count:>5", "-x"))
    assert ("alert_details" in plain, "alert_details" in worded) == (False, True)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (AlertFilter(silenced=False), ("3", "2", "1")),
        (AlertFilter(silenced=False, q="status:open"), ("3", "2", "1")),
        (AlertFilter(silenced=False, services=("billing",)), ("1", "1", "0")),
        (AlertFilter(silenced=False, q="last_seen:>90m"), ("2", "1", "1")),
        (AlertFilter(silenced=False, q="cause"), ("3", "2", "1")),
        (AlertFilter(silenced=False, q="cause service:billing"), ("1", "1", "0")),
        (AlertFilter(q="status:resolved"), ("0", "0", "0")),
        (AlertFilter(), ("4", "3", "0")),
    ],
)
def test_the_numbers_of_a_list(
    db_session: Session, clock: Clock, wanted: AlertFilter, told: tuple[str, str, str]
) -> None:
    silence(clock.at - timedelta(hours=5), "service = shop", hours=9)
    hours = {"billing": 1, "documents": 2, "helpdesk": 3, "shop": 4}
    made = {name: alert(clock.at - timedelta(hours=n), service=name, message="a cause") for name, n in hours.items()}
    actions.assign(made["helpdesk"], "olu@example.com", by=ADA, at=clock.at)
    mute = replace(wanted.only(Status.OPEN), silenced=True) if wanted.silenced is False else None
    found = queries.tally(Reading(wanted, clock.at), mute)
    assert (str(found.states[Status.OPEN]), str(found.nobody), str(found.silenced)) == told
