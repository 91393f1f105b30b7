"""What silences ask, when they hold, and what they may not be."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.rules.silences import matchers, wanted
from console.alerts.rules.silences.matchers import Facts, Matcher, Op
from console.alerts.rules.silences.spans import NEVER, WEEK, SilenceState, Span, nth, over_at
from console.alerts.rules.silences.wanted import Wanted
from console.infra import regex
from tests.alerts.silences.making import asks

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
BERLIN = ZoneInfo("Europe/Berlin")
FACTS = Facts(
    "billing", "production", "error", "billing.close", None, "Period is open\nsince March", "api",
    {"customer": "acme", "vip": True, "seats": 12, "a.b": "c"},
)  # fmt: skip

instants = st.timedeltas(timedelta(0), timedelta(days=2_000)).map(
    lambda after: datetime(2024, 1, 1, tzinfo=UTC) + after
)
lengths = st.timedeltas(TICK, timedelta(days=6, hours=23))
zones = st.sampled_from([None, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])


def once(start: datetime = NOON, end: datetime = NOON + HOUR) -> Span:
    return Span(start, end, end)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (NOON - TICK, SilenceState.PENDING),
        (NOON, SilenceState.ACTIVE),
        (NOON + HOUR - TICK, SilenceState.ACTIVE),
        (NOON + HOUR, SilenceState.EXPIRED),
    ],
)
def test_the_start_belongs_to_it_and_the_end_does_not(now: datetime, state: SilenceState) -> None:
    assert once().state(now) is state


def test_one_that_was_ended_before_it_began_has_expired() -> None:
    assert Span(NOON + HOUR, NOON + 2 * HOUR, NOON).state(NOON) is SilenceState.EXPIRED
    assert once(NOON, NOON).state(NOON) is SilenceState.EXPIRED


def weekly(start: datetime, length: timedelta, zone: str, until: datetime | None = None) -> Span:
    return Span(start, start + length, over_at(start, start + length, zone, until), zone)


def test_a_week_later_it_holds_again_and_in_between_it_is_pending() -> None:
    span = weekly(NOON, HOUR, "UTC")
    assert span.over_at == NEVER
    assert [span.state(NOON + n * HOUR) for n in (0, 1, 7 * 24 - 1, 7 * 24, 7 * 24 + 1)] == [
        SilenceState.ACTIVE, SilenceState.PENDING, SilenceState.PENDING, SilenceState.ACTIVE, SilenceState.PENDING,
    ]  # fmt: skip
    assert span.turn(NOON + 5 * HOUR) == (NOON + WEEK, NOON + WEEK + HOUR)


def test_it_keeps_to_the_clocks_of_its_zone_when_they_change() -> None:
    summer = datetime(2026, 10, 19, 2, tzinfo=BERLIN)
    span = weekly(summer.astimezone(UTC), HOUR, "Europe/Berlin")
    winter = datetime(2026, 10, 26, 2, tzinfo=BERLIN).astimezone(UTC)
    assert winter - summer.astimezone(UTC) == WEEK + HOUR
    assert span.turn(winter) == (winter, winter + HOUR)


def test_a_time_that_clocks_skip_moves_forward() -> None:
    before = datetime(2026, 3, 22, 2, 30, tzinfo=BERLIN).astimezone(UTC)
    assert nth(before, "Europe/Berlin", 1).astimezone(BERLIN).hour == 3


def test_a_time_of_which_clocks_leave_nothing_is_left_out() -> None:
    start = datetime(2026, 3, 22, 2, 30, tzinfo=BERLIN).astimezone(UTC)
    span = weekly(start, HOUR / 2, "Europe/Berlin")
    assert span.turn(start + HOUR) == (start + 2 * WEEK - HOUR, start + 2 * WEEK - HOUR / 2)


def test_it_ends_with_its_last_time() -> None:
    span = weekly(NOON, HOUR, "UTC", NOON + 2 * WEEK)
    assert span.over_at == NOON + WEEK + HOUR
    assert span.state(NOON + WEEK + HOUR) is SilenceState.EXPIRED
    cut = weekly(NOON, HOUR, "UTC", NOON + WEEK + HOUR / 2)
    assert cut.turn(NOON + WEEK) == (NOON + WEEK, NOON + WEEK + HOUR / 2)


@given(instants, lengths, zones, st.none() | st.timedeltas(TICK, timedelta(days=60)), instants)
def test_state_turn_and_changes_agree_at_every_instant(
    start: datetime, length: timedelta, zone: str | None, until: timedelta | None, now: datetime
) -> None:
    over = over_at(start, start + length, zone, start + until if until and zone else None)
    span = Span(start, start + length, over, zone)
    state, turn, (last, following) = span.state(now), span.turn(now), span.changes(now)
    assert (state is SilenceState.EXPIRED) == (now >= over) == (turn is None)
    assert last is None or last <= now
    assert following is None or following > now
    if turn is not None:
        assert turn[0] < turn[1] <= over
        assert (state is SilenceState.ACTIVE) == (turn[0] <= now < turn[1])
        assert following == (turn[1] if state is SilenceState.ACTIVE else turn[0])
    if following is not None:
        # Nothing changes before the next change, and then it does.
        assert span.state(following - TICK) is state or following - TICK < now
        assert span.state(following) is not state or (zone is not None and state is SilenceState.ACTIVE)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("service = billing", True),
        ("service = Billing", False),
        ("service != billing", False),
        ("environment != staging", True),
        ("severity = error", True),
        ("exception_type = ", True),
        ("exception_type != KeyError", True),
        ("title =~ Period.*March", True),
        ("title =~ Period", False),
        ("title !~ Period", True),
        ("tags.customer =~ ac.e", True),
        ("tags.vip = true", True),
        ("tags.seats = 12", True),
        ("tags.a.b = c", True),
        ("tags.nobody = ", True),
        ("tags.nobody =~ .+", False),
        ("source = api", True),
        ("task =~ billing\\..*", True),
    ],
)
def test_what_a_matcher_asks(text: str, *, holds: bool) -> None:
    (one,) = asks(text)
    assert one.meets(FACTS, regex.fits) is holds


def test_all_matchers_must_hold() -> None:
    assert matchers.all_meet(asks("title =~ Per.*", "service = billing"), FACTS, regex.fits)
    assert not matchers.all_meet(asks("title =~ Per.*", "service = search"), FACTS, regex.fits)


@pytest.mark.parametrize(
    ("texts", "path"),
    [
        ([], ()),
        (["colour = red"], (0, "field")),
        (["tags. = red"], (0, "field")),
        (["service = billing", "title =~ ("], (1, "value")),
        (["title =~ (?=look)ahead"], (0, "value")),
        (["title =~ (a)\\1"], (0, "value")),
        (["severity = terrible"], (0, "value")),
        (["service = "], (0, "value")),
        (["service =~ .*"], (0, "value")),
        (["service =~ .+"], (0, "value")),
        (["title =~ |x"], (0, "value")),
        (["title =~ (?s).{1,900}"], (0, "value")),
        (["environment != staging"], (0, "value")),
        (["title !~ x"], (0, "value")),
        ([f"title = {'x' * 1_001}"], (0, "value")),
        (["title = a\0b"], (0, "value")),
        (["service = billing"] * 21, ()),
    ],
)
def test_what_matchers_may_not_be(texts: list[str], path: tuple[int | str, ...]) -> None:
    found = matchers.faults(asks(*texts), regex.fits, regex.fault)
    assert [where for where, _ in found] == [path]


def test_what_asks_against_something_may_stand_beside_what_asks_for_something() -> None:
    assert matchers.faults(asks("environment != staging", "service = billing"), regex.fits, regex.fault) == []


@pytest.mark.parametrize("evil", ["(a+)+", "(a|a)*b", "([a-z]+)*!", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x"])
def test_no_expression_explodes(evil: str) -> None:
    """The standard library's engine would need longer than the universe is old; the test's time-out is a minute."""
    assert regex.fits(evil, "a" * 100_000 + "!!") is False


def test_an_expression_too_large_is_refused() -> None:
    assert regex.fault("((((a{1,30}){1,30}){1,30}){1,30})") is not None
    assert regex.fault("\ud800") is not None


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"ends_at": NOON}, ("ends_at",)),
        ({"ends_at": NOON - HOUR}, ("ends_at",)),
        ({"ends_at": NEVER}, ("ends_at",)),
        ({"reason": "  "}, ("reason",)),
        ({"reason": "x" * 2_001}, ("reason",)),
        ({"repeat_until": NOON + WEEK}, ("repeat_until",)),
        ({"weekly_in": "Mars/Base"}, ("timezone",)),
        ({"weekly_in": "UTC", "ends_at": NOON + WEEK}, ("ends_at",)),
        ({"weekly_in": "UTC", "repeat_until": NOON}, ("repeat_until",)),
        ({"weekly_in": "UTC", "repeat_until": NEVER}, ("ends_at",)),
        ({"matchers": ()}, ("matchers",)),
    ],
)
def test_what_a_silence_may_not_be(fields: dict[str, object], path: tuple[str, ...]) -> None:
    plain: dict[str, object] = {"matchers": asks("service = billing"), "ends_at": NOON + HOUR, "reason": "why not"}
    asked = Wanted(**(plain | fields))  # type: ignore[arg-type]
    found = wanted.faults(asked, NOON, NOON, fits=regex.fits, fault_of=regex.fault)
    assert [where for where, _ in found] == [path]


def test_a_window_whose_last_time_is_over_is_refused() -> None:
    asked = Wanted(asks("service = billing"), NOON + HOUR, "patches", NOON, "UTC", NOON + 2 * HOUR)
    found = wanted.faults(asked, NOON, NOON + WEEK, fits=regex.fits, fault_of=regex.fault)
    assert [where for where, _ in found] == [("repeat_until",)]


def test_a_window_asks_for_its_service() -> None:
    assert wanted.of_service("billing", None) == (Matcher("service", Op.IS, "billing"),)
    assert [one.words for one in wanted.of_service("billing", "staging")] == [
        "service = billing",
        "environment = staging",
    ]
