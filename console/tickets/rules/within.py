"""How far ahead a list looks, from whenever it is looked at: "4h", "30m", "2d"."""

import re
from datetime import timedelta
from typing import Final

from console.tickets.rules import written

MOST: Final = timedelta(days=366)
DAY: Final = 1_440
_DAYS: Final = re.compile(r"(\d{1,3})\s*d(?:ays?)?")
_SAID: Final = "Send a length from 1 minute to 366 days, such as 30m, 4h or 2d."


def read(text: str) -> timedelta:
    """A length as people type it: 30m, 4h, 1h30, 2d, 90 (minutes). Raises ValueError with a sentence."""
    days = _DAYS.fullmatch(text.strip().lower())
    try:
        minutes = int(days[1]) * DAY if days else written.minutes(text)
    except ValueError as error:
        raise ValueError(_SAID) from error
    if not 1 <= minutes <= MOST / timedelta(minutes=1) or not float(minutes).is_integer():
        raise ValueError(_SAID)
    return timedelta(minutes=minutes)


def text(length: timedelta) -> str:
    """A length in one way of writing it: 30m, 4h, 1h30, 2d. What it writes, `read` reads back."""
    minutes = round(length / timedelta(minutes=1))
    return written.minutes_text(minutes) if minutes % DAY else f"{minutes // DAY}d"


def words(length: timedelta) -> str:
    """A length as people read it: "4 h", "1 h 30 min", "2 days"."""
    minutes = round(length / timedelta(minutes=1))
    days, rest = divmod(minutes, DAY)
    if not rest:
        return f"{days} day{'s' if days > 1 else ''}"
    hours, left = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{left} min" if left else "") if part)
