"""Heartbeats, their pings, and the key of addresses by slug; alerts of Sentry found by their issue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006_heartbeats"
down_revision = "0005_queues"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _heartbeats()
    _pings()
    op.create_table(
        "ping_keys",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        _time("created_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ping_keys"),
    )
    op.create_index("ix_alerts_sentry", "alerts", ["fingerprint"], postgresql_where=sa.text("source = 'sentry'"))


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_alerts_sentry", "alerts")
    for table in ("ping_keys", "heartbeat_pings", "heartbeats"):
        op.drop_table(table)


def _heartbeats() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "slug", "service", "environment")),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("tags", postgresql.JSONB(), nullable=False),
        sa.Column("runbook_url", sa.Text()),
        sa.Column("period_seconds", sa.Integer()),
        sa.Column("cron", sa.Text()),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("grace_seconds", sa.Integer(), nullable=False),
        *(_time(name, nullable=False) for name in ("created_at", "updated_at")),
        sa.Column("pings_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        _time("state_since", nullable=False),
        _time("last_ping_at"),
        sa.Column("last_duration_ms", sa.BigInteger()),
        _time("started_at"),
        sa.Column("started_rid", sa.Uuid()),
        _time("expected_at"),
        _time("deadline_at"),
        sa.PrimaryKeyConstraint("id", name="pk_heartbeats"),
        sa.UniqueConstraint("uuid", name="uq_heartbeats_uuid"),
        sa.UniqueConstraint("name", name="uq_heartbeats_name"),
        sa.CheckConstraint("(period_seconds IS NULL) <> (cron IS NULL)", name="ck_heartbeats_rhythm"),
    )
    op.create_index("ix_heartbeats_slug", "heartbeats", ["slug"])
    due = sa.text("deadline_at IS NOT NULL")
    op.create_index("ix_heartbeats_deadline_at", "heartbeats", ["deadline_at"], postgresql_where=due)
    # Each ping rewrites a row: early vacuums keep the table from swelling.
    op.execute("ALTER TABLE heartbeats SET (autovacuum_vacuum_scale_factor = 0.05)")


def _pings() -> None:
    op.create_table(
        "heartbeat_pings",
        sa.Column("heartbeat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        _time("at", nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("exit_code", sa.SmallInteger()),
        sa.Column("rid", sa.Uuid()),
        sa.Column("duration_ms", sa.BigInteger()),
        sa.Column("method", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("address", "agent")),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("body_cut", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("heartbeat_id", "number", name="pk_heartbeat_pings"),
        sa.ForeignKeyConstraint(
            ["heartbeat_id"],
            ["heartbeats.id"],
            name="fk_heartbeat_pings_heartbeat_id_heartbeats",
            ondelete="CASCADE",
        ),
    )
    named = sa.text("rid IS NOT NULL")
    op.create_index("ix_heartbeat_pings_rid", "heartbeat_pings", ["heartbeat_id", "rid"], postgresql_where=named)


def _time(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
