"""What the clock does for alerts."""

import time
from datetime import datetime

from flask import current_app

from console.alerts import actions, client, queries
from console.alerts.rules.states import Severity
from console.config import Settings
from console.infra import clock
from console.infra.jobs import JobContext, job
from console.infra.transaction import unit

# A week that is in use is tried so often, with so many seconds between.
TRIES, PAUSE = 120, 2.0


def wake() -> None:
    """End the snoozes that have run out: a duty of the scheduler, every second, since five are the limit."""
    while True:
        with unit():
            woken = actions.wake_due(at=clock.now())
        if woken == 0:
            return


def settle_flapping() -> None:
    """End the spells of flapping that have settled: a duty of the scheduler, every few seconds."""
    while True:
        with unit():
            settled = actions.settle_flapping(at=clock.now())
        if settled == 0:
            return


def count_drops() -> None:
    """Write down what services sent beyond their limits: a duty of the scheduler, every few seconds."""
    with client.taken_drops() as dropped, unit():
        actions.note_drops(dropped, at=clock.now())


def watch_heartbeats() -> None:
    """Tell the misses of heartbeats whose deadline has passed: a duty of the scheduler, every second."""
    while True:
        with unit():
            told = actions.sweep_heartbeats(at=clock.now())
        if told == 0:
            return


def keep_silences() -> None:
    """Begin and end the silences whose time has come: a duty of the scheduler, every second."""
    while True:
        with unit():
            more = actions.settle_silences(at=clock.now())
        if not more:
            return


@job(queue="default", timeout=300, max_attempts=3)
def upkeep(context: JobContext) -> dict[str, str]:  # noqa: ARG001 - nothing here takes long enough to report
    """Make the weeks to come and forget old minutes."""
    now = clock.now()
    with unit():
        actions.add_weeks(at=now)
        actions.forget_minutes(at=now)
    return {"done_at": now.isoformat()}


@job(queue="long", timeout=3_000, max_attempts=1)
def drop_old(context: JobContext) -> dict[str, int]:
    """Drop the weeks of failures older than the settings keep; alerts, their counts and histories stay.

    Readers and writers go first: a week that cannot be had at once is tried again, and after some minutes left to the
    next hour.
    """
    settings: Settings = current_app.extensions["console.settings"]
    weeks, tries = 0, 0
    if not settings.keep_failures_weeks:
        return {"weeks": 0}
    before = actions.oldest_kept(settings.keep_failures_weeks, at=clock.now())
    while _forgotten(before):
        context.check()
    while tries < TRIES:
        context.check()
        with unit():
            dropped = actions.drop_week(before=before)
        if dropped is None:
            break
        weeks, tries = (weeks + 1, 0) if dropped else (weeks, tries + 1)
        context.progress(tries / TRIES, f"{weeks} weeks dropped")
        if not dropped:
            time.sleep(PAUSE)
    return {"weeks": weeks}


def _forgotten(before: datetime) -> int:
    with unit():
        return actions.forget_events(before=before)


@job(queue="default", timeout=900, max_attempts=1)
def count_insights(context: JobContext) -> dict[str, list[str]]:
    """Count the parts of the reports that are due; the next slot goes on with what is left."""
    counted: list[str] = []
    while True:
        with unit():
            part = actions.count_next(at=clock.now())
        if part is None or part in counted:
            return {"counted": counted}
        counted.append(part)
        context.check()


@job(queue="default", timeout=3_600, max_attempts=3)
def close_stale(context: JobContext) -> dict[str, int]:
    """Close open alerts of which nothing has been heard for as long as the settings say, in batches."""
    closed = 0
    for severity in Severity:
        place = None
        while True:
            with unit():
                place, more = actions.close_stale(severity, place, at=clock.now())
            closed += more
            context.progress(severity / len(Severity), f"{closed:,} closed")
            context.check()
            if place is None:
                break
    return {"closed": closed}


@job(queue="default", timeout=3_600, max_attempts=5)
def change_many(context: JobContext, bulk_id: int) -> dict[str, int]:
    """Make a prepared change of many alerts, a step at a time."""
    done, left = 0, True
    while left:
        context.check()
        with unit():
            change = queries.bulk_for_change(bulk_id)
            left = actions.proceed_bulk(change, by=context.actor, at=clock.now())
            done, total = change.changed, change.matched
        context.progress(min(done / max(total, 1), 1), f"{done:,} of {total:,} alerts")
    return {"changed": done}


@job(queue="default", timeout=3_600, max_attempts=5)
def undo_many(context: JobContext, bulk_id: int) -> dict[str, int]:
    """Undo a change of many alerts, a step at a time."""
    undone, left = 0, True
    while left:
        context.check()
        with unit():
            change = queries.bulk_for_change(bulk_id)
            left = actions.undo_step(change, by=context.actor, at=clock.now())
            undone, total = change.undone, change.changed
        context.progress(min(undone / max(total, 1), 1), f"{undone:,} of {total:,} alerts")
    return {"undone": undone}
