"""Indexes by which a million alerts are listed and searched; failures stored in two calls to the database."""

import sqlalchemy as sa
from alembic import op

revision = "0017_scale"
down_revision = "0016_ticket_sources"
branch_labels = None
depends_on = None

# Functions, because each statement of one sees what was committed before it, as if it had come by itself: what somebody
# else stored while this waited for a lock is counted. One statement of several parts would look with older eyes.
BEGIN_INGEST = """
CREATE FUNCTION begin_ingest(at timestamptz, events json, keys json, OUT given text, OUT leads text)
LANGUAGE plpgsql AS $$
BEGIN
    -- Shared by all who ingest, taken alone by who merges (actions/store.py).
    PERFORM add_occurrence_partition(at), pg_advisory_xact_lock_shared(4127009);
    WITH claimed AS (
        INSERT INTO failure_events (service, event_id, occurrence_id, received_at)
        SELECT r.service, r.event_id, (
            ARRAY(SELECT nextval('occurrences_id_seq') FROM generate_series(1, json_array_length(events)))
        )[r.occurrence_id], at
        FROM json_populate_recordset(NULL::failure_events, events) AS r
        ON CONFLICT DO NOTHING
        RETURNING service, event_id, occurrence_id
    )
    SELECT json_agg(json_build_array(c.service, c.event_id, c.occurrence_id)) INTO given FROM claimed AS c;
    SELECT json_agg(json_build_array(
        m.service, m.environment, m.fingerprint, t.service, t.environment, t.fingerprint
    )) INTO leads
    FROM json_populate_recordset(NULL::alert_merges, keys) AS r
    JOIN alert_merges AS m USING (service, environment, fingerprint)
    JOIN alerts AS t ON t.id = m.target_id;
END $$
"""
COLUMNS = (
    "received_at, occurred_at, severity, will_retry, retries, max_retries, service, environment, task, exception_type, "
    "message, traceback, event_id, job_id, queue, worker, host, release, runbook_url, source, args, kwargs, tags, "
    "fingerprint, extra"
)
# `alerts.id`, and `alert_id` of all else, are places in `alerts`, counted from 1. The row of an alert that exists is
# locked and only counted; its state is for the rules to say. Of details and traits only what is news is written: most
# failures of an alert carry the tags and the release of the last.
STORE_FAILURES = f"""
CREATE FUNCTION store_failures(
    at timestamptz, alerts json, occurrences json, counts json, details json, traits json,
    OUT states text, OUT muting boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
BEGIN
    WITH counted AS (
        INSERT INTO alerts AS a (service, environment, fingerprint, task, exception_type, title, severity, status,
                                 source, count, count_since_open, first_seen, last_seen, opened_at, updated_at)
        SELECT service, environment, fingerprint, task, exception_type, title, severity, status, source,
               count, count, first_seen, last_seen, opened_at, updated_at
        FROM json_populate_recordset(NULL::alerts, store_failures.alerts)
        ON CONFLICT (service, environment, fingerprint) DO UPDATE SET
            count = a.count + EXCLUDED.count,
            count_since_open = a.count_since_open + EXCLUDED.count,
            first_seen = least(a.first_seen, EXCLUDED.first_seen),
            last_seen = greatest(a.last_seen, EXCLUDED.last_seen),
            updated_at = EXCLUDED.updated_at
        RETURNING id, service, environment, fingerprint, severity, status, before_snooze, snoozed_until,
                  xmax = 0 AS created
    )
    SELECT array_agg(c.id ORDER BY r.id),
           json_agg(json_build_array(c.id, c.severity, c.status, c.before_snooze, c.snoozed_until, c.created)
                    ORDER BY r.id)
    INTO ids, states
    FROM json_populate_recordset(NULL::alerts, store_failures.alerts) AS r
    JOIN counted AS c USING (service, environment, fingerprint);
    INSERT INTO occurrences (id, alert_id, {COLUMNS})
    SELECT coalesce(id, nextval('occurrences_id_seq')), ids[alert_id], {COLUMNS}
    FROM json_populate_recordset(NULL::occurrences, store_failures.occurrences);
    INSERT INTO alert_counts AS c (alert_id, grain, at, final, retried)
    SELECT ids[alert_id], grain, at, final, retried FROM json_populate_recordset(NULL::alert_counts, counts)
    ON CONFLICT (alert_id, grain, at) DO UPDATE SET
        final = c.final + EXCLUDED.final, retried = c.retried + EXCLUDED.retried;
    IF json_array_length(details) > 0 THEN
        UPDATE alert_details AS d
        SET tags = d.tags || r.tags, runbook_url = coalesce(r.runbook_url, d.runbook_url)
        FROM json_populate_recordset(NULL::alert_details, details) AS r
        WHERE d.alert_id = ids[r.alert_id]
          AND (NOT d.tags @> r.tags OR coalesce(r.runbook_url <> d.runbook_url, r.runbook_url IS NOT NULL));
    END IF;
    IF json_array_length(traits) > 0 THEN
        INSERT INTO alert_traits (alert_id, kind, value, first_at)
        SELECT ids[alert_id], kind, value, first_at FROM json_populate_recordset(NULL::alert_traits, traits)
        ON CONFLICT DO NOTHING;
    END IF;
    SELECT EXISTS (SELECT FROM silences AS s WHERE s.starts_at <= store_failures.at AND s.over_at > store_failures.at)
    INTO muting;
END $$
"""  # noqa: S608 - names of our own columns

# Run as the owner. A partition goes with an exclusive lock on the whole table, and whoever waits for one holds up all
# who come after: so it waits for a moment only, and says that it could not have it. Readers of an hour make it later,
# not anybody slow. The oldest week that ended by `before`; NULL when there is none.
DROP_PARTITION = """
CREATE FUNCTION drop_occurrence_partition(before timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
    name text;
BEGIN
    SELECT c.relname INTO name
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'occurrences'::regclass AND c.relname ~ '^occurrences_[0-9]{4}w[0-9]{2}$'
      AND to_date(substr(c.relname, 13), 'IYYY"w"IW') + 7 <= (before AT TIME ZONE 'UTC')
    ORDER BY c.relname LIMIT 1;
    IF name IS NULL THEN RETURN NULL; END IF;
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
EXCEPTION WHEN lock_not_available OR undefined_table THEN
    RETURN false;
END $$
"""

ASSIGNED = ["assignee", "status", "silenced", "severity", "last_seen", "id"]


def upgrade() -> None:
    """What nobody has is listed by the same index as what somebody has; what failed often is found by its count."""
    op.drop_index("ix_alerts_assignee", "alerts")
    op.create_index("ix_alerts_assignee", "alerts", ASSIGNED)
    op.create_index("ix_alerts_count", "alerts", ["count"], postgresql_where=sa.text("count >= 100"))
    # Nearly all come from the API: what programs and watchers sent is few, and found by this without costing the rest.
    op.create_index("ix_alerts_source", "alerts", ["source"], postgresql_where=sa.text("source <> 'api'"))
    # Ids of failures are forgotten in the order in which they came: a few pages are enough to find the oldest.
    op.create_index("ix_failure_events_received_at", "failure_events", ["received_at"], postgresql_using="brin")
    op.execute(DROP_PARTITION)
    op.execute(BEGIN_INGEST)
    op.execute(STORE_FAILURES)


def downgrade() -> None:
    """The index of owners leaves out what nobody has."""
    op.execute("DROP FUNCTION store_failures")
    op.execute("DROP FUNCTION begin_ingest")
    op.execute("DROP FUNCTION drop_occurrence_partition")
    op.drop_index("ix_failure_events_received_at", "failure_events")
    op.drop_index("ix_alerts_source", "alerts")
    op.drop_index("ix_alerts_count", "alerts")
    op.drop_index("ix_alerts_assignee", "alerts")
    op.create_index("ix_alerts_assignee", "alerts", ASSIGNED, postgresql_where=sa.text("assignee IS NOT NULL"))
