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
# Shared by all who ingest, taken alone by who merges: within one ingest no fingerprint changes where it leads.
MERGES = 4_127_009
_BEGIN = text(f"SELECT add_occurrence_partition(:at), pg_advisory_xact_lock_shared({MERGES})")
_MERGE = text(f"SELECT pg_advisory_xact_lock({MERGES})")

_EVENTS = Prepared(
    "ingest_events",
    {"rows": "json", "at": "timestamptz"},
    """
    INSERT INTO failure_events (service, event_id, occurrence_id, received_at)
    SELECT r.service, r.event_id, (
        ARRAY(SELECT nextval('occurrences_id_seq') FROM generate_series(1, json_array_length($1)))
    )[r.occurrence_id], $2
    FROM (SELECT add_occurrence_partition($2), pg_advisory_xact_lock_shared(MERGES)) AS begun,
         json_populate_recordset(NULL::failure_events, $1) AS r
    ON CONFLICT DO NOTHING
    RETURNING service, event_id, occurrence_id
    """.replace("MERGES", str(MERGES)),
)

# Of the identities of a batch, those that are merged, and the identity that each leads to.
_LEADS = Prepared(
    "ingest_leads",
    {"rows": "json"},
    """
    SELECT m.service, m.environment, m.fingerprint,
           t.service AS to_service, t.environment AS to_environment, t.fingerprint AS to_fingerprint
    FROM json_populate_recordset(NULL::alert_merges, $1) AS r
    JOIN alert_merges AS m USING (service, environment, fingerprint)
    JOIN alerts AS t ON t.id = m.target_id
    """,
)

_REPEATED = text("""
    SELECT e.service, e.event_id, coalesce(m.target_id, o.alert_id) AS alert_id
    FROM json_populate_recordset(NULL::failure_events, CAST(:rows AS json)) AS r
    JOIN failure_events AS e ON e.service = r.service AND e.event_id = r.event_id
    JOIN occurrences AS o ON o.id = e.occurrence_id AND o.received_at = e.received_at
    LEFT JOIN alert_merges AS m ON m.alert_id = o.alert_id
""")

# The row of an alert that exists is locked by this and only counted; its state is for the rules to say.
_ALERTS = Prepared(
    "ingest_alerts",
    {"rows": "json", "at": "timestamptz"},
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
              xmax = 0 AS created, EXISTS (SELECT FROM silences WHERE starts_at <= $2 AND over_at > $2) AS muting
    """,
)

_DETAILS = text("""
    INSERT INTO alert_details (alert_id, message, runbook_url, tags, text)
    SELECT alert_id, message, runbook_url, tags, text
    FROM json_populate_recordset(NULL::alert_details, CAST(:rows AS json))
""")

_COLUMNS = [column.name for column in Occurrence.__table__.columns if column.name != "id"]

# Four tables in one statement: for a single failure, each trip to the database costs more than the rows. Of details
# and traits only what is news is written: most failures of an alert carry the tags and the release of the last.
_RECORD = Prepared(
    "ingest_record",
    {"occurrences": "json", "details": "json", "counts": "json", "traits": "json"},
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
    ), shared AS (
        INSERT INTO alert_traits (alert_id, kind, value, first_at)
        SELECT alert_id, kind, value, first_at FROM json_populate_recordset(NULL::alert_traits, $4)
        ON CONFLICT DO NOTHING
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


def claim_events(events: Sequence[tuple[str, str]], at: datetime) -> dict[tuple[str, str], int]:
    """Of some (service, event id), those never seen before, each with the occurrence id it is given.

    The ids rise in the order of `events`. Waits for other transactions that are claiming the same ones, and then finds
    them taken. Sees to the week as well, and that nothing is merged until the transaction ends.
    """
    if not events:
        db.session.connection().execute(_BEGIN, {"at": at})
        return {}
    found = _EVENTS.run(rows=_json(_placed(events)), at=at)
    return {(row.service, row.event_id): row.occurrence_id for row in found}


def alerts_of_events(events: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The alerts that failures seen before went to."""
    return {(row.service, row.event_id): row.alert_id for row in _run(_REPEATED, _event_rows(events))}


def leads(keys: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], tuple[str, str, str]]:
    """Of some (service, environment, fingerprint), those that are merged, with the one that each leads to."""
    rows = [{"service": s, "environment": e, "fingerprint": f} for s, e, f in keys]
    return {
        (r.service, r.environment, r.fingerprint): (r.to_service, r.to_environment, r.to_fingerprint)
        for r in _LEADS.run(rows=_json(rows))
    }


def hold_merges() -> None:
    """Wait for whoever ingests or merges, and let nobody begin to until the transaction ends."""
    db.session.connection().execute(_MERGE)


def restart_merges(targets: Sequence[int], came: Rows) -> None:
    """Begin to count anew for targets that opened again; `came` are ids and counts of the batch that opened them."""
    db.session.connection().execute(_RESTART, {"targets": list(targets), "rows": _json(came)})


def count_alerts(rows: Rows, at: datetime) -> Sequence[Row[Any]]:
    """Make or lock the alerts and add to their counts; the state of each as it was, whether it is new.

    `muting` says on each whether any silence may hold at all, so that nobody has to ask when none does.
    """
    return _ALERTS.run(rows=_json(rows), at=at).all()


def add_details(rows: Rows) -> None:
    """What is told of new alerts."""
    _write(_DETAILS, rows)


def record(*, occurrences: Rows, counts: Rows, details: Rows, traits: Rows) -> None:
    """The failures, how many a minute and an hour, and those tags, runbooks and traits that alerts did not have."""
    _RECORD.run(occurrences=_json(occurrences), counts=_json(counts), details=_json(details), traits=_json(traits))


def add_history(rows: Rows) -> None:
    """What happened to alerts."""
    _write(_HISTORY, rows)


def change_states(rows: Rows) -> None:
    """The states and severities that the rules have found; `reopened_count` is added."""
    _write(_STATES, rows)


def _event_rows(events: Sequence[tuple[str, str]]) -> Rows:
    return [{"service": service, "event_id": event_id} for service, event_id in sorted(set(events))]


def _placed(events: Sequence[tuple[str, str]]) -> Rows:
    """Rows in the order of locking, each with its place in the order of arrival where its id will stand."""
    places = {event: place for place, event in enumerate(dict.fromkeys(events), 1)}
    return [{"service": s, "event_id": e, "occurrence_id": places[s, e]} for s, e in sorted(places)]


def _json(rows: Rows) -> str:
    return orjson.dumps(rows).decode()


# By the connection: the ORM's own way of executing costs as much again as a short statement.
def _run(statement: Any, rows: Rows) -> Sequence[Row[Any]]:
    return db.session.connection().execute(statement, {"rows": _json(rows)}).all() if rows else []


def _write(statement: Any, rows: Rows) -> None:
    if rows:
        db.session.connection().execute(statement, {"rows": _json(rows)})
