"""A followed source as a value, what one reading of it brings, and when the next is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from console.tickets.rules.sources.rows import Row

LONGEST_WAIT: Final = timedelta(minutes=15)
# A source that fails for so long raises an alert.
ALARM_AFTER: Final = timedelta(minutes=10)


class SourceKind(StrEnum):
    """The helpdesks that are understood: any PostgreSQL by a query of ours, and Zammad by its API."""

    SQL = "sql"
    ZAMMAD = "zammad"


class SourceState(StrEnum):
    """How a source stands. `waiting`: nobody has read it yet."""

    OK = "ok"
    FAILING = "failing"
    PAUSED = "paused"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Feed:
    """A source as its follower needs it. `url` and `token` are sealed."""

    id: int
    name: str
    kind: SourceKind
    url: str = field(repr=False)
    token: str | None = field(repr=False)
    options: Mapping[str, Any]
    cursor: Mapping[str, Any] | None = None
    wants: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be taken, by what the source calls it, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one reading brought. `cursor` says how far it came; `more`: there is more to read at once.

    `fetched` are the wanted tickets that it holds, or that are no longer there.
    """

    rows: Sequence[Row]
    rejects: Sequence[Reject]
    cursor: Mapping[str, Any]
    more: bool
    fetched: Sequence[str] = ()

    @property
    def seen(self) -> int:
        """How many rows were read, those that were refused too."""
        return len(self.rows) + len(self.rejects)


def wait(failures: int, interval: timedelta, *, asked: float | None = None) -> timedelta:
    """How long to leave a source alone after so many failures in a row; `asked`: what it said itself, in seconds."""
    doubled: timedelta = min(interval * (1 << min(max(failures - 1, 0), 16)), max(LONGEST_WAIT, interval))
    return max(doubled, min(timedelta(seconds=asked or 0.0), timedelta(hours=1)))


def state_of(*, enabled: bool, failing_since: datetime | None, last_ok_at: datetime | None) -> SourceState:
    """The word for how it stands."""
    if not enabled:
        return SourceState.PAUSED
    if failing_since is not None:
        return SourceState.FAILING
    return SourceState.OK if last_ok_at is not None else SourceState.WAITING
