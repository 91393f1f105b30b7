"""The statements of ingest: one of each for a whole batch, whatever its size; two for most batches.

Locks are always taken in the same order, first event ids and then alerts, each sorted by code point: two batches that
share both can wait for each other, but never both ways.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text

from console.infra.db import db
from console.infra.prepared import Prepared

Rows = Sequence[dict[str, Any]]
# A service and its own id of a failure; a service, an environment and a fingerprint.
Event = tuple[str, str]
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Begun:
    """The events that are news, with the occurrence id each is given, and of the keys asked about where merged lead."""

    given: dict[Event, int]
    leads: dict[Key, Key]


@dataclass(frozen=True, slots=True)
class Found:
    """An alert as it was before a batch, locked; `created` by the batch. The instant is as PostgreSQL writes it."""

    id: int
    severity: int
    status: int
    before_snooze: int | None
    snoozed_until: str | None
    created: bool


_PARTITION = text("SELECT add_occurrence_partition(:at)")
# Shared by all who ingest, taken alone by who merges: within one ingest no fingerprint changes where it leads.
MERGES = 4_127_009
_MERGE = text(f"SELECT pg_advisory_xact_lock({MERGES})")

# Both are functions of the database (migration 0017): each trip to it costs more than the rows of a single failure.
_BEGIN = Prepared(
    "begin_ingest",
    {"at": "timestamptz", "events": "json", "keys": "json"},
    "SELECT given, leads FROM begin_ingest($1, $2, $3)",
)
_STORE = Prepared(
    "store_failures",
    {
        "at": "timestamptz",
        "alerts": "json",
        "occurrences": "json",
        "counts": "json",
        "details": "json",
        "traits": "json",
    },
    "SELECT states, muting FROM store_failures($1, $2, $3, $4, $5, $6)",
)

_REPEATED = text("""
    SELECT e.service, e.event_id, coalesce(m.target_id, o.alert_id) AS alert_id
    FROM json_populate_recordset(NULL::failure_events, CAST(:rows AS json)) AS r
    JOIN failure_events AS e ON e.service = r.service AND e.event_id = r.event_id
    JOIN occurrences AS o ON o.id = e.occurrence_id AND o.received_at = e.received_at
    LEFT JOIN alert_merges AS m ON m.alert_id = o.alert_id
""")

_DETAILS = text("""
    INSERT INTO alert_details (alert_id, message, runbook_url, tags, text)
    SELECT alert_id, message, runbook_url, tags, text
    FROM json_populate_recordset(NULL::alert_details, CAST(:rows AS json))
""")

_HISTORY = text("""
    INSERT INTO alert_history (alert_id, at, by, by_kind, event, before, after, why)
    SELECT alert_id, at, by, by_kind, event, before, after, why
    FROM json_populate_recordset(NULL::alert_history, CAST(:rows AS json))
""")

_STATES = text("""
    UPDATE alerts AS a
    SET status = r.status, severity = r.severity, before_snooze = r.before_snooze, snoozed_until = r.snoozed_until,
        acknowledged_by = CASE WHEN r.status = 4 THEN NULL ELSE a.acknowledged_by END,
        acknowledged_at = CASE WHEN r.status = 4 THEN NULL ELSE a.acknowledged_at END,
        resolved_at = CASE WHEN r.status = 1 THEN a.resolved_at END,
        opened_at = coalesce(r.opened_at, a.opened_at),
        count_since_open = coalesce(r.count_since_open, a.count_since_open),
        reopened_count = a.reopened_count + r.reopened_count
    FROM json_populate_recordset(NULL::alerts, CAST(:rows AS json)) AS r
    WHERE a.id = r.id
""")

# What is counted since an alert opened begins anew: of the merged ones only what came with the failures that opened it.
_RESTART = text("""
    UPDATE alert_merges AS m
    SET counted_from = a.count - coalesce(
        (SELECT r.count FROM json_populate_recordset(NULL::alerts, CAST(:rows AS json)) AS r WHERE r.id = a.id), 0)
    FROM alerts AS a
    WHERE m.target_id = ANY(:targets) AND a.id = m.alert_id
""")


def ensure_week(at: datetime) -> None:
    """The partition of the week of `at`; a look into the catalogue when it is there."""
    db.session.connection().execute(_PARTITION, {"at": at})


def begin(events: Sequence[Event], keys: Sequence[Key], at: datetime) -> Begun:
    """Of some (service, event id), those never seen before, each with the occurrence id it is given; which are merged.

    The ids rise in the order of `events`. Waits for other transactions that are claiming the same ones, and then finds
    them taken. Sees to the week as well, and that nothing is merged until the transaction ends.
    """
    merged = [{"service": s, "environment": e, "fingerprint": f} for s, e, f in keys]
    (row,) = _BEGIN.run(at=at, events=_json(_placed(events)), keys=_json(merged))
    return Begun(
        {(service, event): number for service, event, number in _read(row.given)},
        {(s, e, f): (to_s, to_e, to_f) for s, e, f, to_s, to_e, to_f in _read(row.leads)},
    )


def claim_events(events: Sequence[Event], at: datetime) -> dict[Event, int]:
    """The same for events that are no failures yet: of some, those never seen before with their occurrence ids."""
    return begin(events, (), at).given


def alerts_of_events(events: Sequence[Event]) -> dict[Event, int]:
    """The alerts that failures seen before went to."""
    return {(row.service, row.event_id): row.alert_id for row in _run(_REPEATED, _event_rows(events))}


def hold_merges() -> None:
    """Wait for whoever ingests or merges, and let nobody begin to until the transaction ends."""
    db.session.connection().execute(_MERGE)


def restart_merges(targets: Sequence[int], came: Rows) -> None:
    """Begin to count anew for targets that opened again; `came` are ids and counts of the batch that opened them."""
    db.session.connection().execute(_RESTART, {"targets": list(targets), "rows": _json(came)})


def store(alerts: Rows, at: datetime, **rows: Rows) -> tuple[list[Found], bool]:
    """Make or lock alerts, add to their counts, and keep the failures with what is told of them.

    `rows` are `occurrences`, `counts` (how many a minute and an hour), `details` (tags and runbooks) and `traits`; the
    `alert_id` of each is a place in `alerts`, from 1. Returns each alert as it was, in their order, and whether any
    silence may hold at all, so that nobody has to ask when none does.
    """
    numbered = [{"id": place, **row} for place, row in enumerate(alerts, 1)]
    (row,) = _STORE.run(at=at, alerts=_json(numbered), **{name: _json(each) for name, each in rows.items()})
    return [Found(*each) for each in _read(row.states)], row.muting


def add_details(rows: Rows) -> None:
    """What is told of new alerts."""
    _write(_DETAILS, rows)


def add_history(rows: Rows) -> None:
    """What happened to alerts."""
    _write(_HISTORY, rows)


def change_states(rows: Rows) -> None:
    """The states and severities that the rules have found; `reopened_count` is added."""
    _write(_STATES, rows)


def _event_rows(events: Sequence[Event]) -> Rows:
    return [{"service": service, "event_id": event_id} for service, event_id in sorted(set(events))]


def _placed(events: Sequence[Event]) -> Rows:
    """Rows in the order of locking, each with its place in the order of arrival where its id will stand."""
    places = {event: place for place, event in enumerate(dict.fromkeys(events), 1)}
    return [{"service": s, "event_id": e, "occurrence_id": places[s, e]} for s, e in sorted(places)]


def _read(value: str | None) -> Any:
    return orjson.loads(value) if value else ()


def _json(rows: Rows) -> str:
    return orjson.dumps(rows).decode()


# By the connection: the ORM's own way of executing costs as much again as a short statement.
def _run(statement: Any, rows: Rows) -> Sequence[Row[Any]]:
    return db.session.connection().execute(statement, {"rows": _json(rows)}).all() if rows else []


def _write(statement: Any, rows: Rows) -> None:
    if rows:
        db.session.connection().execute(statement, {"rows": _json(rows)})
