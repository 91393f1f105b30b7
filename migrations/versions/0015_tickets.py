"""The tables of tickets, calendars and policies."""

revision = "0015_tickets"
down_revision = "0014_celery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
