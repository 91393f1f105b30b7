"""The tables of alerts; weekly partitions of occurrences; trigram search where it can be had."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004_alerts"
down_revision = "0003_jobs"
branch_labels = None
depends_on = None

LIST_ORDER = ("status", "severity", "last_seen", "id")

# Run as the owner, so that the application, which may not create tables, can have a week added. Attaching a finished
# table locks nobody out, unlike CREATE TABLE ... PARTITION OF.
ADD_PARTITION = """
CREATE FUNCTION add_occurrence_partition(moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    week timestamp := date_trunc('week', moment AT TIME ZONE 'UTC');
    name text := 'occurrences_' || to_char(week, 'IYYY"w"IW');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN RETURN false; END IF;
    PERFORM pg_advisory_xact_lock(4127004);
    -- Asked of the table, not of the cache, which may not have heard yet of who had the lock before.
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.relname = name AND c.relnamespace = 'public'::regnamespace) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE occurrences INCLUDING DEFAULTS INCLUDING STORAGE)', name);
    EXECUTE format('ALTER TABLE occurrences ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name,
                   week AT TIME ZONE 'UTC', (week + interval '1 week') AT TIME ZONE 'UTC');
    RETURN true;
END $$
"""

# Managed servers may withhold the extension: then search reads the table, within its time limit.
TRIGRAMS = """
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'pg_trgm is not available: searching alerts by words will be slower';
END $$;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        CREATE INDEX ix_alert_details_text ON alert_details USING gin (text gin_trgm_ops);
    END IF;
END $$
"""


def upgrade() -> None:
    """Tables, then what SQLAlchemy has no words for."""
    _alerts()
    _occurrences()
    _beside()
    op.execute(TRIGRAMS)
    op.execute(ADD_PARTITION)
    op.execute("SELECT add_occurrence_partition(now() + n * interval '1 week') FROM generate_series(0, 2) AS n")


def downgrade() -> None:
    """Everything, but for the extension: others may use it."""
    for table in ("alert_retries", "alert_counts", "alert_history", "failure_events", "occurrences"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE occurrences_id_seq")
    op.execute("DROP FUNCTION add_occurrence_partition")
    op.drop_table("alert_details")
    op.drop_table("alerts")


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("service", "environment", "fingerprint", "task")),
        sa.Column("exception_type", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("count_since_open", sa.BigInteger(), nullable=False),
        sa.Column("reopened_count", sa.Integer(), server_default="0", nullable=False),
        *(_time(name, nullable=False) for name in ("first_seen", "last_seen", "opened_at")),
        sa.Column("assignee", sa.Text()),
        sa.Column("acknowledged_by", sa.Text()),
        _time("acknowledged_at"),
        _time("snoozed_until"),
        sa.Column("before_snooze", sa.SmallInteger()),
        _time("resolved_at"),
        _time("updated_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("service", "environment", "fingerprint", name="uq_alerts_service_environment_fingerprint"),
    )
    ordered = "_".join(LIST_ORDER)
    op.create_index(f"ix_alerts_{ordered}", "alerts", list(LIST_ORDER))
    op.create_index(f"ix_alerts_service_{ordered}", "alerts", ["service", *LIST_ORDER])
    op.create_index(f"ix_alerts_environment_{ordered}", "alerts", ["environment", *LIST_ORDER])
    assigned, snoozed = sa.text("assignee IS NOT NULL"), sa.text("snoozed_until IS NOT NULL")
    op.create_index("ix_alerts_assignee", "alerts", ["assignee", *LIST_ORDER], postgresql_where=assigned)
    op.create_index("ix_alerts_snoozed_until", "alerts", ["snoozed_until"], postgresql_where=snoozed)
    # Rows are rewritten at every failure: early vacuums keep the table from swelling.
    op.execute("ALTER TABLE alerts SET (autovacuum_vacuum_scale_factor = 0.05)")


def _occurrences() -> None:
    op.execute("CREATE SEQUENCE occurrences_id_seq CACHE 1")
    texts = ("event_id", "job_id", "queue", "worker", "host", "release", "runbook_url")
    op.create_table(
        "occurrences",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("nextval('occurrences_id_seq')"), nullable=False),
        _time("received_at", nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        _time("occurred_at", nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("will_retry", sa.Boolean(), nullable=False),
        sa.Column("retries", sa.Integer()),
        sa.Column("max_retries", sa.Integer()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("service", "environment", "task")),
        *(sa.Column(name, sa.Text()) for name in ("exception_type", "message", "traceback", *texts)),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB()),
        sa.Column("kwargs", postgresql.JSONB()),
        sa.Column("tags", postgresql.JSONB(), nullable=False),
        sa.Column("fingerprint", postgresql.JSONB()),
        sa.Column("extra", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", "received_at", name="pk_occurrences"),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index("ix_occurrences_alert_id_id", "occurrences", ["alert_id", "id"])
    op.create_table(
        "failure_events",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("occurrence_id", sa.BigInteger(), nullable=False),
        _time("received_at", nullable=False),
        sa.PrimaryKeyConstraint("service", "event_id", name="pk_failure_events"),
    )


def _beside() -> None:
    op.create_table(
        "alert_details",
        *_of_alert("alert_details"),
        sa.Column("message", sa.Text()),
        sa.Column("runbook_url", sa.Text()),
        sa.Column("tags", postgresql.JSONB(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alert_details"),
    )
    operators = {"tags": "jsonb_path_ops"}
    op.create_index(
        "ix_alert_details_tags", "alert_details", ["tags"], postgresql_using="gin", postgresql_ops=operators
    )
    op.create_table(
        "alert_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_of_alert("alert_history"),
        _time("at", nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("by", "by_kind", "event")),
        *(sa.Column(name, sa.Text()) for name in ("before", "after")),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_history"),
    )
    op.create_index("ix_alert_history_alert_id_id", "alert_history", ["alert_id", "id"])
    op.create_table(
        "alert_counts",
        *_of_alert("alert_counts"),
        sa.Column("grain", sa.SmallInteger(), nullable=False),
        _time("at", nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("final", "retried")),
        sa.PrimaryKeyConstraint("alert_id", "grain", "at", name="pk_alert_counts"),
    )
    op.create_index("ix_alert_counts_minutes", "alert_counts", ["at"], postgresql_where=sa.text("grain = 1"))
    op.create_table(
        "alert_retries",
        *_of_alert("alert_retries"),
        sa.Column("job_id", sa.Text(), nullable=False),
        _time("requested_at", nullable=False),
        _time("succeeded_at"),
        sa.PrimaryKeyConstraint("alert_id", "job_id", name="pk_alert_retries"),
    )
    op.create_index("ix_alert_retries_job_id", "alert_retries", ["job_id"])


def _time(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of_alert(table: str) -> tuple["sa.Column[int]", sa.ForeignKeyConstraint]:
    name = f"fk_{table}_alert_id_alerts"
    return (
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=name, ondelete="CASCADE"),
    )
