"""Indexes by which a million alerts are listed and searched."""

import sqlalchemy as sa
from alembic import op

revision = "0017_scale"
down_revision = "0016_ticket_sources"
branch_labels = None
depends_on = None

ASSIGNED = ["assignee", "status", "silenced", "severity", "last_seen", "id"]


def upgrade() -> None:
    """What nobody has is listed by the same index as what somebody has; what failed often is found by its count."""
    op.drop_index("ix_alerts_assignee", "alerts")
    op.create_index("ix_alerts_assignee", "alerts", ASSIGNED)
    op.create_index("ix_alerts_count", "alerts", ["count"], postgresql_where=sa.text("count >= 100"))


def downgrade() -> None:
    """The index of owners leaves out what nobody has."""
    op.drop_index("ix_alerts_count", "alerts")
    op.drop_index("ix_alerts_assignee", "alerts")
    op.create_index("ix_alerts_assignee", "alerts", ASSIGNED, postgresql_where=sa.text("assignee IS NOT NULL"))
