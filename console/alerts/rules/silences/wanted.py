"""What people may say about a silence, and what of it cannot be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.alerts.rules.silences import matchers, spans
from console.alerts.rules.silences.matchers import Fits, Matcher, Op
from console.alerts.rules.silences.spans import NEVER, WEEK, Span

MAX_REASON = 2_000
MAX_NAME = 500
# Weeks are counted a little beyond the last one: that must still be a date, as must those before the first.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), NEVER - 10 * WEEK

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A silence as somebody wants it. `starts_at` None: now, or where it stands.

    With `weekly_in`, a time zone, the first time comes again every week, until `repeat_until` if there is one.
    """

    matchers: Sequence[Matcher]
    ends_at: datetime
    reason: str
    starts_at: datetime | None = None
    weekly_in: str | None = None
    repeat_until: datetime | None = None

    def span(self, starts_at: datetime) -> Span:
        """When it would hold, its zone being known."""
        over = spans.over_at(starts_at, self.ends_at, self.weekly_in, self.repeat_until)
        return Span(starts_at, self.ends_at, over, self.weekly_in)


def of_service(service: str, environment: str | None) -> tuple[Matcher, ...]:
    """What a maintenance window asks: a service, in one environment or in all."""
    asked = (Matcher("service", Op.IS, service),)
    return (*asked, Matcher("environment", Op.IS, environment)) if environment else asked


def faults(
    wanted: Wanted, starts_at: datetime, now: datetime, *, fits: Fits, fault_of: Callable[[str], str | None]
) -> list[tuple[Path, str]]:
    """What cannot be, as (path, sentence); `starts_at` is the start that it would have."""
    found: list[tuple[Path, str]] = [(("matchers", *path), said) for path, said in _matchers(wanted, fits, fault_of)]
    if not 0 < len(wanted.reason.strip()) <= MAX_REASON:
        found.append((("reason",), f"Say why, in 1 to {MAX_REASON:,} characters: others will want to know."))
    return found + _times(wanted, starts_at, now)


def _matchers(wanted: Wanted, fits: Fits, fault_of: Callable[[str], str | None]) -> list[tuple[Path, str]]:
    return matchers.faults(wanted.matchers, fits, fault_of)


def _times(wanted: Wanted, starts_at: datetime, now: datetime) -> list[tuple[Path, str]]:
    if wanted.ends_at <= starts_at:
        passed = wanted.ends_at <= now and wanted.weekly_in is None
        return [(("ends_at",), "The end has passed." if passed else "The end must come after the start.")]
    if max(wanted.ends_at, wanted.repeat_until or wanted.ends_at) >= LATEST:
        return [(("ends_at",), "This lies beyond the calendar.")]
    if wanted.weekly_in is None:
        if wanted.repeat_until is not None:
            return [(("repeat_until",), "Only what repeats ends repeating.")]
        # One that holds began before now: an end that has come since ends it.
        return []
    return _weekly(wanted, starts_at, now)


def _weekly(wanted: Wanted, starts_at: datetime, now: datetime) -> list[tuple[Path, str]]:
    if not _known(wanted.weekly_in or ""):
        return [(("timezone",), "Name a time zone such as Europe/Berlin.")]
    if starts_at < EARLIEST:
        return [(("starts_at",), "It must lie after the year 2000.")]
    if wanted.ends_at - starts_at >= WEEK:
        return [(("ends_at",), "What recurs weekly must be shorter than a week.")]
    if wanted.repeat_until is not None and wanted.repeat_until <= starts_at:
        return [(("repeat_until",), "It must come after the start.")]
    if wanted.span(starts_at).over_at <= now:
        return [(("repeat_until",), "Its last time is over.")]
    return []


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
