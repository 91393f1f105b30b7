"""The tables of what a Celery broker told."""

revision = "0014_celery"
down_revision = "0013_foreign_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
