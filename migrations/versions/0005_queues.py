"""The tables of queues."""

revision = "0005_queues"
down_revision = "0004_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
