"""Cron expressions: what they mean, and that they mean it on the days when clocks change."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from console.alerts.rules.heartbeats import cron

BERLIN = ZoneInfo("Europe/Berlin")
# Forward and back at night; by half an hour; at midnight; at 01:00 of a UTC-1 zone; half-hour offsets; none at all.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Atlantic/Azores",
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Kolkata",
)
MINUTE = timedelta(minutes=1)


def run(text: str, start: datetime, zone: ZoneInfo = BERLIN, times: int = 3) -> list[str]:
    """The next times as the wall clock shows them."""
    found = []
    for _ in range(times):
        start = cron.parse(text).after(start, zone)
        found.append(f"{start.astimezone(zone):%d %H:%M %z}")
    return found


def test_a_time_that_the_clock_skips_comes_when_the_jump_is_over() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert run("30 2 * * *", before) == ["29 03:00 +0200", "30 02:30 +0200", "31 02:30 +0200"]


def test_a_time_that_comes_twice_counts_once() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert run("30 2 * * *", before) == ["25 02:30 +0200", "26 02:30 +0100", "27 02:30 +0100"]
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert run("30 2 * * *", between, times=1) == ["26 02:30 +0100"]


def test_croniter_would_run_it_twice() -> None:
    """Why these rules are our own: cron(8) runs the job once, so a second deadline would be a false alarm."""
    start = datetime(2026, 10, 24, 12, tzinfo=UTC).astimezone(BERLIN)
    times = croniter("30 2 * * *", start)
    found = [times.get_next(datetime).strftime("%d %H:%M %z") for _ in range(3)]
    assert found == ["25 02:30 +0200", "25 02:30 +0100", "26 02:30 +0100"]


def test_what_runs_all_the_time_runs_through_both() -> None:
    assert run("*/30 * * * *", datetime(2026, 3, 29, 0, 15, tzinfo=UTC)) == [
        "29 01:30 +0100",
        "29 03:00 +0200",
        "29 03:30 +0200",
    ]
    assert run("*/30 * * * *", datetime(2026, 10, 25, 0, 15, tzinfo=UTC)) == [
        "25 02:30 +0200",
        "25 02:00 +0100",
        "25 02:30 +0100",
    ]


def test_midnight_may_be_skipped() -> None:
    santiago = ZoneInfo("America/Santiago")
    assert run("0 0 * * *", datetime(2026, 9, 5, 12, tzinfo=UTC), santiago, 2) == ["06 01:00 -0300", "07 00:00 -0300"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 9 * * mon-fri", ["23 09:00 +0100", "24 09:00 +0100", "25 09:00 +0100"]),
        ("0 9 1,L * *", ["30 09:00 +0100", "01 09:00 +0100", "31 09:00 +0100"]),
        ("15/20 9 * * *", ["22 09:15 +0100", "22 09:35 +0100", "22 09:55 +0100"]),
        ("0 0 13 * 5", ["27 00:00 +0100", "04 00:00 +0100", "11 00:00 +0100"]),
        ("0 0 1 jan *", ["01 00:00 +0100", "01 00:00 +0100", "01 00:00 +0100"]),
        ("0 0 * * 7", ["22 00:00 +0100", "29 00:00 +0100", "06 00:00 +0100"]),
        ("@weekly", ["22 00:00 +0100", "29 00:00 +0100", "06 00:00 +0100"]),
        ("0 0 29 2 *", ["29 00:00 +0100", "29 00:00 +0100", "29 00:00 +0100"]),
        ("0 0 */2 * sun", ["29 00:00 +0100", "13 00:00 +0100", "27 00:00 +0100"]),
    ],
)
def test_it_reads_what_crontabs_hold(text: str, expected: list[str]) -> None:
    assert run(text, datetime(2026, 11, 21, 12, tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "has five fields"),
        ("* * * *", "has five fields"),
        ("60 * * * *", "minute '60' is not one of 0 to 59"),
        ("* 24 * * *", "hour '24'"),
        ("* * 0 * *", "day of the month '0'"),
        ("* * * 13 *", "month '13'"),
        ("* * * * 8", "day of the week '8'"),
        ("* * * * mo", "day of the week 'mo'"),
        ("50-10 * * * *", "runs backwards"),
        ("*/0 * * * *", "is not a number above 0"),
        ("*/x * * * *", "is not a number above 0"),
        ("1,, * * * *", "minute ''"),
        ("٣ * * * *", "minute '٣'"),
        ("0 0 30 2 *", "never comes"),
        ("@reboot", "has five fields"),
        ("9" * 300, "at most 200"),
    ],
)
def test_it_says_what_it_cannot_read(text: str, complaint: str) -> None:
    with pytest.raises(cron.BadCron, match=complaint.replace("(", r"\(")):
        cron.parse(text)


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The instants of the zone's clock changes from 2025 to 2027, or one plain noon where there are none."""
    zone, at, found = ZoneInfo(name), datetime(2025, 1, 1, tzinfo=UTC), []
    while at.year < 2028:
        if at.astimezone(zone).utcoffset() != (at + timedelta(minutes=15)).astimezone(zone).utcoffset():
            found.append(at + timedelta(minutes=15))
        at += timedelta(minutes=15)
    return tuple(found) or (datetime(2026, 6, 1, 12, tzinfo=UTC),)


def slowly(text: str, moment: datetime, zone: ZoneInfo) -> datetime:
    """The model: look at the wall clock minute by minute, as a cron daemon does."""
    found, runs = cron.parse(text), list[datetime]()
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    shown = [pair for day in range(-2, 4) for pair in wall_of(zone.key, today + timedelta(days=day))]
    if found.wall:
        runs = [at for at, wall in shown if wall.hour in found.hours and wall.minute in found.minutes]
    else:
        days = sorted({wall.date() for _, wall in shown})[1:-1]
        runs = [_first(shown, day, time(h, m)) for day in days for h in found.hours for m in found.minutes]
    return min(at for at in runs if at > moment)


@cache
def wall_of(name: str, midnight: datetime) -> list[tuple[datetime, datetime]]:
    """Each minute of a day in UTC, and what the zone's clocks show then."""
    zone, minutes = ZoneInfo(name), [midnight + n * MINUTE for n in range(1440)]
    return [(at, at.astimezone(zone).replace(tzinfo=None)) for at in minutes]


def _first(shown: list[tuple[datetime, datetime]], day: date, at: time) -> datetime:
    target = datetime.combine(day, at)
    near = bisect_left(shown, target - timedelta(hours=4), key=lambda pair: pair[1])
    return next(instant for instant, wall in shown[near:] if wall >= target)


fields = st.sampled_from(["*", "0", "30", "15,45", "*/20", "0-5", "59", "7/25"])
hours = st.sampled_from(["*", "0", "1", "2", "3", "23", "0-3", "*/2", "1,2", "2-4", "22-23", "0/6"])
places = st.sampled_from(ZONES).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(changes(name))))


@settings(deadline=None, max_examples=500)
@given(minute=fields, hour=hours, place=places, seconds=st.integers(-30 * 3600, 6 * 3600))
def test_it_agrees_with_a_clock_watched_minute_by_minute(
    minute: str, hour: str, place: tuple[str, datetime], seconds: int
) -> None:
    zone, moment = ZoneInfo(place[0]), place[1] + timedelta(seconds=seconds)
    text = f"{minute} {hour} * * *"
    assert cron.parse(text).after(moment, zone) == slowly(text, moment, zone)


@settings(deadline=None)
@given(minute=fields, hour=hours, place=places, day=st.integers(-3, 3))
def test_days_are_those_of_the_wall(minute: str, hour: str, place: tuple[str, datetime], day: int) -> None:
    zone, moment = ZoneInfo(place[0]), place[1] + timedelta(days=day)
    weekday = (moment.astimezone(zone) + timedelta(days=1)).isoweekday() % 7
    found = cron.parse(f"{minute} {hour} * * {weekday}").after(moment, zone)
    # A fixed time that a jump over midnight skips belongs to the day before.
    assert {found.astimezone(zone).isoweekday() % 7, (found - MINUTE).astimezone(zone).isoweekday() % 7} & {weekday}
