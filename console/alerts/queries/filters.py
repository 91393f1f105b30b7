"""What a list of alerts is narrowed by, and the conditions that follow from it."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement

from console.alerts.models import Alert
from console.alerts.queries import search
from console.alerts.rules.states import Severity, Status

WORST_FIRST = tuple(sorted(Severity, reverse=True))
PRESSING_FIRST = tuple(sorted(Status, reverse=True))
NOBODY = "none"


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Empty tuples and None narrow nothing. `since`: last seen then or later. `assignee` "none": nobody has it."""

    statuses: tuple[Status, ...] = ()
    severities: tuple[Severity, ...] = ()
    service: str | None = None
    environment: str | None = None
    assignee: str | None = None
    q: str = ""
    since: datetime | None = None

    @property
    def wanted(self) -> tuple[Status, ...]:
        """The states that the list shows."""
        return self.statuses or PRESSING_FIRST

    def only(self, *statuses: Status) -> "AlertFilter":
        """The same filter for some states."""
        return replace(self, statuses=statuses)


def conditions(wanted: AlertFilter, now: datetime) -> list[ColumnElement[bool]]:
    """Everything but state and severity, which the lists walk through one by one; raises Invalid on a bad `q`."""
    found: list[ColumnElement[bool]] = []
    if wanted.service is not None:
        found.append(Alert.service == wanted.service)
    if wanted.environment is not None:
        found.append(Alert.environment == wanted.environment)
    if wanted.assignee is not None:
        nobody = wanted.assignee == NOBODY
        found.append(Alert.assignee.is_(None) if nobody else Alert.assignee == wanted.assignee)
    if wanted.since is not None:
        found.append(Alert.last_seen >= wanted.since)
    if wanted.q.strip():
        found.append(search.condition(wanted.q, now))
    return found
