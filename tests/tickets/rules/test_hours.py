"""Business time where wall clocks jump, and where calendars are odd."""

from typing import Any

import pytest

from console.tickets.rules.hours import LAST_YEAR
from console.tickets.rules.instants import MINUTE, budget, instant, micros
from tests.tickets.making import ALWAYS, OFFICE, at, calendar_body, hours_of

SUNDAY = "2026-03-29"


def open_between(begin: str, end: str, body: dict[str, Any]) -> float:
    return hours_of(body).between(micros(at(begin)), micros(at(end))) / MINUTE


@pytest.mark.parametrize(
    ("zone", "begin", "end", "intervals", "minutes"),
    [
        # Berlin goes from 02:00 to 03:00 on 29 March 2026: 02:30 moves forward to 03:30.
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z", [["00:00", "24:00"]], 23 * 60),
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z", [["02:30", "04:00"]], 30),
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z", [["01:00", "02:30"]], 90),
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z", [["02:15", "02:45"]], 30),
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z", [["02:00", "02:30"], ["03:00", "03:45"]], 45),
        # And from 03:00 to 02:00 on 25 October: 02:30 is the first of two.
        ("Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z", [["00:00", "24:00"]], 25 * 60),
        ("Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z", [["01:00", "02:30"]], 90),
        ("Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z", [["02:30", "03:00"]], 90),
        # Half an hour on Lord Howe, two hours at Troll, midnight in São Paulo.
        ("Australia/Lord_Howe", "2026-04-04T13:00Z", "2026-04-05T13:30Z", [["00:00", "24:00"]], 24 * 60 + 30),
        ("Antarctica/Troll", "2026-03-29T00:00Z", "2026-03-29T22:00Z", [["01:05", "01:10"], ["03:00", "03:05"]], 10),
        ("America/Sao_Paulo", "2018-11-04T00:00Z", "2018-11-05T02:00Z", [["00:00", "24:00"]], 26 * 60),
        # Samoa had no 30 December 2011, which was to be a Friday.
        ("Pacific/Apia", "2011-12-30T10:00Z", "2011-12-31T10:00Z", [["09:00", "17:00"]], 8 * 60),
    ],
)
def test_it_counts_real_time_where_wall_clocks_jump(
    zone: str, begin: str, end: str, intervals: list[list[str]], minutes: float
) -> None:
    week = dict.fromkeys(ALWAYS, intervals)
    assert open_between(begin, end, calendar_body(week, zone)) == minutes


def test_a_day_that_was_skipped_leaves_its_hours_to_no_other() -> None:
    friday_only = calendar_body({"fri": [["09:00", "17:00"]]}, "Pacific/Apia")
    assert open_between("2011-12-24T10:00Z", "2012-01-05T10:00Z", friday_only) == 0


def test_an_exception_beats_a_holiday_and_a_holiday_the_week() -> None:
    holidays = [
        {"date": "2026-12-24", "name": "Christmas Eve"},
        {"date": "2026-12-25", "name": "Christmas"},
        {"date": "2026-12-28", "name": "off", "enabled": False},
    ]
    exceptions = {"2026-12-24": [["08:00", "12:00"]], "2026-12-29": []}
    body = calendar_body(holidays=holidays, exceptions=exceptions)
    assert open_between("2026-12-24T00:00Z", "2026-12-25T00:00Z", body) == 240
    assert open_between("2026-12-25T00:00Z", "2026-12-26T00:00Z", body) == 0
    assert open_between("2026-12-28T00:00Z", "2026-12-29T00:00Z", body) == 480
    assert open_between("2026-12-29T00:00Z", "2026-12-30T00:00Z", body) == 0


def test_it_counts_fractions_of_a_minute_exactly() -> None:
    hours = hours_of(calendar_body())
    begin = micros(at("2026-11-20T16:59:30.250Z"))
    due = hours.after(begin, budget(0.75))
    assert due is not None
    assert instant(due) == at("2026-11-23T09:00:15.250Z")


def test_a_deadline_is_the_earliest_instant_at_which_the_budget_is_used_up() -> None:
    hours = hours_of(calendar_body())
    due = hours.after(micros(at("2026-11-20T16:00Z")), budget(60))
    assert due is not None
    assert instant(due) == at("2026-11-20T17:00Z")
    assert hours.after(due, 0) == due


def test_a_budget_that_no_calendar_can_hold_has_no_deadline() -> None:
    hours = hours_of(calendar_body({"mon": [["09:00", "09:01"]]}))
    begin = micros(at("2026-11-20T16:00Z"))
    assert hours.after(begin, budget(5_000_000)) is None
    due = hours.after(begin, budget(1_000))
    assert due is not None
    assert 2044 <= instant(due).year <= 2046 < LAST_YEAR


def test_what_was_expanded_first_does_not_matter() -> None:
    late, early = micros(at("2026-11-20T16:00Z")), micros(at("1991-11-15T16:30:42Z"))
    one, other = (
        hours_of(calendar_body(OFFICE, "America/New_York")),
        hours_of(calendar_body(OFFICE, "America/New_York")),
    )
    assert other.between(late, late + MINUTE) == one.between(late, late + MINUTE)
    assert other.between(early, late) == one.between(early, late)
    assert other.after(early, budget(4_000_000)) == one.after(early, budget(4_000_000))
