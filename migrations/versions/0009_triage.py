"""The tables of merged alerts, and what the detail page needs."""

revision = "0009_triage"
down_revision = "0008_silences"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
