"""Missed, unfinished and failed told apart: one alert each, dated right, resolved by what was missing."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from console.alerts import actions, jobs, queries
from console.alerts.models import Alert, Heartbeat, Occurrence
from console.alerts.rules.heartbeats.beats import State
from console.alerts.rules.states import Severity, Status
from console.infra.actor import SYSTEM
from console.infra.db import db
from tests.alerts.heartbeats.conftest import Ping, alerts, fresh, make, sweep
from tests.conftest import Clock


def why(alert: Alert) -> str:
    """The newest line of an alert's history."""
    return queries.history(alert.id, limit=1).items[0].why


def occurrences(alert: Alert) -> list[Occurrence]:
    return list(queries.occurrences(alert.id, limit=50).items)


def test_nothing_is_missed_before_the_first_ping(heartbeat: Heartbeat, clock: Clock) -> None:
    assert sweep(clock, days=3) == 1  # the noise, which pinged once
    assert fresh(heartbeat).state is State.NEW


def test_it_is_late_within_its_grace_and_raises_nothing(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping()
    clock.advance(seconds=599)
    assert fresh(heartbeat).pulse.at(clock.at) is State.UP
    assert sweep(clock, seconds=1) == 0
    assert fresh(heartbeat).pulse.at(clock.at) is State.LATE
    assert sweep(clock, seconds=119) == 0
    assert alerts() == []


def test_a_miss_opens_one_alert_dated_at_the_deadline(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    pinged = clock.at
    ping()
    assert sweep(clock, seconds=723) == 1
    assert sweep(clock, hours=5) == 0
    (alert,) = alerts()
    deadline = pinged + timedelta(seconds=720)
    assert (alert.status, alert.count, alert.first_seen, alert.last_seen) == (Status.OPEN, 1, deadline, deadline)
    assert (alert.service, alert.task, alert.source) == ("documents", "nightly-backup", "heartbeat")
    assert (alert.severity, alert.title) == (Severity.ERROR, "Nightly backup did not ping in time")
    (occurrence,) = occurrences(alert)
    assert occurrence.occurred_at == deadline
    assert occurrence.message is not None
    assert "expected on Sat 21 Nov 2026 at 12:10:00 UTC; the grace is 2 min" in occurrence.message
    kept = fresh(heartbeat)
    assert (kept.state, kept.state_since, kept.deadline_at) == (State.MISSED, deadline, None)


def test_the_next_ping_resolves_it(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping()
    sweep(clock, seconds=720)
    clock.advance(minutes=5)
    ping()
    (alert,) = alerts()
    assert (alert.status, alert.resolved_at) == (Status.RESOLVED, clock.at)
    assert why(alert) == "a success came 5 min after the deadline"
    assert fresh(heartbeat).state is State.UP


def test_the_next_miss_opens_it_again(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    for _ in range(2):
        ping()
        sweep(clock, seconds=800)
    (alert,) = alerts()
    assert (alert.status, alert.count, alert.reopened_count) == (Status.OPEN, 2, 1)


def test_a_ping_that_beats_the_sweep_leaves_the_same_story(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    pinged = clock.at
    ping()
    clock.advance(seconds=721)
    ping()
    (alert,) = alerts()
    assert (alert.status, alert.count) == (Status.RESOLVED, 1)
    assert occurrences(alert)[0].occurred_at == pinged + timedelta(seconds=720)
    assert sweep(clock) == 0


def test_a_miss_noticed_late_says_so(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping()
    sweep(clock, hours=3)
    message = occurrences(alerts()[0])[0].message
    assert message is not None
    assert "The console noticed it 2 h 48 min later: it was not at work before." in message


def test_what_somebody_resolved_stays_as_they_left_it(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping()
    sweep(clock, seconds=720)
    actions.resolve(queries.get_for_change(alerts()[0].id), by=SYSTEM, at=clock.at)
    ping()
    (alert,) = alerts()
    assert len(queries.history(alert.id, limit=50).items) == 2


def test_an_acknowledged_miss_is_resolved_by_a_ping_too(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping()
    sweep(clock, seconds=720)
    actions.acknowledge(queries.get_for_change(alerts()[0].id), by=SYSTEM, at=clock.at)
    ping("/start")
    assert alerts()[0].status is Status.ACKNOWLEDGED
    ping()
    assert alerts()[0].status is Status.RESOLVED


@pytest.mark.parametrize(("path", "said"), [("/fail", "It pinged /fail."), ("/3", "Exit code 3.")])
def test_a_failed_run_is_an_alert_of_its_own(
    ping: Ping, heartbeat: Heartbeat, clock: Clock, path: str, said: str
) -> None:
    ping(path, method="POST", data=b"pg_dump: error: connection refused\npassword=hunter2secret\n\xff\xfe")
    (alert,) = alerts()
    assert (alert.status, alert.title) == (Status.OPEN, "Nightly backup reports a failed run")
    (occurrence,) = occurrences(alert)
    assert occurrence.message is not None
    assert said in occurrence.message
    assert "connection refused" in occurrence.message
    assert "hunter2secret" not in occurrence.message
    assert fresh(heartbeat).state is State.FAILED
    clock.advance(minutes=1)
    ping("/0")
    assert (alerts()[0].status, why(alerts()[0])) == (Status.RESOLVED, "the next run succeeded")


def test_each_failed_run_counts(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    for code in (1, 2, 2):
        ping(f"/{code}")
        clock.advance(minutes=1)
    (alert,) = alerts()
    assert (alert.count, alert.status) == (3, Status.OPEN)


def test_a_failed_run_after_a_miss_ends_the_miss(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping()
    sweep(clock, seconds=720)
    ping("/fail")
    missed, failed = alerts()
    assert (missed.status, failed.status) == (Status.RESOLVED, Status.OPEN)
    assert "came and failed" in why(missed)


def test_silence_after_a_failed_run_is_a_miss_too(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping("/fail")
    assert sweep(clock, seconds=720) == 1
    failed, missed = alerts()
    assert (failed.status, missed.status) == (Status.OPEN, Status.OPEN)
    ping()
    assert [a.status for a in alerts()] == [Status.RESOLVED, Status.RESOLVED]


def test_a_run_that_never_ends_is_told_from_one_that_never_came(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    began = clock.at
    ping("/start")
    assert sweep(clock, seconds=119) == 0
    assert sweep(clock, seconds=1) == 1
    (alert,) = alerts()
    assert (alert.title, alert.last_seen) == (
        "Nightly backup began and did not finish in time",
        began + timedelta(seconds=120),
    )
    assert fresh(heartbeat).state is State.UNFINISHED
    clock.advance(minutes=8)
    ping()
    assert alerts()[0].status is Status.RESOLVED
    assert fresh(heartbeat).last_duration_ms == 600_000


def test_durations_follow_run_ids(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    ping(f"/start?rid={first}")
    clock.advance(seconds=10)
    ping(f"/start?rid={second}")
    clock.advance(seconds=5)
    ping(f"?rid={first}")
    assert fresh(heartbeat).last_duration_ms == 15_000
    assert fresh(heartbeat).started_rid == second
    clock.advance(seconds=5)
    ping(f"/0?rid={second}")
    kept = fresh(heartbeat)
    assert (kept.last_duration_ms, kept.started_at) == (10_000, None)


def test_an_end_without_its_start_has_no_duration(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping(f"/start?rid={uuid.uuid4()}")
    clock.advance(seconds=10)
    ping()
    assert fresh(heartbeat).last_duration_ms is None


def test_a_pause_ends_its_alerts_and_a_success_ends_the_pause(ping: Ping, heartbeat: Heartbeat, clock: Clock) -> None:
    ping()
    sweep(clock, seconds=720)
    actions.pause_heartbeat(fresh(heartbeat), by=SYSTEM, at=clock.at)
    db.session.commit()
    assert (alerts()[0].status, why(alerts()[0])) == (Status.RESOLVED, "the heartbeat was paused")
    clock.advance(days=2)
    ping("/fail")
    ping("/start")
    assert fresh(heartbeat).state is State.PAUSED
    assert alerts()[0].count == 1
    ping()
    assert fresh(heartbeat).state is State.UP


def test_misses_wait_for_nobody(committed: Flask) -> None:
    """Two schedulers sweep at once while pings come: each miss is told once."""
    from console.infra import clock as real
    from console.infra.transaction import unit

    with unit():
        made = [make(name=f"job {n}", slug=f"job-{n}", period_seconds=1, grace_seconds=1) for n in range(20)]
        for heartbeat in made:
            heartbeat.pulse = type(heartbeat.pulse)(
                State.UP,
                real.now(),
                last_ping_at=real.now() - timedelta(seconds=60),
                expected_at=real.now() - timedelta(seconds=59),
                deadline_at=real.now() - timedelta(seconds=58),
            )
    addresses = [f"/ping/{uuid_}" for uuid_ in db.session.scalars(select(Heartbeat.uuid))]

    def work(n: int) -> None:
        with committed.app_context():
            jobs.watch_heartbeats() if n % 2 else committed.test_client().get(addresses[n])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(20)))
    found = alerts()
    assert [alert.count for alert in found] == [1] * 20
    assert sum(alert.status is Status.RESOLVED for alert in found) == 10
