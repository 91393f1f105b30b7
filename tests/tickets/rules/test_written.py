"""Hours and lengths of time as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tickets.rules import calendar, week, written
from tests.tickets.making import calendar_body, hours_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08:00-12:00, 13:00-18:00", [["08:00", "12:00"], ["13:00", "18:00"]]),
        ("8-12; 13 \N{EN DASH} 18", [["08:00", "12:00"], ["13:00", "18:00"]]),
        ("8.30 to 12 and 13:15-24", [["08:30", "12:00"], ["13:15", "24:00"]]),
        ("24 h", [["00:00", "24:00"]]),
        ("closed", []),
        ("  ", []),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, expected: list[list[str]]) -> None:
    assert written.hours(text) == expected


@pytest.mark.parametrize("text", ["morning", "8-", "8:5-12", "08:00", "-8-12", "8-12-14", "8\N{ARABIC COMMA}12"])
def test_what_is_no_interval_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is no interval such as 08:00-12:00"):
        written.hours(text)


times = st.integers(0, 1439)
days = st.lists(st.tuples(times, st.integers(1, 1440)).filter(lambda pair: pair[0] < pair[1]), max_size=4)


@given(days)
def test_what_is_written_reads_back(intervals: list[tuple[int, int]]) -> None:
    texts = [[f"{m // 60:02d}:{m % 60:02d}" for m in pair] for pair in intervals]
    assert written.hours(written.hours_text(texts)) == texts


@given(st.one_of(st.integers(1, 5_256_000), st.floats(0.001, 5_256_000)))
def test_lengths_read_back(minutes: float) -> None:
    assert written.minutes(written.minutes_text(minutes)) == minutes


@pytest.mark.parametrize(
    ("text", "expected"),
    [("15m", 15), ("4h", 240), ("1h30", 90), ("1h 30m", 90), ("1.5h", 90), ("90", 90), ("2 hours", 120), ("0.5", 0.5)],
)
def test_lengths(text: str, expected: float) -> None:
    assert written.minutes(text) == expected


@pytest.mark.parametrize("text", ["", "h", "soon", "2d", "-5m", "1h30h", "nan", "inf"])
def test_what_is_no_length_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is no length of time such as 15m"):
        written.minutes(text)


def test_dated_hours_name_their_line() -> None:
    text = "2026-12-24 08:00-12:00\n\n2026-12-31 closed"
    found = written.dated(text)
    assert found == {"2026-12-24": [["08:00", "12:00"]], "2026-12-31": []}
    assert written.dated(written.dated_text(found)) == found
    for wrong, said in (("24.12. 8-12", "Line 1"), ("2026-12-24 8-12\n2026-12-24 closed", "Line 2: .* twice")):
        with pytest.raises(ValueError, match=said):
            written.dated(wrong)


def test_coming_days_tell_of_holidays_exceptions_and_clocks() -> None:
    always = {day: [["00:00", "24:00"]] for day in calendar.DAYS}
    hours = hours_of(
        calendar_body(
            always,
            "Europe/Berlin",
            holidays=[{"date": "2026-10-26", "name": "Feast"}],
            exceptions={"2026-10-27": [["08:00", "12:00"]]},
        )
    )
    rows = week.coming(hours, hours.local(1_792_800_000_000_000).date(), 4)
    assert [(row.key, row.length, row.note, row.kind) for row in rows] == [
        ("2026-10-24", "24 h", "", ""),
        ("2026-10-25", "25 h", "clocks change", ""),
        ("2026-10-26", "0 h", "Feast", "holiday"),
        ("2026-10-27", "4 h", "exception", "exception"),
    ]
