"""The life of a heartbeat: what each ping does to it, and when it has been missed. Times are passed in, aware."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from console.alerts.rules.heartbeats import cron

# Runs counted as missed stop here: a heartbeat of every minute may be silent for a year.
MAX_MISSED = 1_000


class Kind(IntEnum):
    """What a ping says."""

    START = 1
    SUCCESS = 2
    FAIL = 3
    LOG = 4

    @property
    def word(self) -> str:
        """The word that API and pages use."""
        return self.name.lower()


class State(IntEnum):
    """How a heartbeat stands; the number is its rank in lists, the most pressing greatest.

    LATE (expected, and still within its grace) is only ever derived from a moment, never stored. MISSED: nothing came.
    UNFINISHED: a run began and did not end in time. FAILED: a run said that it failed.
    """

    PAUSED = 1
    NEW = 2
    UP = 3
    LATE = 4
    UNFINISHED = 5
    MISSED = 6
    FAILED = 7

    @property
    def word(self) -> str:
        """The word that API and pages use."""
        return self.name.lower()


WATCHED = frozenset({State.NEW, State.UP, State.FAILED})
# What raises an alert, each kind one of its own.
BROKEN = frozenset({State.FAILED, State.MISSED, State.UNFINISHED})


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When pings are expected: `period` after the last one, or by a cron expression in a zone, each with a grace."""

    grace: timedelta
    period: timedelta | None = None
    cron: str | None = None
    zone: str = "UTC"

    def after(self, moment: datetime) -> datetime:
        """The first ping expected after `moment`; raises BadCron only for what `cron.parse` refuses."""
        if self.cron is not None:
            return cron.parse(self.cron).after(moment, ZoneInfo(self.zone))
        assert self.period is not None
        return moment + self.period


@dataclass(frozen=True, slots=True)
class Pulse:
    """What pings change. `state_since` moves with the state; `started_*` belong to the run in hand, if there is one."""

    state: State
    state_since: datetime
    last_ping_at: datetime | None = None
    started_at: datetime | None = None
    started_rid: UUID | None = None
    expected_at: datetime | None = None
    deadline_at: datetime | None = None

    def at(self, now: datetime) -> State:
        """The state as it truly is, whether or not the sweep has written a miss down yet."""
        if self.deadline_at is not None and self.deadline_at <= now:
            return broken_by(self)
        if self.state is State.UP and self.expected_at is not None and self.expected_at <= now:
            return State.LATE
        return self.state


def beat(pulse: Pulse, kind: Kind, rhythm: Rhythm, *, at: datetime, rid: UUID | None = None) -> Pulse:
    """The pulse after a ping. A log line changes nothing; while paused only a success does: it ends the pause."""
    if kind is Kind.LOG or (pulse.state is State.PAUSED and kind is not Kind.SUCCESS):
        return pulse
    if kind is Kind.START:
        return due(replace(pulse, started_at=at, started_rid=rid), rhythm)
    state = State.UP if kind is Kind.SUCCESS else State.FAILED
    running = pulse
    # A run that was told as unfinished is not told again because another one ends.
    told = pulse.state is State.UNFINISHED and pulse.started_at is not None and pulse.started_at <= pulse.state_since
    if told or rid is None or kind is Kind.FAIL or rid == pulse.started_rid:
        running = replace(pulse, started_at=None, started_rid=None)
    since = pulse.state_since if state is pulse.state else at
    ended = replace(running, state=state, state_since=since, last_ping_at=at, expected_at=rhythm.after(at))
    return due(ended, rhythm)


def due(pulse: Pulse, rhythm: Rhythm) -> Pulse:
    """With the deadline that follows: the grace after what is expected, or after a start, whichever comes first.

    What is paused or already known to be missed has none.
    """
    if pulse.state not in WATCHED:
        return replace(pulse, deadline_at=None)
    waits = [at for at in (pulse.expected_at, pulse.started_at) if at is not None]
    return replace(pulse, deadline_at=min(waits) + rhythm.grace if waits else None)


def broken_by(pulse: Pulse) -> State:
    """What a passed deadline means: a run that never ended, or one that never came."""
    began, expected = pulse.started_at, pulse.expected_at
    return State.UNFINISHED if began is not None and (expected is None or began <= expected) else State.MISSED


def miss(pulse: Pulse) -> Pulse:
    """The pulse once its deadline has passed: one miss, until a ping comes."""
    assert pulse.deadline_at is not None
    return replace(pulse, state=broken_by(pulse), state_since=pulse.deadline_at, deadline_at=None)


def pause(pulse: Pulse, *, at: datetime) -> Pulse:
    """Not watched until it is resumed or a success comes."""
    return Pulse(State.PAUSED, at, last_ping_at=pulse.last_ping_at)


def resume(pulse: Pulse, rhythm: Rhythm, *, at: datetime) -> Pulse:
    """Watched again from now on; a heartbeat that never pinged waits for its first ping."""
    if pulse.last_ping_at is None:
        return Pulse(State.NEW, at)
    return due(Pulse(State.UP, at, last_ping_at=pulse.last_ping_at, expected_at=rhythm.after(at)), rhythm)


def reschedule(pulse: Pulse, rhythm: Rhythm, *, at: datetime) -> Pulse:
    """The pulse under another rhythm: no deadline of the new one lies in the past."""
    if pulse.state not in WATCHED or pulse.last_ping_at is None:
        return due(pulse, rhythm)
    moved = due(replace(pulse, expected_at=rhythm.after(pulse.last_ping_at)), rhythm)
    if moved.deadline_at is not None and moved.deadline_at <= at:
        moved = due(replace(moved, expected_at=rhythm.after(at), started_at=None, started_rid=None), rhythm)
    return moved


def missed_runs(pulse: Pulse, rhythm: Rhythm, *, now: datetime) -> int:
    """How many expected runs have not come by `now`, up to MAX_MISSED."""
    if pulse.state is not State.MISSED or pulse.expected_at is None:
        return 0
    if rhythm.period is not None:
        return min(MAX_MISSED, 1 + int((now - pulse.expected_at) / rhythm.period))
    count, at = 1, pulse.expected_at
    while count < MAX_MISSED and (at := rhythm.after(at)) + rhythm.grace <= now:
        count += 1
    return count
