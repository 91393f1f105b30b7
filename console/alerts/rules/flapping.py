"""When an alert flaps: it goes to and fro between open and resolved so often that each time alone says nothing.

A change is an alert that opens again after it was resolved, or that is resolved by something else than a person's hand:
somebody who resolves, undoes and resolves again is no flapping. Enough changes within a window begin a spell; it ends
when hardly any are left in the window. Two thresholds, as Nagios has them (its "flap detection"), so that what goes
along the edge does not itself flap between flapping and not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# What may be set. Fewer than four changes would be an alert that came back once.
LEAST, MOST = 4, 50
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Flapping:
    """`changes` within `window` begin a spell; it has settled when no more than `calm` are left in the window."""

    enabled: bool = True
    changes: int = 6
    window: timedelta = timedelta(minutes=30)
    calm: int = 2


def counted(changes: Iterable[datetime], now: datetime, window: timedelta) -> int:
    """How many of `changes` lie in the window that ends `now`; one as old as the window is out of it."""
    return sum(now - window < change <= now for change in changes)


def begins(changes: Iterable[datetime], now: datetime, wanted: Flapping) -> bool:
    """Whether it flaps from now on."""
    return wanted.enabled and counted(changes, now, wanted.window) >= wanted.changes


def settles_at(changes: Iterable[datetime], wanted: Flapping) -> datetime:
    """The first instant since the last of `changes` (one at least) at which no more than `calm` are in the window."""
    newest = sorted(changes)
    if len(newest) <= wanted.calm:
        return newest[-1]
    return max(newest[-1], newest[-wanted.calm - 1] + wanted.window)


def words(changes: int, minutes: int) -> str:
    """As people read it: "changed state 7 times in 30 minutes"."""
    span = "a minute" if minutes == 1 else f"{minutes:,} minutes"
    return f"changed state {changes:,} times in {span}"
