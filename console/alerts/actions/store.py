"""The statements of ingest: one of each for a whole batch, whatever its size.

Locks are always taken in the same order, first event ids and then alerts, each sorted by code point: two batches that
share both can wait for each other, but never both ways.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text

from console.alerts.models import Occurrence
from console.infra.db import db
from console.infra.prepared import Prepared

Rows = Sequence[dict[str, Any]]

_PARTITION = text("SELECT add_occurrence_partition(:at)")

_EVENTS = Prepared(
    "ingest_events",
    {"rows": "json", "at": "timestamptz"},
    """
    INSERT INTO failure_events (service, event_id, occurrence_id, received_at)
    SELECT r.service, r.event_id, nextval('occurrences_id_seq'), $2
    FROM (SELECT add_occurrence_partition($2)) AS week, json_populate_recordset(NULL::failure_events, $1) AS r
    ON CONFLICT DO NOTHING
    RETURNING service, event_id, occurrence_id
    """,
)

_REPEATED = text("""
    SELECT e.service, e.event_id, o.alert_id
    FROM json_populate_recordset(NULL::failure_events, CAST(:rows AS json)) AS r
    JOIN failure_events AS e ON e.service = r.service AND e.event_id = r.event_id
    JOIN occurrences AS o ON o.id = e.occurrence_id AND o.received_at = e.received_at
""")

# The row of an alert that exists is locked by this and only counted; its state is for the rules to say.
_ALERTS = Prepared(
    "ingest_alerts",
    {"rows": "json"},
    """
    INSERT INTO alerts (service, environment, fingerprint, task, exception_type, title, severity, status, source,
                        count, count_since_open, first_seen, last_seen, opened_at, updated_at)
    SELECT service, environment, fingerprint, task, exception_type, title, severity, status, source,
           count, count, first_seen, last_seen, opened_at, updated_at
    FROM json_populate_recordset(NULL::alerts, $1)
    ON CONFLICT (service, environment, fingerprint) DO UPDATE SET
        count = alerts.count + EXCLUDED.count,
        count_since_open = alerts.count_since_open + EXCLUDED.count,
        first_seen = least(alerts.first_seen, EXCLUDED.first_seen),
        last_seen = greatest(alerts.last_seen, EXCLUDED.last_seen),
        updated_at = EXCLUDED.updated_at
    RETURNING id, service, environment, fingerprint, severity, status, before_snooze, snoozed_until, title,
              xmax = 0 AS created
    """,
)

_DETAILS = text("""
    INSERT INTO alert_details (alert_id, message, runbook_url, tags, text)
    SELECT alert_id, message, runbook_url, tags, text
    FROM json_populate_recordset(NULL::alert_details, CAST(:rows AS json))
""")

_COLUMNS = [column.name for column in Occurrence.__table__.columns if column.name != "id"]

# Three tables in one statement: for a single failure, each trip to the database costs more than the rows. Of details
# only what is news is written: most failures of an alert carry the tags of the last.
_RECORD = Prepared(
    "ingest_record",
    {"occurrences": "json", "details": "json", "counts": "json"},
    f"""
    WITH kept AS (
        INSERT INTO occurrences (id, {", ".join(_COLUMNS)})
        SELECT coalesce(id, nextval('occurrences_id_seq')), {", ".join(_COLUMNS)}
        FROM json_populate_recordset(NULL::occurrences, $1)
    ), told AS (
        UPDATE alert_details AS d
        SET tags = d.tags || r.tags, runbook_url = coalesce(r.runbook_url, d.runbook_url)
        FROM json_populate_recordset(NULL::alert_details, $2) AS r
        WHERE d.alert_id = r.alert_id
          AND (NOT d.tags @> r.tags OR coalesce(r.runbook_url <> d.runbook_url, r.runbook_url IS NOT NULL))
    )
    INSERT INTO alert_counts (alert_id, grain, at, final, retried)
    SELECT alert_id, grain, at, final, retried
    FROM json_populate_recordset(NULL::alert_counts, $3)
    ON CONFLICT (alert_id, grain, at) DO UPDATE SET
        final = alert_counts.final + EXCLUDED.final, retried = alert_counts.retried + EXCLUDED.retried
    """,  # noqa: S608 - names of our own columns
)

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


def ensure_week(at: datetime) -> None:
    """The partition of the week of `at`; a look into the catalogue when it is there."""
    db.session.connection().execute(_PARTITION, {"at": at})


def claim_events(events: Sequence[tuple[str, str]], at: datetime) -> dict[tuple[str, str], int]:
    """Of some (service, event id), those never seen before, each with the occurrence id it is given.

    Waits for other transactions that are claiming the same ids, and then finds them taken. Sees to the week as well.
    """
    if not events:
        ensure_week(at)
        return {}
    found = _EVENTS.run(rows=_json(_event_rows(events)), at=at)
    return {(row.service, row.event_id): row.occurrence_id for row in found}


def alerts_of_events(events: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The alerts that failures seen before went to."""
    return {(row.service, row.event_id): row.alert_id for row in _run(_REPEATED, _event_rows(events))}


def count_alerts(rows: Rows) -> Sequence[Row[Any]]:
    """Make or lock the alerts and add to their counts; the state of each as it was, and whether it is new."""
    return _ALERTS.run(rows=_json(rows)).all()


def add_details(rows: Rows) -> None:
    """What is told of new alerts."""
    _write(_DETAILS, rows)


def record(*, occurrences: Rows, counts: Rows, details: Rows) -> None:
    """The failures themselves, how many a minute and an hour, and tags and runbooks that known alerts did not have."""
    _RECORD.run(occurrences=_json(occurrences), counts=_json(counts), details=_json(details))


def add_history(rows: Rows) -> None:
    """What happened to alerts."""
    _write(_HISTORY, rows)


def change_states(rows: Rows) -> None:
    """The states and severities that the rules have found; `reopened_count` is added."""
    _write(_STATES, rows)


def _event_rows(events: Sequence[tuple[str, str]]) -> Rows:
    return [{"service": service, "event_id": event_id} for service, event_id in sorted(set(events))]


def _json(rows: Rows) -> str:
    return orjson.dumps(rows).decode()


# By the connection: the ORM's own way of executing costs as much again as a short statement.
def _run(statement: Any, rows: Rows) -> Sequence[Row[Any]]:
    return db.session.connection().execute(statement, {"rows": _json(rows)}).all() if rows else []


def _write(statement: Any, rows: Rows) -> None:
    if rows:
        db.session.connection().execute(statement, {"rows": _json(rows)})
