"""Hours of a day, dates and lengths of time as people type them and read them; every fault is a sentence."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

ALL_DAY: Final = "00:00-24:00"
CLOSED: Final = frozenset({"", "-", "closed"})
WHOLE: Final = frozenset({"24 h", "24h", "24 hours", "all day", "0-24", "00-24"})
NONE: Final = "none"
_INTERVAL: Final = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|\N{EN DASH}|\N{EM DASH}|to)\s*(\d{1,2})(?:[:.](\d{2}))?"
)
_LENGTH: Final = re.compile(
    r"(?:(?P<h>\d+(?:\.\d+)?)\s*h(?:ours?)?)?\s*(?:(?P<m>\d+(?:\.\d+)?(?:e-?\d+)?)\s*(?:m|min|minutes?)?)?"
)
_HOUR: Final = 60


def hours(text: str) -> list[list[str]]:
    """The intervals of a day such as "08:00-12:00, 13-18"; none for "closed". Raises ValueError with a sentence."""
    plain = " ".join(text.lower().split())
    if plain in CLOSED:
        return []
    if plain in WHOLE:
        return [["00:00", "24:00"]]
    return [_interval(part.strip()) for part in re.split(r"[,;&]| and ", plain) if part.strip()]


def hours_text(intervals: Iterable[Sequence[str]]) -> str:
    """Intervals as one would type them; nothing for a closed day."""
    return ", ".join(f"{opens}-{closes}" for opens, closes in intervals)


def dated(text: str) -> dict[str, list[list[str]]]:
    """Lines such as "2026-12-24 08:00-12:00" or "2026-12-31 closed". Raises ValueError naming the line."""
    found: dict[str, list[list[str]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        day, _, rest = line.strip().partition(" ")
        try:
            key = date.fromisoformat(day.rstrip(":")).isoformat()
        except ValueError as error:
            raise ValueError(f"Line {number}: “{day}” is no date such as 2026-12-24.") from error
        if key in found:
            raise ValueError(f"Line {number}: {key} stands there twice.")
        try:
            found[key] = hours(rest)
        except ValueError as error:
            raise ValueError(f"Line {number}: {error}") from error
    return found


def dated_text(exceptions: Mapping[str, Iterable[Sequence[str]]]) -> str:
    """Dates with hours of their own, a line each."""
    return "\n".join(f"{day} {hours_text(given) or 'closed'}" for day, given in sorted(exceptions.items()))


def minutes(text: str) -> float:
    """A length such as 15m, 4h, 1h30 or 90 (minutes). Raises ValueError with a sentence."""
    plain = text.strip().lower()
    found = _LENGTH.fullmatch(plain)
    if not plain or found is None or not (found["h"] or found["m"]):
        raise ValueError(f"“{text.strip()}” is no length of time such as 15m, 4h or 1h30.")
    total = float(found["h"] or 0) * _HOUR + float(found["m"] or 0)
    return int(total) if total.is_integer() else total


def minutes_text(given: float) -> str:
    """Minutes as one would type them: 15m, 4h, 1h30. What it writes, `minutes` reads back."""
    if not float(given).is_integer():
        return f"{given:g}m" if float(f"{given:g}") == given else f"{given!r}m"
    whole, rest = divmod(int(given), _HOUR)
    if not whole:
        return f"{rest}m"
    return f"{whole}h{rest:02d}" if rest else f"{whole}h"


def _interval(text: str) -> list[str]:
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise ValueError(f"“{text}” is no interval such as 08:00-12:00.")
    first, second, third, fourth = found.groups()
    return [f"{int(first):02d}:{second or '00'}", f"{int(third):02d}:{fourth or '00'}"]
