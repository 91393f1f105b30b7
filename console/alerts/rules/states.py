"""The states of an alert and how it moves between them: the one table that people, failures and time all obey."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Severity(IntEnum):
    """How bad; the number is the rank, so that worse compares greater."""

    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The word that the API and the pages use."""
        return self.name.lower()


class Status(IntEnum):
    """Where an alert stands; the number is the rank in lists, the most pressing greatest.

    What is merged into another alert is in no list: the other stands for it. Above RESOLVED an alert is alive.
    """

    MERGED = 0
    RESOLVED = 1
    SNOOZED = 2
    ACKNOWLEDGED = 3
    OPEN = 4

    @property
    def word(self) -> str:
        """The word that the API and the pages use."""
        return self.name.lower()


# The states that lists show, the most pressing first.
LISTED = (Status.OPEN, Status.ACKNOWLEDGED, Status.SNOOZED, Status.RESOLVED)


class Verb(StrEnum):
    """What can be done to an alert's state; the value is the API's word in bulk actions."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    SNOOZE = "snooze"
    UNSNOOZE = "unsnooze"
    RESOLVE = "resolve"
    UNRESOLVE = "unresolve"


class Event(StrEnum):
    """The words of history rows."""

    OPENED = "opened"
    REOPENED = "reopened"
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    SNOOZED = "snoozed"
    UNSNOOZED = "unsnoozed"
    WOKE = "woke"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    NOTED = "noted"
    RETRIED = "retried"
    FLAPPING = "flapping"
    SETTLED = "settled"
    MERGED = "merged"
    UNMERGED = "unmerged"
    TOOK_IN = "took_in"
    LET_GO = "let_go"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"


@dataclass(frozen=True, slots=True)
class Move:
    """From which states a verb makes sense and where it leads; `to` None means the state before the snooze."""

    sources: frozenset[Status]
    to: Status | None
    event: Event


# What an undo of a verb is called in the history.
UNDONE: dict[Verb, Event] = {
    Verb.ACKNOWLEDGE: Event.UNACKNOWLEDGED,
    Verb.UNACKNOWLEDGE: Event.ACKNOWLEDGED,
    Verb.SNOOZE: Event.UNSNOOZED,
    Verb.UNSNOOZE: Event.SNOOZED,
    Verb.RESOLVE: Event.UNRESOLVED,
    Verb.UNRESOLVE: Event.RESOLVED,
}

_ALIVE = frozenset({Status.OPEN, Status.ACKNOWLEDGED, Status.SNOOZED})

MOVES: dict[Verb, Move] = {
    Verb.ACKNOWLEDGE: Move(frozenset({Status.OPEN, Status.SNOOZED}), Status.ACKNOWLEDGED, Event.ACKNOWLEDGED),
    Verb.UNACKNOWLEDGE: Move(frozenset({Status.ACKNOWLEDGED}), Status.OPEN, Event.UNACKNOWLEDGED),
    Verb.SNOOZE: Move(frozenset({Status.OPEN, Status.ACKNOWLEDGED}), Status.SNOOZED, Event.SNOOZED),
    Verb.UNSNOOZE: Move(frozenset({Status.SNOOZED}), None, Event.UNSNOOZED),
    Verb.RESOLVE: Move(_ALIVE, Status.RESOLVED, Event.RESOLVED),
    Verb.UNRESOLVE: Move(frozenset({Status.RESOLVED}), Status.OPEN, Event.UNRESOLVED),
}


class Senseless(ValueError):
    """A verb that makes no sense in the alert's state; the text says why."""


WOKEN = "the snooze ran out"


@dataclass(frozen=True, slots=True)
class State:
    """What of an alert the rules need. `before_snooze` and `snoozed_until` are set while snoozed and only then."""

    status: Status
    severity: Severity
    before_snooze: Status | None = None
    snoozed_until: datetime | None = None

    def at(self, now: datetime) -> "State":
        """The state as it truly is: a snooze that has run out is over, whether or not a job has noticed."""
        if self.status is Status.SNOOZED and self.snoozed_until is not None and self.snoozed_until <= now:
            return State(self.before_snooze or Status.OPEN, self.severity)
        return self


def target(state: State, verb: Verb) -> Status:
    """Where `verb` leads from `state`; raises Senseless, which the API answers with 409."""
    move = MOVES[verb]
    if state.status not in move.sources:
        raise Senseless(f"The alert is {state.status.word}; {verb} makes no sense now.")
    return move.to or state.before_snooze or Status.OPEN


@dataclass(frozen=True, slots=True)
class Change:
    """One line of history: `event`, the words it moved from and to, and why."""

    event: Event
    before: str | None
    after: str | None
    why: str


def recur(state: State, severity: Severity) -> tuple[State, list[Change]]:
    """What one more failure of `severity` does to an alert's state (its counts are the caller's).

    Resolved re-opens; a higher severity raises, and re-opens what was acknowledged or snoozed; nothing ever falls.
    """
    status, changes = state.status, list[Change]()
    raised = severity > state.severity
    if status is Status.RESOLVED:
        changes.append(Change(Event.REOPENED, status.word, Status.OPEN.word, "the same failure came again"))
        status = Status.OPEN
    elif raised and status is not Status.OPEN:
        why = f"a failure sent as {severity.word} came while {status.word}"
        changes.append(Change(Event.REOPENED, status.word, Status.OPEN.word, why))
        status = Status.OPEN
    if raised:
        why = f"a failure sent as {severity.word}"
        changes.append(Change(Event.RAISED, state.severity.word, severity.word, why))
    kept = status is state.status
    return State(
        status,
        max(severity, state.severity),
        state.before_snooze if kept else None,
        state.snoozed_until if kept else None,
    ), changes
