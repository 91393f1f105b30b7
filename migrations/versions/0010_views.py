"""The tables of saved views."""

revision = "0010_views"
down_revision = "0009_triage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
