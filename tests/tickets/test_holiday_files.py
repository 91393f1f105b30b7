"""Holiday files of strangers: what counts, what is left out, what is refused, and how long that may take."""

import time
from datetime import date

import pytest

from console.infra.errors import Invalid
from console.tickets.client import country, ics

YEARS = range(2026, 2029)


def file(*events: str) -> bytes:
    """A calendar of events, each the lines between its begin and end."""
    lines = [f"BEGIN:VEVENT\r\nUID:{n}\r\n{event}\r\nEND:VEVENT" for n, event in enumerate(events)]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def days(*events: str) -> list[str]:
    return [each.date.isoformat() for each in ics.read(file(*events), YEARS).days]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;VALUE=DATE:20261225", ["2026-12-25"]),
        ("DTSTART:20261225", ["2026-12-25"]),
        ("DTSTART;TZID=Europe/Berlin:20261225\r\nDTEND;TZID=Europe/Berlin;VALUE=DATE:20261226", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261226", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227", ["2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261225", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261201", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\r\nDURATION:P2D", ["2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20251231\r\nDTEND;VALUE=DATE:20260102", ["2026-01-01"]),
        ("DTSTART;VALUE=DATE:19991225\r\nRRULE:FREQ=YEARLY", ["2026-12-25", "2027-12-25", "2028-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY;COUNT=2", ["2026-12-25", "2027-12-25"]),
        ("DTSTART;VALUE=DATE:20241225\r\nRRULE:FREQ=YEARLY;COUNT=3", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY;UNTIL=20271225", ["2026-12-25", "2027-12-25"]),
        (
            "DTSTART;VALUE=DATE:20001123\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            ["2026-11-26", "2027-11-25", "2028-11-23"],
        ),
        (
            "DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20271225",
            ["2026-12-25", "2028-12-25"],
        ),
        ("DTSTART;VALUE=DATE:20261225\r\nRDATE;VALUE=DATE:20270103", ["2026-12-25", "2027-01-03"]),
        ("DTSTART;VALUE=DATE:20261225\r\nBEGIN:VALARM\r\nDTSTART;VALUE=DATE:20260101\r\nEND:VALARM", ["2026-12-25"]),
        # Left out: times of day, the cancelled, the unreadable, what repeats within a day or never comes true.
        ("DTSTART:20261225T100000Z", []),
        ("DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED", []),
        ("DTSTART;VALUE=DATE:20261399", []),
        ("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=SECONDLY", []),
        ("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY;INTERVAL=0", []),
        ("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY;COUNT=5;BYMONTH=2;BYMONTHDAY=30", []),
        ("DTSTART;VALUE=DATE:00010101\r\nRRULE:FREQ=DAILY", []),
        ("SUMMARY:without a date", []),
    ],
)
def test_the_days_of_an_event(event: str, expected: list[str]) -> None:
    assert days(event) == expected


def test_one_occurrence_is_moved() -> None:
    series = "UID:x\r\nDTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY;COUNT=2"
    moved = "UID:x\r\nRECURRENCE-ID;VALUE=DATE:20261225\r\nDTSTART;VALUE=DATE:20261228"
    raw = file(series, moved).replace(b"UID:0\r\n", b"").replace(b"UID:1\r\n", b"")
    assert [each.date for each in ics.read(raw, YEARS).days] == [date(2026, 12, 28), date(2027, 12, 25)]


def test_names_are_kept_and_mere_observances_switched_off() -> None:
    found = ics.read(
        file(
            "DTSTART;VALUE=DATE:20261225\r\nSUMMARY:Christ\r\n mas\\, first day\x07",
            "DTSTART;VALUE=DATE:20261111\r\nSUMMARY:St. Martin\r\nDESCRIPTION:Observance",
            "DTSTART:20261111T100000Z\r\nSUMMARY:Meeting",
        ),
        YEARS,
    )
    assert [(each.name, each.enabled) for each in found.days] == [("St. Martin", False), ("Christmas, first day", True)]
    assert found.left_out == 1


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "no calendar file"),
        (b"PK\x03\x04\x00\xff\xfe", "no calendar file"),
        (b"<html>BEGIN:VEVENT", "no calendar file"),
        (b"BEGIN:VCALENDAR" + b"x" * 2_000_000, "larger than 2 MB"),
        (file(*["DTSTART;VALUE=DATE:20261225"] * 5_001), "more than 5,000 events"),
    ],
)
def test_what_is_no_calendar_is_refused(raw: bytes, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refusal:
        ics.read(raw, YEARS)
    assert refusal.value.errors[0].pointer == "/file"


def test_nesting_without_end_is_no_trouble() -> None:
    assert ics.read(b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 100_000, YEARS).days == ()


def test_it_gives_up_on_files_made_to_take_long() -> None:
    began = time.perf_counter()
    with pytest.raises(Invalid, match="repeat too often"):
        days(*["DTSTART;VALUE=DATE:19010101\r\nRRULE:FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1"] * 4_000)
    assert time.perf_counter() - began < 60


def test_regions_have_holidays_of_their_own() -> None:
    epiphany = date(2026, 1, 6)
    assert epiphany in dict(country.of("DE", "bayern", range(2026, 2027)))
    assert epiphany not in dict(country.of("DE", None, range(2026, 2027)))
    assert ("BY", "Bayern") in country.regions("DE")
    for wrong in (("Texas", "no region of DE"), ("B\0Y", "no region of DE")):
        with pytest.raises(Invalid, match=wrong[1]):
            country.of("DE", wrong[0], range(2026, 2027))
