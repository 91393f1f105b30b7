"""What became of each promise, for reports; an index by which owners' loads are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0018_ticket_reports"
down_revision = "0017_scale"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
TOLD = ["policy_id", "priority", "organization", "assignee", "late_seconds"]
# Clocks that were over before this table was there: what their tickets still say of them.
FILL = """
    INSERT INTO sla_outcomes (ticket_id, clock, began_at, settled_at, day, policy_id, policy_version_id,
        calendar_version_id, priority, organization, assignee, target_seconds, spent_seconds, late_seconds)
    SELECT t.id, c.key, epoch.at + (c.value->>'begin')::bigint * interval '1 microsecond', done.at,
        (done.at AT TIME ZONE (v.body->>'timezone'))::date, t.policy_id, t.policy_version_id, t.calendar_version_id,
        t.priority, t.organization, t.assignee, (c.value->>'target')::bigint / 1000000,
        (c.value->>'spent')::bigint / 1000000,
        CASE WHEN (c.value->>'spent')::bigint > (c.value->>'target')::bigint THEN
            greatest(1, ((c.value->>'spent')::bigint - (c.value->>'target')::bigint) / 1000000) ELSE 0 END
    FROM tickets t
    JOIN sla_calendar_versions v ON v.id = t.calendar_version_id
    CROSS JOIN LATERAL jsonb_each(t.clocks::jsonb) c
    CROSS JOIN LATERAL (SELECT timestamptz 'epoch' AS at) epoch
    CROSS JOIN LATERAL (SELECT epoch.at + (c.value->>'done')::bigint * interval '1 microsecond' AS at) done
    WHERE c.value->>'phase' = 'done' AND t.policy_version_id IS NOT NULL
"""


def upgrade() -> None:
    """Make the table and fill it from what tickets say."""
    op.create_table(
        "sla_outcomes",
        sa.Column("ticket_id", sa.BigInteger(), sa.ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("clock", sa.Text(), primary_key=True),
        sa.Column("began_at", UTC, primary_key=True),
        sa.Column("settled_at", UTC, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _key("policy_id", "sla_policies"),
        _key("policy_version_id", "sla_policy_versions"),
        _key("calendar_version_id", "sla_calendar_versions"),
        *(sa.Column(name, sa.Text()) for name in ("priority", "organization", "assignee")),
        *(sa.Column(f"{name}_seconds", sa.BigInteger(), nullable=False) for name in ("target", "spent", "late")),
    )
    op.create_index(
        "ix_sla_outcomes_day", "sla_outcomes", ["clock", "day", "ticket_id", "began_at"], postgresql_include=TOLD
    )
    late = sa.text("late_seconds > 0")
    op.create_index(
        "ix_sla_outcomes_broken",
        "sla_outcomes",
        ["clock", "day"],
        postgresql_include=["late_seconds"],
        postgresql_where=late,
    )
    open_only = sa.text("resolved_at IS NULL")
    op.create_index("ix_tickets_load", "tickets", ["assignee", "state"], postgresql_where=open_only)
    op.execute(FILL)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_tickets_load", "tickets")
    op.drop_table("sla_outcomes")


def _key(name: str, table: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), sa.ForeignKey(f"{table}.id"), nullable=False)
