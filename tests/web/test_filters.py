"""How times, numbers and names are written."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from console.web import filters
from tests.conftest import NOON, Clock

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (0, "just now"),
        (38, "38 s ago"),
        (60, "1 min ago"),
        (31 * 60 + 59, "31 min ago"),
        (3600, "12:00"),
        (13 * 3600 + 1, "20 Nov"),
        (400 * 86400, "17 Oct 2025"),
    ],
)
def test_it_is_relative_below_an_hour_then_the_clock_then_the_date(seconds: int, words: str) -> None:
    assert filters.ago_text(NOON - timedelta(seconds=seconds), NOON, BERLIN) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 21, 11, 7, tzinfo=UTC), "today 12:07"),
        (datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "today 00:30"),
        (datetime(2026, 11, 20, 22, 30, tzinfo=UTC), "yesterday 23:30"),
        (datetime(2026, 11, 18, 8, 41, tzinfo=UTC), "Wed 18 Nov 09:41"),
        (datetime(2025, 7, 1, 8, 0, tzinfo=UTC), "Tue 1 Jul 2025 10:00"),
    ],
)
def test_a_point_of_a_story_names_its_day_in_the_readers_zone(moment: datetime, words: str) -> None:
    assert filters.when_text(moment, NOON, BERLIN) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "now"), (5, "in 5 s"), (48 * 60, "in 48 min"), (2 * 3600, "15:00"), (86400, "Sun 22 Nov 13:00")],
)
def test_what_is_to_come_says_how_soon(seconds: int, words: str) -> None:
    assert filters.until_text(NOON + timedelta(seconds=seconds), NOON, BERLIN) == words


def test_a_time_carries_the_exact_instant(session_app: Flask, clock: Clock) -> None:
    with session_app.test_request_context(headers={"Cookie": "tz=Europe%2FBerlin"}):
        written = filters.when(NOON)
    assert written == (
        '<time datetime="2026-11-21T12:00:00+00:00" title="2026-11-21 12:00:00 UTC" data-time="when">today 13:00</time>'
    )


def test_a_moment_within_a_sentence_leaves_today_out(session_app: Flask, clock: Clock) -> None:
    with session_app.test_request_context():
        assert ">12:00</time>" in filters.at(NOON)
        assert ">yesterday 12:00</time>" in filters.at(NOON - timedelta(days=1))


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "x" * 500, "Europe", "%00"])
def test_a_zone_that_is_none_is_utc(session_app: Flask, name: str) -> None:
    with session_app.test_request_context(headers={"Cookie": f"tz={name}"}):
        assert filters.zone().key == "UTC"


@pytest.mark.parametrize(("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><script>', ""), ("", "")])
def test_only_two_themes_are_taken_from_the_cookie(session_app: Flask, cookie: str, theme: str) -> None:
    with session_app.test_request_context(headers={"Cookie": f"theme={cookie}"}):
        assert filters.theme() == theme


@pytest.mark.parametrize(
    ("value", "cap", "words"),
    [(0, None, "0"), (1387, None, "1,387"), (9999, 10_000, "9,999"), (10_000, 10_000, "10,000+"), (None, None, "none")],
)
def test_numbers_are_grouped_and_capped(value: int | None, cap: int | None, words: str) -> None:
    assert filters.number(value, cap=cap) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.42, "0.4 s"),
        (3, "3 s"),
        (59.9, "59 s"),
        (140, "2 min 20 s"),
        (120, "2 min"),
        (11_100, "3 h 5 min"),
        (187_200, "2 d 4 h"),
        (None, "unknown"),
    ],
)
def test_durations_show_their_two_largest_units(seconds: float | None, words: str) -> None:
    assert filters.duration(seconds) == words


def test_a_timedelta_is_a_duration() -> None:
    assert filters.duration(timedelta(minutes=2, seconds=20)) == "2 min 20 s"


def test_numbers_take_their_word() -> None:
    assert [filters.plural(n, "job") for n in (0, 1, 1500)] == ["0 jobs", "1 job", "1,500 jobs"]
    assert filters.plural(2, "box", "boxes") == "2 boxes"
    assert [filters.times(n) for n in (1, 61)] == ["once", "61 times"]


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Mara Lindqvist", "ML"), ("olu@example.org", "O"), ("priya.nair@example.org", "PN"), ("", "?"), ("a b c", "AC")],
)
def test_avatars_have_one_or_two_letters(name: str, letters: str) -> None:
    assert filters.initials(name) == letters


def test_names_are_shortened_for_lists() -> None:
    assert filters.person("olu@example.org") == "olu"
    assert filters.short_name("documents.tasks.render_pdf") == "render_pdf"
    assert [filters.source_name(s) for s in ("rq", "api", "celery", "cron")] == ["RQ", "API", "Celery", "Cron"]
