"""The tables of queues: the timetable, and what was told of RQ's own failures."""

import sqlalchemy as sa
from alembic import op

revision = "0005_queues"
down_revision = "0004_alerts"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "schedules",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UTC, nullable=False),
        sa.Column("last_slot_at", UTC),
        sa.Column("next_slot_at", UTC),
        sa.Column("last_job_id", sa.Uuid()),
    )
    op.create_table(
        "rq_cursors",
        sa.Column("queue", sa.Text(), primary_key=True),
        sa.Column("top", sa.Float(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
    )
    op.create_table(
        "rq_seen",
        sa.Column("queue", sa.Text(), primary_key=True),
        sa.Column("job_id", sa.Text(), primary_key=True),
        sa.Column("score", sa.Float(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("rq_seen", "rq_cursors", "schedules"):
        op.drop_table(table)
