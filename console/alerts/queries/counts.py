"""How many alerts there are of each state, counted up to a cap; and what a filter can name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, func, literal, select, text

from console.alerts.models import Alert
from console.alerts.queries.filters import NOBODY, AlertFilter, conditions, lifted
from console.alerts.queries.gather import Found, Reading
from console.alerts.queries.standing import standing
from console.alerts.rules.states import Status
from console.infra.db import db
from console.infra.prepared import Prepared

# A page counts half a dozen things: to ten thousand, that would cost more than all else of it.
CAP = 1_000
MOST_CHOICES = 200
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# States, each with what else is asked of its alerts.
Parts = tuple[tuple[Status, AlertFilter], ...]

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


# Every page asks it, for the menu. Those whose snooze has run out are few, and have an index of their own.
_OPEN = Prepared(
    "open_alerts",
    {"now": "timestamptz"},
    f"""
    SELECT (
        SELECT count(*) FROM (
            SELECT FROM alerts WHERE status = {int(Status.OPEN)} AND NOT silenced LIMIT {CAP + 1}
        ) AS listed
    ) + (
        SELECT count(*) FROM alerts
        WHERE snoozed_until <= $1 AND before_snooze = {int(Status.OPEN)} AND NOT silenced
            AND status <> {int(Status.OPEN)}
    )
    """,  # noqa: S608 - numbers of ours
)


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
    found = _numbers(tuple((status, narrow) for status in states), now, waking=reading.waking)
    return none | {status: _capped(number) for status, number in zip(states, found, strict=True)}


@dataclass(frozen=True, slots=True)
class Tally:
    """What a list says of its numbers: of each state, of the open ones that nobody has, of what is silenced."""

    states: dict[Status, Capped]
    nobody: Capped
    silenced: Capped


def tally(reading: Reading, silenced: AlertFilter | None) -> Tally:
    """All of them, in one statement where an index counts. `silenced` is what the list leaves out for being so."""
    if reading.narrow.searches:
        unowned = [one for one in reading.found or [] if not one.assigned]
        states = counts(reading.wanted, reading.now, reading=reading)
        return Tally(states, _of(unowned, Status.OPEN), _hidden(reading, silenced))
    narrow = lifted(silenced) if silenced else None
    if narrow and narrow.searches:
        return replace(_tally_at_once(reading, None), silenced=_hidden(reading, silenced))
    return _tally_at_once(reading, narrow)


def _tally_at_once(reading: Reading, silenced: AlertFilter | None) -> Tally:
    narrow = reading.narrow
    states = [status for status in reading.wanted.wanted if status in narrow.wanted]
    unowned = [(Status.OPEN, replace(narrow, assignees=(NOBODY,)))] if Status.OPEN in states else []
    hidden = [(status, silenced) for status in silenced.wanted] if silenced else []
    parts = [*((status, narrow) for status in states), *unowned, *hidden]
    found = [_capped(number) for number in _numbers(tuple(parts), reading.now, waking=reading.waking)]
    none = dict.fromkeys(reading.wanted.wanted, Capped(0, more=False))
    rest = found[len(states) :]
    return Tally(none | dict(zip(states, found, strict=False)), _sum(rest[: len(unowned)]), _sum(rest[len(unowned) :]))


def _hidden(reading: Reading, silenced: AlertFilter | None) -> Capped:
    return _sum(list(counts(silenced, reading.now, reading=reading.also(silenced)).values()) if silenced else [])


def _sum(found: list[Capped]) -> Capped:
    return Capped(sum(one.number for one in found), any(one.more for one in found))


def _capped(number: int) -> Capped:
    return Capped(min(number, CAP), number > CAP)


def open_count(now: datetime) -> Capped:
    """How many alerts are open and not silenced, for the navigation."""
    ((number,),) = _OPEN.run(now=now)
    return _capped(number)


def choices() -> dict[str, list[str]]:
    """The services, environments and owners that filters can name, up to 200 of each."""
    found: dict[str, list[str]] = {name: [] for name in _NAMED}
    for name, value in db.session.execute(_CHOICES, {"most": MOST_CHOICES}):
        found[name].append(value)
    return found


def _of(found: list[Found], status: Status) -> Capped:
    return Capped(sum(one.status == status for one in found), more=False)


def _numbers(parts: Parts, now: datetime, *, waking: bool) -> Sequence[int]:
    """How many alerts each part holds, counted to one beyond the cap, in one statement."""
    if not parts:
        return ()
    timeless = not waking and all(wanted.timeless for _, wanted in parts)
    rows = _timeless(parts) if timeless else select(*(_counted(*part, now, waking=waking) for part in parts))
    return tuple(db.session.execute(rows).one())


@lru_cache(256)
def _timeless(parts: Parts) -> Select[Any]:
    # Kept: to put such a statement together takes longer than to carry it out.
    return select(*(_counted(*part, LONG_AGO, waking=False) for part in parts))


def _counted(status: Status, wanted: AlertFilter, now: datetime, *, waking: bool) -> Any:
    stands = standing(status, now) if waking else Alert.status == status
    rows = select(literal(1)).select_from(Alert).where(stands, *conditions(wanted, now))
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    return select(func.count()).select_from(rows.limit(CAP + 1).subquery()).scalar_subquery()
