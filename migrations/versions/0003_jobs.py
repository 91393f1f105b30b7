"""The tables of jobs: rows, failed attempts, log lines, and the outbox of bells."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003_jobs"
down_revision = "0002_accounts"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
CLOCK = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Make the tables."""
    _jobs()
    op.create_table(
        "job_attempts",
        sa.Column("job_id", sa.Uuid(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True),
        sa.Column("worker", sa.Text()),
        sa.Column("started_at", UTC),
        sa.Column("ended_at", UTC, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error_type", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("next_run_at", UTC),
        sa.CheckConstraint("outcome IN ('failed', 'lost', 'cancelled')", name=op.f("ck_job_attempts_outcome")),
    )
    op.create_table(
        "job_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("job_id", sa.Uuid(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
    )
    op.create_index("ix_job_logs_job_id_id", "job_logs", ["job_id", "id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("job_id", sa.Uuid(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("due_at", UTC, nullable=False, server_default=CLOCK),
    )
    op.create_index("ix_outbox_due_at_id", "outbox", ["due_at", "id"])
    op.create_index("ix_outbox_job_id", "outbox", ["job_id"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("args", JSONB(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("slot", sa.Text(), unique=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("attempts_allowed", sa.Integer(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("run_at", UTC, nullable=False, server_default=CLOCK),
        sa.Column("rung_at", UTC),
        sa.Column("worker", sa.Text()),
        sa.Column("lease_until", UTC),
        sa.Column("progress", sa.Float()),
        sa.Column("message", sa.Text()),
        sa.Column("eta", UTC),
        sa.Column("cancel_requested_at", UTC),
        sa.Column("cancel_requested_by", sa.Text()),
        sa.Column("result", JSONB()),
        sa.Column("error_type", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("actor_label", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("requested_at", UTC, nullable=False, server_default=CLOCK),
        sa.Column("started_at", UTC),
        sa.Column("finished_at", UTC),
        sa.CheckConstraint(
            "state IN ('requested', 'running', 'succeeded', 'failed', 'cancelled')", name=op.f("ck_jobs_state")
        ),
    )
    for columns in (["requested_at", "id"], ["state", "requested_at", "id"], ["name", "requested_at", "id"]):
        op.create_index("ix_jobs_" + "_".join(columns), "jobs", columns)
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"])
    op.create_index("ix_jobs_waiting", "jobs", ["queue", "run_at"], postgresql_where=sa.text("state = 'requested'"))
    op.create_index("ix_jobs_lease", "jobs", ["lease_until"], postgresql_where=sa.text("state = 'running'"))


def downgrade() -> None:
    """Drop them."""
    for table in ("outbox", "job_logs", "job_attempts", "jobs"):
        op.drop_table(table)
