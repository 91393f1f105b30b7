"""How many messages a minute a person can bear, and how long to go on trying."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# To one recipient of a channel: so many messages a minute, then everything that waits in one summary.
SINGLES: Final = 5
WINDOW: Final = timedelta(minutes=1)
# What waits for longer than this was held back.
HELD: Final = timedelta(seconds=30)
# A channel that failed so often in a row is an alert of its own.
FAILING: Final = 3
# What the other side has refused so often is not sent again; what could not be sent is tried for a day.
REFUSALS: Final = 5
GIVE_UP: Final = timedelta(hours=24)
# A message that took its worker down so often (nobody saw the outcome) is not tried again.
LOSSES: Final = 10
# Between two tries of a channel, in seconds: doubling from the first to the last.
FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 100.0
# How long one try may take before another worker takes over; longer than any try's own limits together.
CLAIM: Final = timedelta(seconds=60)
# A summary names so many alerts and counts the rest.
NAMED: Final = 50


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do now for one recipient: `take` deliveries, in one message if `together`, or wait `until`."""

    take: int = 0
    together: bool = False
    until: datetime | None = None


def turn(waiting: int, sent: int, oldest: datetime | None, *, held: bool) -> Turn:
    """The next message when `waiting` deliveries are due and `sent` went out within the window, first at `oldest`.

    What was `held` back, by an outage of the channel or by this pace, comes in one summary, however little it is.
    """
    room = SINGLES - sent
    if room <= 0 and oldest is not None:
        return Turn(until=oldest + WINDOW)
    if waiting <= room and not held:
        return Turn(take=1)
    return Turn(take=waiting, together=waiting > 1)
