"""Jobs of other RQ installations: how far each broker was followed, and what people asked to be done with its jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013_foreign_jobs"
down_revision = "0012_brokers"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
FOLLOWED = {"rq_cursors": ["queue"], "rq_seen": ["queue", "job_id"]}
OPEN = sa.text("outcome IS NULL OR outcome = 'trying'")
AWAITED = sa.text("outcome = 'requeued' AND ended IS NULL")


def upgrade() -> None:
    """Add the broker to what was told, and make the tables of orders."""
    for table, key in FOLLOWED.items():
        op.add_column(table, sa.Column("broker", sa.Text(), nullable=False, server_default="console"))
        op.alter_column(table, "broker", server_default=None)
        op.drop_constraint(f"pk_{table}", table, type_="primary")
        op.create_primary_key(f"pk_{table}", table, ["broker", *key])
    op.create_index("ix_rq_seen_job_id", "rq_seen", ["job_id"])
    op.add_column("rq_cursors", sa.Column("total", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("rq_cursors", sa.Column("trouble", sa.Text()))
    op.add_column("rq_cursors", sa.Column("looked_at", UTC))
    op.add_column("alert_retries", sa.Column("failed_at", UTC))
    op.add_column("alert_retries", sa.Column("lost_at", UTC))
    op.create_table(
        "rq_orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.BigInteger()),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", UTC, nullable=False),
        *(sa.Column(name, postgresql.JSONB(), nullable=False, server_default="{}") for name in ("outcomes", "ends")),
        sa.CheckConstraint("action IN ('requeue', 'delete')", name="action"),
    )
    op.create_index("ix_rq_orders_alert_id", "rq_orders", ["alert_id", "id"])
    op.create_table(
        "rq_order_jobs",
        sa.Column("order_id", sa.BigInteger(), sa.ForeignKey("rq_orders.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("broker", sa.Text(), primary_key=True),
        sa.Column("job_id", sa.Text(), primary_key=True),
        sa.Column("outcome", sa.Text()),
        sa.Column("why", sa.Text()),
        sa.Column("traceless", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("at", UTC),
        sa.Column("ended", sa.Text()),
        sa.Column("ended_at", UTC),
    )
    # Whoever asks second for a job that is being moved is told so, and starts nothing.
    op.create_index("uq_rq_order_jobs_open", "rq_order_jobs", ["broker", "job_id"], unique=True, postgresql_where=OPEN)
    op.create_index(
        "ix_rq_order_jobs_awaited", "rq_order_jobs", ["broker", "order_id", "job_id"], postgresql_where=AWAITED
    )


def downgrade() -> None:
    """Forget other brokers: the next release that knows them tells their failures again, counted once."""
    op.drop_table("rq_order_jobs")
    op.drop_table("rq_orders")
    op.drop_column("alert_retries", "lost_at")
    op.drop_column("alert_retries", "failed_at")
    for column in ("looked_at", "trouble", "total"):
        op.drop_column("rq_cursors", column)
    op.drop_index("ix_rq_seen_job_id", "rq_seen")
    for table, key in FOLLOWED.items():
        op.execute(sa.text(f"DELETE FROM {table} WHERE broker <> 'console'"))  # noqa: S608 - two names of our own
        op.drop_constraint(f"pk_{table}", table, type_="primary")
        op.create_primary_key(f"pk_{table}", table, key)
        op.drop_column(table, "broker")
