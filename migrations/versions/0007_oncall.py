"""The tables of oncall: channels, routing rules, what is to be told, what became of it, the outward heartbeat."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007_oncall"
down_revision = "0006_heartbeats"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
STEP = ("alert_id", "opening", "step", "channel_id", "recipient")
WORDS = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    """Make the tables."""
    _setup()
    _notices()
    _deliveries()


def downgrade() -> None:
    """Drop them."""
    for table in ("delivery_attempts", "deliveries", "outward_beat", "notices", "alert_news"):
        op.drop_table(table)
    for table in ("routing_rule_channels", "routing_rules", "channels"):
        op.drop_table(table)


def _id() -> "sa.Column[int]":
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def _setup() -> None:
    op.create_table(
        "channels",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("recipients", WORDS, nullable=False),
        sa.Column("host", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("signing_key", sa.Text()),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("updated_at", UTC, nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", UTC),
        sa.Column("retry_at", UTC),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_sent_at", UTC),
        sa.Column("job_id", sa.Uuid()),
        sa.UniqueConstraint("name", name="uq_channels_name"),
        sa.CheckConstraint("kind IN ('email', 'slack', 'webhook')", name="kind"),
    )
    op.create_table(
        "routing_rules",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        *(sa.Column(name, WORDS, nullable=False) for name in ("services", "environments", "severities")),
        sa.Column("tags", postgresql.JSONB(), nullable=False),
        sa.Column("renotify_minutes", sa.Integer()),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("updated_at", UTC, nullable=False),
        sa.UniqueConstraint("name", name="uq_routing_rules_name"),
    )
    op.create_table(
        "routing_rule_channels",
        sa.Column("rule_id", sa.BigInteger(), sa.ForeignKey("routing_rules.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("channel_id", sa.BigInteger(), sa.ForeignKey("channels.id", ondelete="RESTRICT"), primary_key=True),
    )
    op.create_index("ix_routing_rule_channels_channel_id", "routing_rule_channels", ["channel_id"])


def _notices() -> None:
    op.create_table(
        "alert_news",
        _id(),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
    )
    op.create_table(
        "notices",
        _id(),
        sa.Column("alert_id", sa.BigInteger(), sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("opened_at", UTC, nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_step_at", UTC),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("ended_at", UTC),
        sa.Column("ended_why", sa.Text()),
        sa.UniqueConstraint("alert_id", "opening", name="uq_notices_alert_id_opening"),
    )
    _partial_index("ix_notices_next_step_at", "notices", ["next_step_at"], "next_step_at IS NOT NULL")
    _partial_index("ix_notices_unmatched", "notices", ["started_at"], "rule IS NULL")
    op.create_table(
        "outward_beat",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tried_at", UTC, nullable=False),
        sa.Column("heard_at", UTC),
        sa.Column("error", sa.Text()),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        _id(),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), sa.ForeignKey("alerts.id", ondelete="CASCADE")),
        sa.Column("opening", sa.Integer()),
        sa.Column("step", sa.Integer()),
        sa.Column("channel_id", sa.BigInteger(), sa.ForeignKey("channels.id", ondelete="SET NULL")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("channel_name", "kind", "recipient", "state")),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("due_at", UTC, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("message_uid", sa.Uuid()),
        sa.Column("together", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("claimed_until", UTC),
        sa.Column("sent_at", UTC),
        sa.Column("error", sa.Text()),
        sa.Column("answered_at", UTC),
        sa.Column("answered_by", sa.Text()),
        sa.UniqueConstraint("uid", name="uq_deliveries_uid"),
        sa.UniqueConstraint(*STEP, name="uq_deliveries_" + "_".join(STEP)),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'skipped')", name="state"),
        sa.CheckConstraint("(purpose = 'alert') = (alert_id IS NOT NULL)", name="purpose"),
    )
    _partial_index("ix_deliveries_due", "deliveries", ["channel_id", "due_at"], "state IN ('waiting', 'sending')")
    _partial_index("ix_deliveries_sent", "deliveries", ["channel_id", "recipient", "sent_at"], "state = 'sent'")
    _partial_index("ix_deliveries_message_uid", "deliveries", ["message_uid"], "state = 'sending'")
    op.create_index("ix_deliveries_created_at", "deliveries", ["created_at"])
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.BigInteger(), sa.ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True),
        sa.Column("message_uid", sa.Uuid(), nullable=False),
        sa.Column("together", sa.Integer(), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("seconds", sa.Float()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('sent', 'failed', 'lost')", name="outcome"),
    )


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(where))
