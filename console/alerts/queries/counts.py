"""How many alerts there are of each state, counted up to a cap; and what a filter can name."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, text

from console.alerts.models import Alert
from console.alerts.queries.filters import NOBODY, AlertFilter, conditions
from console.alerts.queries.gather import Found, Reading
from console.alerts.queries.standing import standing
from console.alerts.rules.states import Status
from console.infra.db import db

# A page counts half a dozen things: to ten thousand, that would cost more than all else of it.
CAP = 1_000
MOST_CHOICES = 200

_HOP = """
    (WITH RECURSIVE hop AS (
        (SELECT {0} AS value, 1 AS n FROM alerts WHERE {0} IS NOT NULL ORDER BY {0} LIMIT 1)
        UNION ALL
        SELECT (SELECT {0} FROM alerts WHERE {0} > hop.value ORDER BY {0} LIMIT 1), n + 1
        FROM hop WHERE hop.value IS NOT NULL AND n < :most
    ) SELECT '{0}' AS name, value FROM hop WHERE value IS NOT NULL)
"""
_NAMED = ("service", "environment", "assignee")
# Distinct values by hopping through an index, one probe a value: a million rows are not read for ten names.
_CHOICES = text(" UNION ALL ".join(_HOP.format(name) for name in _NAMED))


@dataclass(frozen=True, slots=True)
class Capped:
    """A count that stops at a cap: "1,000+"; one that took too long is not known, and says "many"."""

    number: int
    more: bool
    known: bool = True

    def __str__(self) -> str:
        if not self.known:
            return "many"
        return f"{self.number:,}{'+' if self.more else ''}"


def counts(wanted: AlertFilter, now: datetime, *, reading: Reading | None = None) -> dict[Status, Capped]:
    """How many alerts of each state match, each counted up to a cap and no further.

    What a search finds is counted as far as it was gathered; beyond, its number is not known.
    """
    reading = reading or Reading(wanted, now)
    if reading.found is not None:
        return {status: _of(reading.found, status) for status in wanted.wanted}
    narrow = reading.narrow
    if narrow.searches:
        return dict.fromkeys(wanted.wanted, Capped(CAP, more=True, known=False))
    none = dict.fromkeys(wanted.wanted, Capped(0, more=False))
    states = [status for status in wanted.wanted if status in narrow.wanted]
    if not states:
        return none
    found = db.session.execute(select(*(_counted(s, narrow, now, waking=reading.waking) for s in states))).one()
    return none | {s: Capped(min(n, CAP), n > CAP) for s, n in zip(states, found, strict=True)}


def nobody(reading: Reading) -> Capped:
    """How many of the open ones that match nobody has."""
    if reading.found is not None:
        return _of([one for one in reading.found if not one.assigned], Status.OPEN)
    if reading.narrow.searches or Status.OPEN not in reading.narrow.wanted:
        return Capped(0, more=False)
    unowned = replace(reading.narrow, statuses=(Status.OPEN,), assignees=(NOBODY,))
    return counts(unowned, reading.now, reading=reading.also(unowned))[Status.OPEN]


def open_count(now: datetime) -> Capped:
    """How many alerts are open and not silenced, for the navigation."""
    return counts(AlertFilter(silenced=False).only(Status.OPEN), now)[Status.OPEN]


def next_waking(now: datetime) -> datetime | None:
    """When the next snooze runs out."""
    return db.session.scalar(select(func.min(Alert.snoozed_until)).where(Alert.snoozed_until > now))


def choices() -> dict[str, list[str]]:
    """The services, environments and owners that filters can name, up to 200 of each."""
    found: dict[str, list[str]] = {name: [] for name in _NAMED}
    for name, value in db.session.execute(_CHOICES, {"most": MOST_CHOICES}):
        found[name].append(value)
    return found


def _of(found: list[Found], status: Status) -> Capped:
    return Capped(sum(one.status == status for one in found), more=False)


def _counted(status: Status, wanted: AlertFilter, now: datetime, *, waking: bool) -> Any:
    stands = standing(status, now) if waking else Alert.status == status
    rows = select(literal(1)).select_from(Alert).where(stands, *conditions(wanted, now))
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    return select(func.count()).select_from(rows.limit(CAP + 1).subquery()).scalar_subquery()
