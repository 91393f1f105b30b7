"""Saved views; what was done to many alerts at once, so that it can be undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_views"
down_revision = "0009_triage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A name is taken once among the shared views, and once among each person's own."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("filter", postgresql.JSONB(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.CheckConstraint("sort IN ('worst', 'recent', 'oldest')", name="ck_saved_views_sort"),
    )
    _bulk()
    op.create_index("uq_saved_views_name", "saved_views", [sa.text("coalesce(owner, '')"), "name"], unique=True)


def downgrade() -> None:
    """Without them."""
    for table in ("bulk_entries", "bulk_changes", "saved_views"):
        op.drop_table(table)


def _bulk() -> None:
    op.create_table(
        "bulk_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order", postgresql.JSONB(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("matched", "changed", "undone")),
        sa.Column("job_id", sa.Uuid()),
        *(sa.Column(name, sa.DateTime(timezone=True)) for name in ("finished_at", "undone_at")),
    )
    op.create_table(
        "bulk_entries",
        _key("bulk_id", "bulk_changes"),
        _key("alert_id", "alerts"),
        *(sa.Column(name, postgresql.JSONB()) for name in ("before", "after")),
    )
    # An alert that is merged or deleted takes its entries with it.
    op.create_index("ix_bulk_entries_alert_id", "bulk_entries", ["alert_id"])


def _key(name: str, table: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=True)
