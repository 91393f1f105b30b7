"""Whether somebody was told that a broker is away, and since when it answers again."""

import sqlalchemy as sa
from alembic import op

revision = "0019_broker_absence"
down_revision = "0018_ticket_reports"
branch_labels = None
depends_on = None

ADDED = ("told_at", "back_since")


def upgrade() -> None:
    """Add both; nobody was told."""
    for name in ADDED:
        op.add_column("broker_states", sa.Column(name, sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop them."""
    for name in ADDED:
        op.drop_column("broker_states", name)
