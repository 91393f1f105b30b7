"""The life of a heartbeat, as pure rules: who pings as cron runs is never missed, who skips a run is missed once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from console.alerts.rules.heartbeats import cron
from console.alerts.rules.heartbeats.beats import (
    BROKEN,
    Kind,
    Pulse,
    Rhythm,
    State,
    beat,
    miss,
    missed_runs,
    pause,
    reschedule,
    resume,
)
from tests.alerts.heartbeats.test_cron import ZONES, changes, slowly

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GRACE = timedelta(minutes=10)
places = st.sampled_from(ZONES).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(changes(name))))
daily = st.tuples(st.integers(0, 59), st.integers(0, 23)).map(lambda at: f"{at[0]} {at[1]} * * *")


def new() -> Pulse:
    return Pulse(State.NEW, NOON)


def up(rhythm: Rhythm, at: datetime = NOON) -> Pulse:
    return beat(new(), Kind.SUCCESS, rhythm, at=at)


@settings(deadline=None, max_examples=100)
@given(text=daily, place=places, delay=st.integers(0, 599))
def test_who_pings_as_cron_runs_is_never_missed(text: str, place: tuple[str, datetime], delay: int) -> None:
    zone, at = ZoneInfo(place[0]), place[1] - timedelta(days=2)
    rhythm, pulse = Rhythm(GRACE, cron=text, zone=place[0]), new()
    for _ in range(4):
        at = slowly(text, at, zone) + timedelta(seconds=delay)
        assert pulse.at(at) not in BROKEN
        pulse = beat(pulse, Kind.SUCCESS, rhythm, at=at)


@settings(deadline=None, max_examples=100)
@given(text=daily, place=places)
def test_who_skips_a_run_is_missed_once_at_its_deadline(text: str, place: tuple[str, datetime]) -> None:
    zone = ZoneInfo(place[0])
    last = slowly(text, place[1] - timedelta(days=2), zone)
    skipped = slowly(text, last, zone)
    pulse = beat(new(), Kind.SUCCESS, Rhythm(GRACE, cron=text, zone=place[0]), at=last)
    assert pulse.deadline_at == skipped + GRACE
    assert pulse.at(skipped + GRACE - timedelta(microseconds=1)) is State.LATE
    assert pulse.at(skipped + GRACE) is State.MISSED
    gone = miss(pulse)
    assert (gone.state, gone.state_since, gone.deadline_at) == (State.MISSED, skipped + GRACE, None)


kinds = st.sampled_from(list(Kind))
steps = st.lists(st.tuples(kinds, st.integers(0, 4000), st.sampled_from([None, UUID(int=1), UUID(int=2)])), max_size=12)


@settings(deadline=None, max_examples=500)
@given(steps=steps, period=st.integers(60, 3600), grace=st.integers(1, 600))
def test_a_sweep_every_second_and_a_sweep_at_each_ping_tell_the_same(
    steps: list[tuple[Kind, int, UUID | None]], period: int, grace: int
) -> None:
    rhythm = Rhythm(timedelta(seconds=grace), timedelta(seconds=period))
    lazy, eager, at = new(), new(), NOON
    told: list[datetime] = []
    for kind, wait, rid in steps:
        for _ in range(wait // 100):
            at += timedelta(seconds=100)
            if eager.deadline_at is not None and eager.deadline_at <= at:
                told.append(eager.deadline_at)
                eager = miss(eager)
        at += timedelta(seconds=wait % 100)
        if eager.deadline_at is not None and eager.deadline_at <= at:
            told.append(eager.deadline_at)
            eager = miss(eager)
        if lazy.deadline_at is not None and lazy.deadline_at <= at:
            assert told[-1] == lazy.deadline_at
            lazy = miss(lazy)
        lazy, eager = beat(lazy, kind, rhythm, at=at, rid=rid), beat(eager, kind, rhythm, at=at, rid=rid)
        assert lazy == eager
    assert told == sorted(set(told))


def test_a_start_must_be_followed_by_an_end_within_the_grace() -> None:
    rhythm = Rhythm(GRACE, timedelta(days=1))
    running = beat(up(rhythm), Kind.START, rhythm, at=NOON + timedelta(hours=1))
    assert running.deadline_at == NOON + timedelta(hours=1) + GRACE
    assert running.at(NOON + timedelta(hours=2)) is State.UNFINISHED
    ended = beat(running, Kind.SUCCESS, rhythm, at=NOON + timedelta(minutes=65))
    assert ended.deadline_at == NOON + timedelta(days=1, minutes=75)


def test_the_end_of_another_run_leaves_this_one_running() -> None:
    rhythm = Rhythm(GRACE, timedelta(days=1))
    running = beat(new(), Kind.START, rhythm, at=NOON, rid=UUID(int=1))
    other = beat(running, Kind.SUCCESS, rhythm, at=NOON, rid=UUID(int=2))
    assert (other.started_at, other.deadline_at) == (NOON, NOON + GRACE)
    assert beat(other, Kind.FAIL, rhythm, at=NOON, rid=UUID(int=2)).started_at is None


def test_a_new_rhythm_has_no_deadline_in_the_past() -> None:
    later = NOON + timedelta(hours=5)
    pulse = up(Rhythm(GRACE, timedelta(days=1)))
    quicker = Rhythm(GRACE, timedelta(hours=1))
    moved = reschedule(pulse, quicker, at=later)
    assert moved.expected_at == later + timedelta(hours=1)
    assert reschedule(pulse, quicker, at=NOON).expected_at == NOON + timedelta(hours=1)
    assert reschedule(new(), quicker, at=later) == new()


def test_a_pause_forgets_what_was_expected() -> None:
    rhythm = Rhythm(GRACE, timedelta(hours=1))
    paused = pause(up(rhythm), at=NOON)
    assert (paused.state, paused.expected_at, paused.deadline_at) == (State.PAUSED, None, None)
    back = resume(paused, rhythm, at=NOON + timedelta(days=3))
    assert (back.state, back.expected_at) == (State.UP, NOON + timedelta(days=3, hours=1))
    assert resume(pause(new(), at=NOON), rhythm, at=NOON).state is State.NEW


def test_it_counts_the_runs_that_did_not_come() -> None:
    rhythm = Rhythm(GRACE, timedelta(hours=1))
    gone = miss(up(rhythm))
    assert missed_runs(gone, rhythm, now=NOON + timedelta(hours=1, minutes=10)) == 1
    assert missed_runs(gone, rhythm, now=NOON + timedelta(hours=4)) == 4
    assert missed_runs(up(rhythm), rhythm, now=NOON) == 0
    nightly = Rhythm(GRACE, cron="30 2 * * *", zone="Europe/Berlin")
    silent = miss(up(nightly))
    assert missed_runs(silent, nightly, now=NOON + timedelta(days=3)) == 3
    assert missed_runs(silent, Rhythm(GRACE, cron="* * * * *"), now=NOON + timedelta(days=30)) == 1_000


def test_cron_zones_are_those_of_the_heartbeat() -> None:
    at = cron.parse("0 3 * * *").after(NOON, ZoneInfo("America/New_York"))
    assert at == datetime(2026, 11, 22, 8, tzinfo=UTC)
