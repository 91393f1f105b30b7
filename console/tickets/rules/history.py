"""A ticket's events read in order: when it was held, when it was answered, when it was resolved for good.

The order is that of the instants, then of the event ids; what the console concluded itself comes last of an instant.
What there are many of are named tuples, which are made in a third of the time that frozen dataclasses take.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple

from console.tickets.rules.instants import micros

RESOLVED: Final = "resolved"


class Kind(StrEnum):
    """What happened to a ticket."""

    CUSTOMER_MESSAGE = "customer_message"
    AGENT_REPLY = "agent_reply"
    FIRST_RESPONSE = "first_response"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"
    REOPENED = "reopened"


# What a hold may begin or end with; nothing else changes whether time counts.
STANDING: Final = frozenset({Kind.STATUS, Kind.RESOLVED, Kind.REOPENED})


class Event(NamedTuple):
    """One event; `value` is the status, priority or assignee it tells of. `ours` marks what the console concluded."""

    id: str
    at: datetime
    kind: Kind
    value: str | None = None
    ours: bool = False

    @property
    def order(self) -> tuple[datetime, bool, str]:
        """Its place among the events of its ticket."""
        return (self.at, self.ours, self.id)


class Hold(NamedTuple):
    """Time that does not count: in a paused status, or resolved until it was reopened. None goes on."""

    begin: int
    end: int | None
    why: str


class Wait(NamedTuple):
    """A customer's wait: from the first message after the last reply to the next reply, None when there is none yet."""

    begin: int
    end: int | None


@dataclass(frozen=True, slots=True)
class History:
    """What the events say. Instants are microseconds. `status` is the one told last: a reopening tells none."""

    created: int
    holds: tuple[Hold, ...]
    answered: int | None
    resolved: int | None
    waits: tuple[Wait, ...]
    status: str | None
    priority: str | None
    assignee: str | None


def read(
    created_at: datetime,
    events: Iterable[Event],
    pauses: Callable[[str | None], bool],
    *,
    status: str | None,
    priority: str | None = None,
    assignee: str | None = None,
) -> History:
    """Read events in any order; `status`, `priority` and `assignee` are those at creation.

    What is dated before the creation counts as of it.
    """
    reader = _Reader(micros(created_at), pauses, status, priority, assignee)
    for event in sorted(events, key=attrgetter("at", "ours", "id")):
        reader.take(event)
    return reader.done()


@dataclass
class _Reader:
    created: int
    pauses: Callable[[str | None], bool]
    status: str | None
    priority: str | None
    assignee: str | None
    resolved: int | None = None
    held: tuple[int, str] | None = None
    holds: list[Hold] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    waiting: int | None = None
    replied: int | None = None
    responded: int | None = None

    def __post_init__(self) -> None:
        self._settle(self.created)

    def take(self, event: Event) -> None:
        at = max(micros(event.at), self.created)
        match event.kind:
            case Kind.CUSTOMER_MESSAGE:
                self.waiting = at if self.waiting is None else self.waiting
            case Kind.AGENT_REPLY:
                self._reply(at)
            case Kind.FIRST_RESPONSE:
                self.responded = at if self.responded is None else self.responded
            case Kind.PRIORITY:
                self.priority = event.value
            case Kind.ASSIGNED:
                # A source may say that it was assigned without saying to whom.
                self.assignee = event.value if event.value or event.ours else self.assignee
            case Kind.STATUS:
                self.status = event.value
            case Kind.RESOLVED:
                self.resolved = at if self.resolved is None else self.resolved
            case Kind.REOPENED:
                self.resolved = None
        if event.kind in STANDING:
            self._settle(at)

    def done(self) -> History:
        holds, waits = self.holds, self.waits
        if self.held and self.resolved is None:
            holds = [*holds, Hold(self.held[0], None, self.held[1])]
        if self.waiting is not None:
            waits = [*waits, Wait(self.waiting, None)]
        answered = self.replied if self.responded is None else self.responded
        told = (self.status, self.priority, self.assignee)
        return History(self.created, tuple(holds), answered, self.resolved, tuple(waits), *told)

    def _reply(self, at: int) -> None:
        self.replied = at if self.replied is None else self.replied
        if self.waiting is not None:
            self.waits.append(Wait(self.waiting, at))
            self.waiting = None

    def _settle(self, at: int) -> None:
        """Begin or end a hold at an instant, as resolution and status now stand."""
        paused = self.status if self.pauses(self.status) else None
        why = RESOLVED if self.resolved is not None else paused
        if self.held and self.held[1] != why:
            if self.held[0] < at:
                self.holds.append(Hold(self.held[0], at, self.held[1]))
            self.held = None
        if why and self.held is None:
            self.held = (at, why)
