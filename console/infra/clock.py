"""The only place that asks the time, so that a test can set it."""

from datetime import UTC, datetime
from typing import Final


class _Clock:
    frozen: datetime | None = None


_CLOCK: Final = _Clock()


def now() -> datetime:
    """The present instant, timezone-aware, in UTC."""
    return _CLOCK.frozen or datetime.now(UTC)


def freeze(at: datetime | None) -> None:
    """Hold the clock at an aware instant; None lets it run again. For tests only."""
    if at is not None and at.tzinfo is None:
        raise ValueError("freeze() needs an aware datetime")
    _CLOCK.frozen = at
