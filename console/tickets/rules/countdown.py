"""How much business time is left, and how it goes on: what a page needs to count down by itself.

A page that knows the next open hours counts right in any zone; it is not told anything that depends on a reader.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from console.tickets.rules.hours import Hours, Segment

SECOND: Final = 1_000_000
MINUTE, HOUR = 60, 3600
# A page is rendered anew long before.
AHEAD: Final = 36 * HOUR * SECOND


@dataclass(frozen=True, slots=True)
class Countdown:
    """`left` whole business seconds at `at` (both whole seconds, `at` since 1970), negative once it is over.

    `open` holds the business hours ahead as (begin, end) in seconds since 1970; none while the clock is held.
    """

    left: int
    at: int
    open: tuple[Segment, ...] = ()

    @property
    def segments(self) -> str:
        """The hours ahead as an attribute: "1795250000-1795260000,…"."""
        return ",".join(f"{begin}-{end}" for begin, end in self.open)

    @property
    def words(self) -> str:
        """As people read it: "2 h 5 min", or with a minus what it is over by."""
        return business(self.left)


def countdown(left: int, hours: Hours, now: int, *, running: bool) -> Countdown:
    """The business time `left` (microseconds) at `now`, and the open hours ahead if it runs."""
    ahead = _seconds(hours.segments(now, now + AHEAD)) if running else ()
    return Countdown(left // SECOND, now // SECOND, tuple(ahead))


def business(seconds: int) -> str:
    """Business time in hours and minutes; days would be ambiguous. What is over has a minus."""
    minutes, sign = abs(seconds) // MINUTE, "\N{MINUS SIGN}" if seconds < 0 else ""
    if minutes == 0:
        return f"{sign}{abs(seconds)} s"
    hours, rest = divmod(minutes, MINUTE)
    if not hours:
        return f"{sign}{rest} min"
    return f"{sign}{hours:,} h {rest} min" if rest else f"{sign}{hours:,} h"


def _seconds(segments: Iterable[Segment]) -> Iterable[Segment]:
    return ((begin // SECOND, end // SECOND) for begin, end in segments)
