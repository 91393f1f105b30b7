"""The record of broken promises: written when they are broken, settled when their clock is over, never rewritten."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import select, text

from console.infra.db import db
from console.tickets.models import SlaBreach
from console.tickets.queries.tickets import Facts
from console.tickets.rules.clocks import Breach
from console.tickets.rules.instants import instant, micros, when
from console.tickets.rules.policy import CLOCKS
from console.tickets.rules.telling import BREACHED, level

EVENTS: Final = "events"
POLICY: Final = "policy"
SECOND: Final = 1_000_000

Key = tuple[int, str, datetime]
_COLUMNS: Final = {
    "ticket_id": "bigint", "clock": "text", "began_at": "timestamptz", "due_at": "timestamptz",
    "settled_at": "timestamptz", "late_seconds": "bigint", "policy_version_id": "bigint",
    "calendar_version_id": "bigint", "recorded_at": "timestamptz",
}  # fmt: skip
# All rows in one round trip, whatever their number; one that is there stays.
_INSERT: Final = text(f"""
    INSERT INTO sla_breaches ({", ".join(_COLUMNS)})
    SELECT {", ".join(_COLUMNS)} FROM json_to_recordset(CAST(:rows AS json))
        AS r ({", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())})
    ON CONFLICT DO NOTHING
""")  # noqa: S608 - names of our own columns


@dataclass(frozen=True, slots=True)
class Count:
    """A ticket that was counted: its clocks and the versions they were counted under."""

    ticket_id: int
    facts: Facts
    policy_version_id: int | None
    calendar_version_id: int | None


def reconcile(counted: Sequence[Count], *, why: str, at: datetime) -> None:
    """Write what the clocks of some tickets have overrun, settle what is over, mark what turned out not to be so.

    `why` says what moved: EVENTS may correct any record, an edit (POLICY) none that is settled.
    """
    known = _known([count.ticket_id for count in counted])
    if not known and not any(clock.breaches for count in counted for clock in count.facts):
        return
    rows = [row for count in counted for row in _rows(count, at)]
    found = {(row["ticket_id"], row["clock"], row["began_at"]): row for row in rows}
    for key, record in known.items():
        _correct(record, found.pop(key, None), why=why, at=at)
    # What runs and is over is written by the sweep, which also tells of it.
    news = [row for row in found.values() if row["recorded_at"] is not None]
    if news:
        _insert(news)


def record_overruns(counted: Iterable[Count], *, at: datetime) -> None:
    """Write down the running clocks that are over: the sweep's part."""
    rows = [{**row, "recorded_at": at} for count in counted for row in _rows(count, at)]
    if rows:
        _insert(rows)


def _insert(rows: Sequence[dict[str, Any]]) -> None:
    db.session.execute(_INSERT, {"rows": orjson.dumps(rows).decode()})


def _known(ticket_ids: Sequence[int]) -> dict[Key, SlaBreach]:
    rows = select(SlaBreach).where(SlaBreach.ticket_id.in_(ticket_ids)).with_for_update()
    return {(row.ticket_id, row.clock, row.began_at): row for row in db.session.scalars(rows)}


def _rows(count: Count, at: datetime) -> Iterable[dict[str, Any]]:
    for name, clock in zip(CLOCKS, count.facts, strict=True):
        for breach in clock.breaches:
            yield _row(count, name, breach, recorded_at=at)
        already = {breach.begin for breach in clock.breaches}
        if level(clock, micros(at)) == BREACHED and clock.begin not in already:
            assert clock.begin is not None
            assert clock.due is not None
            yield _row(count, name, Breach(clock.begin, clock.due, None, None), recorded_at=None)


def _row(count: Count, clock: str, breach: Breach, *, recorded_at: datetime | None) -> dict[str, Any]:
    return {
        "ticket_id": count.ticket_id,
        "clock": clock,
        "began_at": instant(breach.begin),
        "due_at": instant(breach.due),
        "settled_at": when(breach.done),
        "late_seconds": None if breach.late is None else breach.late // SECOND,
        "policy_version_id": count.policy_version_id,
        "calendar_version_id": count.calendar_version_id,
        "recorded_at": recorded_at,
    }


def _correct(record: SlaBreach, row: dict[str, Any] | None, *, why: str, at: datetime) -> None:
    if record.settled_at is not None and why == POLICY:
        return
    if row is None:
        if record.overturned_at is None:
            record.overturned_at, record.overturned_why = at, why
        return
    record.overturned_at = record.overturned_why = None
    record.settled_at, record.late_seconds = row["settled_at"], row["late_seconds"]
    if why == EVENTS or record.settled_at is not None:
        for name in ("due_at", "policy_version_id", "calendar_version_id"):
            setattr(record, name, row[name])
