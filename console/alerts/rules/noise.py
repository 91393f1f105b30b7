"""What may be set about noise, and what holds until somebody does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from console.alerts.rules.flapping import Flapping

# More than one console takes in: a default must never drop what could have been stored. A service that may drown the
# others gets a number of its own.
FAILURES_PER_MINUTE = 600_000
MOST_PER_MINUTE = 100_000_000
MOST_DAYS = 3_650
# Their senders say themselves when it is over: what they have not taken back still stands, however long ago it came.
SPEAK_FOR_THEMSELVES = frozenset({"heartbeat", "alertmanager"})


@dataclass(frozen=True, slots=True)
class NoiseRules:
    """`stale_days` without a new failure close an open alert; None never does. `stale_services` say so by service."""

    flapping: Flapping = field(default_factory=Flapping)
    stale_days: int | None = None
    stale_services: Mapping[str, int | None] = field(default_factory=lambda: MappingProxyType({}))
    failures_per_minute: int = FAILURES_PER_MINUTE

    @property
    def closes_any(self) -> bool:
        """Whether anything is ever closed for being stale."""
        return self.stale_days is not None or any(days is not None for days in self.stale_services.values())

    @property
    def soonest(self) -> int | None:
        """The fewest days that close anything, or None."""
        days = [self.stale_days, *self.stale_services.values()]
        return min((each for each in days if each is not None), default=None)

    def days_for(self, service: str) -> int | None:
        """After how many days an alert of a service is stale, or None."""
        return self.stale_services.get(service, self.stale_days)

    @property
    def values(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "flapping_enabled": self.flapping.enabled,
            "flapping_changes": self.flapping.changes,
            "flapping_window_minutes": int(self.flapping.window / timedelta(minutes=1)),
            "flapping_calm": self.flapping.calm,
            "stale_days": self.stale_days,
            "stale_services": dict(self.stale_services),
            "failures_per_minute": self.failures_per_minute,
        }


def read(values: Mapping[str, Any]) -> NoiseRules:
    """What is stored; what it lacks has its default."""
    found = NoiseRules().values | dict(values)
    flapping = Flapping(
        enabled=found["flapping_enabled"],
        changes=found["flapping_changes"],
        window=timedelta(minutes=found["flapping_window_minutes"]),
        calm=found["flapping_calm"],
    )
    return NoiseRules(flapping, found["stale_days"], found["stale_services"], found["failures_per_minute"])
