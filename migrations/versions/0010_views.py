"""The tables of saved views."""

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
    op.create_index("uq_saved_views_name", "saved_views", [sa.text("coalesce(owner, '')"), "name"], unique=True)


def downgrade() -> None:
    """Without them."""
    op.drop_table("saved_views")
