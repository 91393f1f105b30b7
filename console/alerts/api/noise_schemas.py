"""What programs get about settings of noise and limits of sources."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from console.alerts.forms.noise import NoiseSettingsIn
from console.alerts.models import SourceLimit


class NoiseSettingsOut(NoiseSettingsIn):
    """What holds, and who set it; nobody has when `updated_at` is null."""

    updated_at: datetime | None
    updated_by: str | None


class DroppingOut(BaseModel):
    """What was dropped since when."""

    since: datetime
    last_at: datetime
    dropped: int


class SourceLimitOut(BaseModel):
    """A service's own limit; `dropping` while it sends more."""

    service: str
    failures_per_minute: int
    updated_at: datetime
    updated_by: str
    dropping: DroppingOut | None

    @classmethod
    def of(cls, found: SourceLimit, dropping: DroppingOut | None) -> Self:
        """A stored limit."""
        return cls(
            service=found.service,
            failures_per_minute=found.failures_per_minute,
            updated_at=found.updated_at,
            updated_by=found.updated_by,
            dropping=dropping,
        )


class SourceLimitPage(BaseModel):
    """Limits, by service."""

    items: list[SourceLimitOut]
    next_cursor: str | None
