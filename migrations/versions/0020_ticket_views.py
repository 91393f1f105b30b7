"""Saved views of lists other than that of alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0020_ticket_views"
down_revision = "0019_broker_absence"
branch_labels = None
depends_on = None

OWNER = sa.text("coalesce(owner, '')")


# As 0010 named it, once more than was meant.
FIRST = "ck_saved_views_ck_saved_views_sort"


def upgrade() -> None:
    """Those that are there are of alerts; a name is taken once for each list."""
    op.add_column("saved_views", sa.Column("list", sa.Text(), nullable=False, server_default="alerts"))
    op.alter_column("saved_views", "list", server_default=None)
    op.create_check_constraint("list", "saved_views", "list IN ('alerts', 'tickets')")
    op.drop_constraint(op.f(FIRST), "saved_views")
    op.create_check_constraint("sort", "saved_views", "sort IN ('worst', 'recent', 'oldest', 'due')")
    op.drop_index("uq_saved_views_name", "saved_views")
    op.create_index("uq_saved_views_name", "saved_views", ["list", OWNER, "name"], unique=True)


def downgrade() -> None:
    """Those of alerts stay."""
    op.execute("DELETE FROM saved_views WHERE list <> 'alerts'")
    op.drop_index("uq_saved_views_name", "saved_views")
    op.create_index("uq_saved_views_name", "saved_views", [OWNER, "name"], unique=True)
    op.drop_constraint(op.f("ck_saved_views_sort"), "saved_views")
    op.create_check_constraint(op.f(FIRST), "saved_views", "sort IN ('worst', 'recent', 'oldest')")
    op.drop_column("saved_views", "list")
