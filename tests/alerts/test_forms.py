"""What the pages send."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from console.alerts import forms
from console.alerts.queries import Window
from console.alerts.rules.states import Severity, Status
from console.infra.errors import Invalid
from tests.conftest import NOON

BERLIN = ZoneInfo("Europe/Berlin")


def test_filters_come_from_the_url() -> None:
    wanted = forms.parse_filter(
        {"status": "open,snoozed", "severity": "critical", "service": "shop", "assignee": "none", "q": "margins"}
    )
    assert wanted.statuses == (Status.OPEN, Status.SNOOZED)
    assert wanted.severities == (Severity.CRITICAL,)
    assert (wanted.services, wanted.environments, wanted.assignees, wanted.q) == (("shop",), (), ("none",), "margins")


def test_a_name_given_several_times_means_any_of_its_values() -> None:
    args = MultiDict([("service", "shop"), ("service", "till"), ("severity", "error"), ("severity", "critical,info")])
    wanted = forms.parse_filter(args)
    assert wanted.services == ("shop", "till")
    assert wanted.severities == (Severity.CRITICAL, Severity.ERROR, Severity.INFO)
    assert forms.parse_filter(forms.kept(args)) == wanted


def test_words_that_mean_nothing_narrow_nothing() -> None:
    nothing = {"status": "wide", "severity": "", "service": "", "since": "soon"}
    assert forms.parse_filter(nothing) == forms.parse_filter({})


def test_links_carry_only_filters_that_are_on() -> None:
    assert forms.kept({"status": "open", "q": "", "cursor": "x", "evil": "y"}) == {"status": "open"}


@pytest.mark.parametrize(
    ("chosen", "ends"),
    [
        ("1h", NOON + timedelta(hours=1)),
        ("4h", NOON + timedelta(hours=4)),
        ("tomorrow", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("monday", datetime(2026, 11, 23, 8, tzinfo=UTC)),
    ],
)
def test_ready_made_snoozes_end_in_the_readers_zone(chosen: str, ends: datetime) -> None:
    assert forms.parse_snooze({"for": chosen}, NOON, BERLIN) == ends


def test_on_a_monday_the_next_monday_is_a_week_away() -> None:
    monday = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert forms.parse_snooze({"for": "monday"}, monday, BERLIN) == datetime(2026, 11, 30, 8, tzinfo=UTC)


def test_a_written_time_is_local() -> None:
    assert forms.parse_snooze({"until": "2026-11-21T15:00"}, NOON, BERLIN) == datetime(2026, 11, 21, 14, tzinfo=UTC)


@pytest.mark.parametrize("form", [{}, {"until": "soon"}, {"for": "ever"}])
def test_a_snooze_without_an_end_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        forms.parse_snooze(form, NOON, BERLIN)
    assert refused.value.errors[0].pointer == "/until"


def test_a_selection_is_in_order_and_counts_each_once() -> None:
    form = MultiDict([("ids", "7"), ("ids", "3"), ("ids", "7"), ("ids", "x"), ("ids", "9" * 30)])
    assert forms.parse_selection(form) == [3, 7]


@pytest.mark.parametrize("ids", [[], [str(i) for i in range(201)]])
def test_a_selection_of_none_or_too_many_is_refused(ids: list[str]) -> None:
    with pytest.raises(Invalid):
        forms.parse_selection(MultiDict(("ids", i) for i in ids))


@pytest.mark.parametrize(
    ("word", "age", "window"),
    [
        ("24h", 1, Window.DAY),
        ("", 29 * 60, Window.HALF_HOUR),
        ("", 31 * 60, Window.DAY),
        ("never", 25 * 3600, Window.MONTH),
    ],
)
def test_the_chart_shows_the_shortest_span_that_holds_the_last_failure(word: str, age: int, window: Window) -> None:
    assert forms.parse_window(word, NOON - timedelta(seconds=age), NOON) is window
