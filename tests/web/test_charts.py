"""Numbers become positions."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.web import charts
from tests.conftest import NOON


def test_a_lone_burst_is_unusual() -> None:
    assert charts.unusual_parts([0] * 22 + [0, 61]) == [False] * 23 + [True]


def test_a_steady_level_is_usual() -> None:
    assert not any(charts.unusual_parts([8, 9, 7, 8, 10, 9, 8, 7, 9, 11]))


def test_what_rises_above_twice_the_earlier_level_is_unusual() -> None:
    assert charts.unusual_parts([4, 4, 4, 4, 4, 9, 30]) == [False] * 5 + [True, True]


def test_a_spark_draws_no_bar_for_nothing_and_a_visible_one_for_little() -> None:
    spark = charts.spark([0, 1, 1000], "1,001 in 3 hours")
    assert spark.usual == ""
    assert spark.unusual == "M32 24v-2h31V24zM64 24v-24h31V24z"
    assert spark.label == "1,001 in 3 hours"


def test_an_empty_spark_has_no_bars() -> None:
    assert charts.spark([], "none") == charts.spark([0, 0], "none") == charts.Spark("", "", "none")


def test_the_usual_level_is_drawn_apart_from_what_is_news() -> None:
    spark = charts.spark([4, 4, 4, 30], "42 in 4 hours")
    assert spark.usual.count("M") == 3
    assert spark.unusual == "M72 24v-24h23V24z"


@pytest.mark.parametrize(("most", "top"), [(0, 3), (1, 3), (4, 4), (7, 8), (61, 80), (100, 100), (1387, 1500)])
def test_the_scale_ends_at_a_round_number(most: int, top: int) -> None:
    assert charts.nice_top(most) == top


@given(st.integers(0, 10**9))
def test_the_scale_holds_its_bars_and_has_whole_grid_lines(most: int) -> None:
    top = charts.nice_top(most)
    assert top >= most
    assert top % 3 == 0 or top % 4 == 0
    assert top <= max(3, most * 2)


def test_columns_stack_what_will_be_retried_on_what_is_final() -> None:
    steps = [charts.Column(NOON, 1, 2, "12:00"), charts.Column(NOON + timedelta(minutes=1), 0, 0, "12:01")]
    chart = charts.columns(steps, label="3 failures", ticks=[(0, "12:00"), (1, "12:01")])
    final, again = chart.bars
    assert (final.series, again.series) == ("final", "again")
    assert again.y + again.height == pytest.approx(final.y, abs=0.2)
    assert final.y + final.height == pytest.approx(chart.height, abs=0.2)
    assert [tick.minor for tick in chart.x_ticks] == [False, True]
    assert [tick.text for tick in chart.y_ticks] == ["0", "1", "2", "3"]


def test_a_line_has_gaps_and_a_floor() -> None:
    made = charts.line([(95.0, "a"), (None, "b"), (83.5, "c"), (100.0, "d"), (90.0, "e")], "Kept")
    assert (made.floor, made.label) == (80, "Kept")
    assert made.path == "M0 12M100 39.6L150 0L200 24"
    assert made.dots == ((0.0, 12.0, "a"), (100.0, 39.6, "c"), (150.0, 0.0, "d"), (200.0, 24.0, "e"))


def test_a_line_of_little_has_the_usual_floor() -> None:
    assert (charts.line([], "x").path, charts.line([(None, "a")], "x").dots) == ("", ())
    one = charts.line([(99.0, "a")], "x")
    assert (one.floor, one.path) == (90, "M0 4.8")
    assert charts.line([(0.0, "a"), (100.0, "b")], "x").path == "M0 48L200 0"
