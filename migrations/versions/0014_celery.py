"""The tables of what Celery brokers told: who follows, tasks not ended, workers, tasks sent again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014_celery"
down_revision = "0013_foreign_jobs"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)


def _broker(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    name = f"fk_{table}_broker_brokers"
    key = sa.ForeignKeyConstraint(["broker"], ["brokers.name"], name=name, ondelete="CASCADE", onupdate="CASCADE")
    return sa.Column("broker", sa.Text(), primary_key=True), key


def upgrade() -> None:
    """Make the tables."""
    _followers_and_workers()
    _tasks()
    op.create_table(
        "celery_retries",
        *_broker("celery_retries"),
        sa.Column("uuid", sa.Text(), primary_key=True),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("sent_as", sa.Text(), nullable=False),
        sa.Column("requested_at", UTC, nullable=False),
        sa.Column("sent_at", UTC),
        sa.Column("succeeded_at", UTC),
        sa.Column("refused", sa.Text()),
        sa.UniqueConstraint("sent_as", name="uq_celery_retries_sent_as"),
    )


def _followers_and_workers() -> None:
    op.create_table(
        "celery_followers",
        *_broker("celery_followers"),
        sa.Column("owner", sa.Text()),
        *(sa.Column(name, UTC) for name in ("lease_until", "listening_since", "deaf_since", "last_event_at")),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("rubbish", sa.BigInteger(), nullable=False),
        sa.Column("rubbish_why", sa.Text()),
        sa.Column("dropped", sa.BigInteger(), nullable=False),
        sa.Column("events_on", sa.Boolean(), nullable=False),
        sa.Column("results_read_at", UTC),
        sa.Column("results", sa.Integer()),
        sa.Column("error", sa.Text()),
    )
    op.create_table(
        "celery_workers",
        *_broker("celery_workers"),
        sa.Column("hostname", sa.Text(), primary_key=True),
        sa.Column("seen_at", UTC, nullable=False),
        sa.Column("heartbeat_at", UTC),
        sa.Column("pid", sa.Integer()),
        sa.Column("freq", sa.Float()),
        sa.Column("active", sa.Integer()),
        sa.Column("processed", sa.BigInteger()),
        sa.Column("software", sa.Text()),
        sa.Column("offline", sa.Boolean(), nullable=False),
    )


def _tasks() -> None:
    texts = ("name", "args", "kwargs", "queue", "root_id", "parent_id", "hostname")
    op.create_table(
        "celery_tasks",
        *_broker("celery_tasks"),
        sa.Column("uuid", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text()) for name in texts),
        sa.Column("retries", sa.Integer()),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("received_at", UTC),
        sa.Column("started_at", UTC),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("pending", postgresql.JSONB()),
        sa.Column("seen_at", UTC, nullable=False),
    )
    op.create_index("ix_celery_tasks_broker_seen_at", "celery_tasks", ["broker", "seen_at"])
    running = sa.text("started_at IS NOT NULL AND NOT done")
    op.create_index("ix_celery_tasks_running", "celery_tasks", ["broker", "hostname"], postgresql_where=running)
    waiting = sa.text("pending IS NOT NULL")
    op.create_index("ix_celery_tasks_pending", "celery_tasks", ["broker", "seen_at"], postgresql_where=waiting)


def downgrade() -> None:
    """Drop them."""
    for table in ("celery_retries", "celery_tasks", "celery_workers", "celery_followers"):
        op.drop_table(table)
