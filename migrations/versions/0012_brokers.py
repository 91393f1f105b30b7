"""The tables of the brokers that are watched: what admins set up, how each was when last seen, and its past hour."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012_brokers"
down_revision = "0011_noise"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
PLACE = ("kind", "host", "port", "db", "prefix")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "brokers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "kind", "service", "environment", "url")),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("db", sa.Integer(), nullable=False),
        sa.Column("secure", sa.Boolean(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("queues", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("result_db", sa.Integer()),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("updated_at", UTC, nullable=False),
        sa.UniqueConstraint("name", name="uq_brokers_name"),
        sa.UniqueConstraint(*PLACE, name="uq_brokers_" + "_".join(PLACE)),
        sa.CheckConstraint("kind IN ('rq', 'celery')", name="kind"),
    )
    op.create_table(
        "broker_states",
        sa.Column("broker", sa.Text(), primary_key=True),
        sa.Column("tried_at", UTC, nullable=False),
        sa.Column("ok_at", UTC),
        sa.Column("failing_since", UTC),
        sa.Column("error", sa.Text()),
        sa.Column("seconds", sa.Float()),
        sa.Column("sample", postgresql.JSONB()),
    )
    op.create_table(
        "broker_depths",
        sa.Column("broker", sa.Text(), primary_key=True),
        sa.Column("queue", sa.Text(), primary_key=True),
        sa.Column("at", UTC, primary_key=True),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer()),
        sa.Column("ended", sa.BigInteger()),
    )
    op.create_index("ix_broker_depths_at", "broker_depths", ["at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("broker_depths", "broker_states", "brokers"):
        op.drop_table(table)
