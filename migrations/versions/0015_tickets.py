"""The tables of tickets, calendars and policies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015_tickets"
down_revision = "0014_celery"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
LISTED = ("state", "assignee", "priority", "organization", "policy_id")
TEXTS = ("url", "requester", "organization", "group_name", "status", "priority", "assignee")


def upgrade() -> None:
    """Make the tables."""
    _promises()
    _tickets()
    _events()
    _breaches()
    op.create_table(
        "sla_rebuilds",
        _id(),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("why", "asked_by")),
        sa.Column("asked_at", UTC, nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("after_id", sa.BigInteger(), nullable=False),
        *(sa.Column(n, sa.Integer(), nullable=False) for n in ("total", "done", "moved", "breached", "rescued")),
        *(sa.Column(name, UTC) for name in ("finished_at", "superseded_at")),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("sla_rebuilds", "sla_breaches", "ticket_events", "tickets"):
        op.drop_table(table)
    for table in ("sla_policy_versions", "sla_policies", "sla_calendar_versions", "sla_calendars"):
        op.drop_table(table)


def _id() -> "sa.Column[int]":
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def _key(name: str, table: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), sa.ForeignKey(f"{table}.id"), nullable=nullable)


def _promises() -> None:
    for table, kind in (("sla_calendars", "calendar"), ("sla_policies", "policy")):
        more = [sa.Column("position", sa.Integer(), nullable=False), _key("calendar_id", "sla_calendars")]
        op.create_table(
            table,
            _id(),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            *(more if kind == "policy" else []),
            *(sa.Column(name, UTC, nullable=False) for name in ("created_at", "updated_at")),
            sa.Column("deleted_at", UTC),
            sa.UniqueConstraint("name", name=f"uq_{table}_name"),
        )
        digest = [sa.Column("digest", sa.Text(), nullable=False)]
        op.create_table(
            f"sla_{kind}_versions",
            _id(),
            _key(f"{kind}_id", table),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("body", postgresql.JSONB(), nullable=False),
            *(digest if kind == "calendar" else []),
            sa.Column("saved_at", UTC, nullable=False),
            sa.Column("saved_by", sa.Text(), nullable=False),
            sa.UniqueConstraint(f"{kind}_id", "number", name=f"uq_sla_{kind}_versions_{kind}_id_number"),
        )
    op.create_index("ix_sla_policies_calendar_id", "sla_policies", ["calendar_id"])


def _tickets() -> None:
    said = ("initial_priority", "initial_assignee", "said_priority", "said_assignee")
    op.create_table(
        "tickets",
        _id(),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "external_id", "subject")),
        *(sa.Column(name, sa.Text()) for name in TEXTS),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("initial_status", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in said),
        *(sa.Column(name, UTC, nullable=False) for name in ("created_at", "received_at", "changed_at")),
        *(sa.Column(name, UTC) for name in ("source_updated_at", "resolved_at")),
        _key("policy_id", "sla_policies", nullable=True),
        _key("policy_version_id", "sla_policy_versions", nullable=True),
        _key("calendar_version_id", "sla_calendar_versions", nullable=True),
        sa.Column("clocks", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *(sa.Column(name, UTC) for name in ("next_due_at", "at_risk_at", "breach_at", "sweep_at")),
        sa.Column("told", postgresql.JSONB(), nullable=False),
        sa.Column("alarmed", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("source", "external_id", name="uq_tickets_source_external_id"),
        sa.CheckConstraint("state IN ('ok', 'at_risk', 'breached', 'paused', 'met', 'none')", name="state"),
    )
    op.create_index("ix_tickets_next_due_at_id", "tickets", ["next_due_at", "id"])
    for name in LISTED:
        op.create_index(f"ix_tickets_{name}_next_due_at_id", "tickets", [name, "next_due_at", "id"])
    op.create_index("ix_tickets_assignee_status", "tickets", ["assignee", "status"])
    for name in ("at_risk_at", "breach_at", "sweep_at"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_tickets_{name}", "tickets", [name], postgresql_where=there)
    op.create_index("ix_tickets_open", "tickets", ["id"], postgresql_where=sa.text("resolved_at IS NULL"))
    over = sa.text("resolved_at IS NOT NULL")
    op.create_index("ix_tickets_resolved_at", "tickets", ["resolved_at", "id"], postgresql_where=over)


def _events() -> None:
    ticket = sa.ForeignKey("tickets.id", ondelete="CASCADE")
    op.create_table(
        "ticket_events",
        sa.Column("ticket_id", sa.BigInteger(), ticket, primary_key=True, autoincrement=False),
        sa.Column("ours", sa.Boolean(), primary_key=True),
        sa.Column("event_id", sa.Text(), primary_key=True),
        sa.Column("at", UTC, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("received_at", UTC, nullable=False),
    )


def _breaches() -> None:
    op.create_table(
        "sla_breaches",
        _id(),
        sa.Column("ticket_id", sa.BigInteger(), sa.ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        *(sa.Column(name, UTC, nullable=False) for name in ("began_at", "due_at", "recorded_at")),
        *(sa.Column(name, UTC) for name in ("settled_at", "overturned_at")),
        sa.Column("late_seconds", sa.BigInteger()),
        _key("policy_version_id", "sla_policy_versions"),
        _key("calendar_version_id", "sla_calendar_versions"),
        sa.Column("overturned_why", sa.Text()),
        sa.UniqueConstraint("ticket_id", "clock", "began_at", name="uq_sla_breaches_ticket_id_clock_began_at"),
    )
    op.create_index("ix_sla_breaches_due_at_id", "sla_breaches", ["due_at", "id"])
