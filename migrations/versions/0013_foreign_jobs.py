"""The tables of jobs of other RQ installations."""

revision = "0013_foreign_jobs"
down_revision = "0012_brokers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
