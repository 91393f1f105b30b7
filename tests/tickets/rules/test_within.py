"""Lengths of time ahead of now, as people type them."""

from datetime import timedelta

import pytest

from console.tickets.rules import within


@pytest.mark.parametrize(
    ("typed", "minutes", "written", "words"),
    [
        ("4h", 240, "4h", "4 h"),
        (" 30 m ", 30, "30m", "30 min"),
        ("90", 90, "1h30", "1 h 30 min"),
        ("1H30", 90, "1h30", "1 h 30 min"),
        ("1.5h", 90, "1h30", "1 h 30 min"),
        ("2d", 2_880, "2d", "2 days"),
        ("1 day", 1_440, "1d", "1 day"),
        ("24h", 1_440, "1d", "1 day"),
        ("25h", 1_500, "25h", "25 h"),
        ("366d", 527_040, "366d", "366 days"),
        ("1m", 1, "1m", "1 min"),
    ],
)
def test_lengths(typed: str, minutes: int, written: str, words: str) -> None:
    found = within.read(typed)
    assert found == timedelta(minutes=minutes)
    assert (within.text(found), within.words(found)) == (written, words)
    assert within.read(written) == found


@pytest.mark.parametrize(
    "typed", ["", "soon", "0", "0h", "-4h", "30s", "0.5m", "1.5m", "367d", "9999d", "9" * 400 + "h", "4h2d", "1e99m"]
)
def test_what_is_none_is_told(typed: str) -> None:
    with pytest.raises(ValueError, match="30m, 4h or 2d"):
        within.read(typed)
