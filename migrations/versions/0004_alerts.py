"""The tables of alerts."""

revision = "0004_alerts"
down_revision = "0003_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
