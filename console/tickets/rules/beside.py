"""The deadlines that a helpdesk has promised itself, beside ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Beside:
    """One clock's deadline there and here; `ours` is None while our clock does not run."""

    clock: str
    theirs: datetime
    ours: datetime | None

    @property
    def later_seconds(self) -> float | None:
        """How much later theirs is, in seconds; negative when ours is later, None when ours does not run."""
        return None if self.ours is None else (self.theirs - self.ours).total_seconds()


def beside(told: Mapping[str, Any] | None, ours: Mapping[str, datetime | None]) -> Sequence[Beside]:
    """The clocks for which the source told an instant (ISO 8601 with its offset), in the order of ours."""
    times = {name: told.get(name) if told else None for name in ours}
    return [Beside(name, datetime.fromisoformat(at), ours[name]) for name, at in times.items() if at]
